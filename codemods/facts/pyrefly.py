"""Runs pyrefly, the type checker, as a subprocess over the project and hands over its report.

What the report looks like is `codemods.facts.report`'s concern; no other file knows of pyrefly.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from codemods.errors import CheckerError
from codemods.facts.report import PROBED_CALL

SUPPORTED = ((1, 4, 1), (1, 5, 0))
"""The versions whose report is known: from the first, up to but without the second. Its shape has changed
between minor versions while its `format_version` stayed 1."""

_RAM_DISK = Path("/dev/shm")
_INSTALL = 'install it with: pip install "pyrefly>=1.4.1,<1.5"'


@dataclass(frozen=True, slots=True)
class CheckerRun:
    """What the checker is asked to look at."""

    files: Sequence[Path]
    """Absolute, without the characters []*?: pyrefly takes them for a pattern."""
    import_roots: Sequence[Path]
    python: Path
    """The interpreter whose installed packages are seen."""
    stand_ins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Libraries whose stubs come with pyrefly, with their submodules: seen even where they are not installed."""


@contextmanager
def report_of(run: CheckerRun, probes: str) -> Iterator[tuple[Path, Path]]:
    """The folder of the report, and the path of a module with the source `probes` that was checked along.

    The folder is on a RAM disk where there is one, and is deleted at the end.

    Raises CheckerError when pyrefly is missing, of another version, or fails.
    """
    binary = find_pyrefly()
    check_version(binary)
    parent = _RAM_DISK if os.access(_RAM_DISK, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="awaitify-", dir=parent) as folder:
        probe = Path(folder, "probe", "awaitify_probe.py")
        probe.parent.mkdir()
        probe.write_text(f"{probes}\n{PROBED_CALL}\n", encoding="utf-8")
        configuration = Path(folder, "pyrefly.toml")
        configuration.write_text(_configuration(run, probe, _stand_ins(run, Path(folder))), encoding="utf-8")
        report = Path(folder, "report")
        _check(binary, configuration, report)
        yield report, probe


def find_pyrefly() -> Path:
    """The pyrefly that was installed with awaitify, else one on PATH.

    Raises CheckerError when there is none.
    """
    found = shutil.which("pyrefly", path=sysconfig.get_path("scripts")) or shutil.which("pyrefly")
    if found is None:
        raise CheckerError(f"pyrefly, the type checker awaitify reads, was not found; {_INSTALL}")
    return Path(found)


def check_version(binary: Path) -> None:
    """Raises CheckerError unless the binary answers with a supported version."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        raise CheckerError(f"pyrefly at {binary} does not start ({error}); {_INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise CheckerError(f"pyrefly at {binary} does not answer --version; {_INSTALL}") from error
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", answer.stdout)
    version = tuple(map(int, match.groups())) if match else ()
    if not SUPPORTED[0] <= version < SUPPORTED[1]:
        said = answer.stdout.strip() or answer.stderr.strip() or "nothing"
        raise CheckerError(
            f"pyrefly at {binary} says its version is {said!r}, and awaitify reads the report of 1.4 from 1.4.1; "
            f"{_INSTALL}"
        )


_ASK_PYTHON = """
import json, platform, sys, sysconfig
standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_config_var("DESTSHARED")}
paths = [path for path in sys.path if path and path not in standard and not path.endswith(".zip")]
print(json.dumps({"version": platform.python_version(), "paths": paths}))
"""


class _Interpreter(msgspec.Struct):
    version: str
    paths: list[str]


def _ask(python: Path) -> _Interpreter:
    """The version of an interpreter and the folders of its installed packages."""
    advice = "name another with --python"
    try:
        # isolated: the folder awaitify runs in and the user's PYTHONPATH are no installed packages
        answer = subprocess.run([python, "-I", "-c", _ASK_PYTHON], capture_output=True, timeout=60, check=True)
        return msgspec.json.decode(answer.stdout, type=_Interpreter)
    except (OSError, subprocess.SubprocessError) as error:
        raise CheckerError(f"the interpreter {python} does not run ({error}); {advice}") from error
    except msgspec.MsgspecError as error:
        raise CheckerError(f"{python} does not answer as a Python interpreter does ({error}); {advice}") from error


def _stand_ins(run: CheckerRun, folder: Path) -> Path:
    """A folder of empty packages. Where pyrefly finds one it takes its own stubs; without one it ignores them."""
    root = folder / "stand-ins"
    root.mkdir()
    for name, submodules in run.stand_ins.items():
        package = root / name
        package.mkdir()
        for module in ("__init__", *submodules):
            (package / f"{module}.py").touch()
    return root


def _configuration(run: CheckerRun, probe: Path, stand_ins: Path) -> str:
    """A configuration of our own, so that the project's pyrefly settings change nothing."""
    interpreter = _ask(run.python)
    settings = {
        "project-includes": [str(path) for path in (*run.files, probe)],
        "project-excludes": [],
        "search-path": [str(path) for path in (*run.import_roots, probe.parent)],
        "disable-project-excludes-heuristics": True,
        "disable-search-path-heuristics": True,
        "use-ignore-files": False,
        "site-package-path": [*interpreter.paths, str(stand_ins)],
        "python-version": interpreter.version,
        "skip-interpreter-query": True,
        "preset": "off",
    }
    # every JSON string, list and boolean is a TOML one, as long as JSON escapes no code points
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]
    return "\n".join([*lines, "[errors]", "parse-error = true", "missing-import = true", ""])


def _check(binary: Path, configuration: Path, report: Path) -> None:
    arguments = [
        *(str(binary), "check", "--config", str(configuration)),
        *("--report-pysa", str(report), "--report-pysa-format", "json"),
        *("--summary=none", "--output-format", "omit-errors", "--progress-bar", "no", "--color", "never"),
    ]
    # the report, not the exit code, says whether it worked: type errors of the user's code are no failure
    answer = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=configuration.parent)
    if not Path(report, "pyrefly.pysa.json").is_file():
        said = answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.returncode}"
        raise CheckerError(f"pyrefly wrote no report and said: {said}; check with `pyrefly check` that it runs here")
