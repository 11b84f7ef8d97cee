"""What type checkers say of a tree by themselves: their errors, without any of awaitify."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.primer.measure import run
from tests.primer.projects import PrimerError


@dataclass(frozen=True, slots=True, order=True)
class CheckerError:
    """An error of a type checker."""

    path: str
    line: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Checker:
    """How one is run, and how what it prints is read."""

    name: str
    command: Callable[[Path], Sequence[str]]
    """The words of the command, for the interpreter whose packages it sees."""
    read: Callable[[bytes, Path], Iterator[CheckerError]]

    def errors(self, folder: Path, python: Path, timeout: float) -> frozenset[CheckerError]:
        """All errors in a folder. Raises PrimerError when the checker does not come to an end."""
        done = run([*self.command(python), "."], folder, timeout)
        try:
            return frozenset(self.read(done.stdout, folder))
        except (ValueError, KeyError) as error:
            raise PrimerError(f"{self.name} in {folder}: {error}: {done.stderr[-300:]}") from error


def _pyrefly(output: bytes, folder: Path) -> Iterator[CheckerError]:
    for one in json.loads(output)["errors"]:
        yield CheckerError(_relative(one["path"], folder), one["line"], one["name"], one["concise_description"])


def _mypy(output: bytes, folder: Path) -> Iterator[CheckerError]:
    for line in output.splitlines():
        if line.startswith(b"{"):
            one = json.loads(line)
            if one["severity"] == "error":
                yield CheckerError(_relative(one["file"], folder), one["line"], one["code"] or "", one["message"])


def _basedpyright(output: bytes, folder: Path) -> Iterator[CheckerError]:
    for one in json.loads(output)["generalDiagnostics"]:
        line = one["range"]["start"]["line"] + 1
        yield CheckerError(_relative(one["file"], folder), line, one.get("rule", ""), one["message"])


def _relative(path: str, folder: Path) -> str:
    whole = folder / path
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else path


CHECKERS: Mapping[str, Checker] = {
    "pyrefly": Checker(
        "pyrefly",
        lambda python: (
            *(sys.executable, "-m", "pyrefly", "check", "--output-format", "json", "--summary=none"),
            *("--progress-bar", "no", "--python-interpreter-path", str(python)),
        ),
        _pyrefly,
    ),
    "mypy": Checker(
        "mypy",
        lambda python: (
            *(sys.executable, "-m", "mypy", "--output", "json", "--cache-dir", "/dev/null"),
            *("--namespace-packages", "--explicit-package-bases", "--python-executable", str(python)),
        ),
        _mypy,
    ),
    "basedpyright": Checker(
        "basedpyright",
        lambda python: (shutil.which("basedpyright") or "basedpyright", "--outputjson", "--pythonpath", str(python)),
        _basedpyright,
    ),
}
