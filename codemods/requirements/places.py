"""Which files of a project name requirements, and which others may name a library: lists directories, reads bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from codemods.model import Problem, SourceFile
from codemods.project import NEVER_OWN, shown_name

_METADATA: Final = ("pyproject.toml", "setup.cfg", "setup.py")
_PIP: Final = re.compile(r"[\w.-]*requirements[\w.-]*\.(?:txt|in)")
_PIP_IN_FOLDER: Final = re.compile(r"[\w.-]+\.(?:txt|in)")
_LOCKS: Final = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_PYTHON: Final = (".py", ".pyw", ".pyi")
_OTHER: Final = (".ipynb", ".pyx", ".pxd")


@dataclass(frozen=True, slots=True)
class Other:
    """A file of the project that may hold Python."""

    name: str
    content: bytes | None
    """None when it could not be read."""
    is_python: bool
    """Whether it holds Python and nothing else."""


def requirement_files(root: Path, relative_to: Path) -> tuple[list[SourceFile], list[Problem]]:
    """The files at a project's root, and in its `requirements` folder, that name requirements; sorted."""
    paths = [root / name for name in _METADATA]
    paths += sorted(path for path in _entries(root) if _PIP.fullmatch(path.name))
    paths += sorted(path for path in _entries(root / "requirements") if _PIP_IN_FOLDER.fullmatch(path.name))
    found: list[SourceFile] = []
    problems: list[Problem] = []
    for path in paths:
        if path.is_file():
            source = read_source(path, relative_to)
            if isinstance(source, Problem):
                problems.append(source)
            else:
                found.append(source)
    return found, problems


def read_source(path: Path, relative_to: Path) -> SourceFile | Problem:
    """A file that names requirements, or why it cannot be read."""
    name = shown_name(str(path), relative_to)
    try:
        return SourceFile(path, name, path.read_bytes())
    except OSError as error:
        message = f"its requirements cannot be read: {error.strerror or error}; correct its path or its permissions"
        return Problem(name, None, message)


def lock_files(root: Path) -> list[str]:
    """The names of the files at a project's root that are made of its requirements."""
    return [name for name in _LOCKS if (root / name).is_file()]


def all_python(root: Path, known: Mapping[str, bytes], relative_to: Path) -> Iterator[Other]:
    """Every file below `root` that may hold Python, those ruled out by gitignore or configuration included.

    Not those that `known` has, by their real path. Virtual environments and caches are passed over.
    """
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if name not in NEVER_OWN and not _is_environment(folder, name))
        for name in sorted(names):
            path = os.path.join(folder, name)  # noqa: PTH118 - os.walk has the names of thousands of files
            suffix = os.path.splitext(name)[1]  # noqa: PTH122
            if suffix not in (*_PYTHON, *_OTHER, "") or os.path.realpath(path) in known or not Path(path).is_file():
                continue
            try:
                content = Path(path).read_bytes() if suffix or _is_script(path) else b""
            except OSError:
                yield Other(shown_name(path, relative_to), None, False)
                continue
            yield Other(shown_name(path, relative_to), content, suffix in _PYTHON)
    for error in unreadable:
        yield Other(shown_name(str(error.filename), relative_to), None, False)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []  # not there, or its files are problems of the project already


def _is_environment(folder: str, name: str) -> bool:
    return Path(folder, name, "pyvenv.cfg").is_file()


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123
        start = file.read(128)
    return start.startswith(b"#!") and b"python" in start.partition(b"\n")[0]
