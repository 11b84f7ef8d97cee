"""Runs awaitify on one project and checks what it says and what it writes."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.primer.certificate import Sighting, certify
from tests.primer.document import ACTIONS, Document, decode, miscounts
from tests.primer.measure import Run, run
from tests.primer.projects import PrimerError, Project
from tests.primer.shares import reasons

_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class Tools:
    """How everything is run."""

    command: tuple[str, ...]
    """What stands for `awaitify`."""
    python: Path | None
    """The interpreter of the shared environment."""
    timeout: float
    """Seconds, for each run."""
    keep: Path | None
    """Where the migrated copies stay; None when they are thrown away."""
    baseline: bool
    """Whether a bare report of the type checker is measured too."""
    scope: str | None = None
    """How far the migrations go; None for awaitify's default."""


@dataclass(slots=True)
class Trial:
    """What came out for one project; numbers stay None where it did not come that far."""

    name: str
    version: str
    files: int | None = None
    lines: int | None = None
    scope: str | None = None
    seeds: int | None = None
    actions: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Counter[str]] = field(default_factory=dict)
    """By action, the reasons of what becomes of calls of requests."""
    functions_async: int | None = None
    functions_split: int | None = None
    files_changed: int | None = None
    errors: list[str] = field(default_factory=list)
    """The files that awaitify reported and left out: `path:line: message`."""
    sightings: list[Sighting] = field(default_factory=list)
    async_dunders: list[str] = field(default_factory=list)
    """Those that the migration added."""
    unparsed: list[str] = field(default_factory=list)
    """Files that the certificate could not look at."""
    second_run: int | None = None
    """How many files a second run would change; 0 is right."""
    wall: float | None = None
    cpu: float | None = None
    peak: int | None = None
    baseline_cpu: float | None = None
    failures: list[str] = field(default_factory=list)
    """Why the primer fails; empty is right."""

    @property
    def suspicious(self) -> list[Sighting]:
        return [sighting for sighting in self.sightings if sighting.kind == "call"]


class _FailedError(Exception):
    """The trial cannot go on; the message is its failure."""


def try_project(project: Project, folder: Path, tools: Tools) -> Trial:
    """Runs diff, apply and diff again; `folder` is the unpacked project and stays as it is.

    What awaitify gets wrong is in `failures` of the result. Raises PrimerError when the type checker makes
    no report for the baseline.
    """
    trial = Trial(project.name, project.version)
    sources = [path.read_bytes() for path in (folder / project.subdirectory).rglob("*.py")]
    trial.files = len(sources)
    trial.lines = sum(content.count(b"\n") for content in sources)
    home = tools.keep or Path(tempfile.mkdtemp(prefix="awaitify-primer-"))
    try:
        _go_through(trial, project, folder, home / project.folder_name, tools)
    except _FailedError as failure:
        trial.failures.append(str(failure))
    finally:
        if tools.keep is None:
            shutil.rmtree(home)
    if tools.baseline:
        trial.baseline_cpu = _baseline(project, folder, tools)
    return trial


def _go_through(trial: Trial, project: Project, folder: Path, copy: Path, tools: Tools) -> None:
    before = snapshot(folder)
    first, cost = _awaitify("diff", ["--format", "json"], project, folder, tools, codes={0, 2})
    trial.wall, trial.cpu, trial.peak = cost.wall, cost.cpu, cost.peak
    _record(trial, first)
    if snapshot(folder) != before:
        shutil.rmtree(folder)  # The next run unpacks it again.
        raise _FailedError("diff wrote into the project")
    if copy.exists():
        shutil.rmtree(copy)
    shutil.copytree(folder, copy, symlinks=True)
    if not first.changed:
        trial.second_run = 0
        return
    arguments = ["--yes", "--allow-dirty", "--format", "json"]
    _awaitify("apply", arguments, project, copy, tools, codes={0, 1})
    trial.failures += _written(before, snapshot(copy), first.changed)
    for path in first.changed:
        trial.failures += _file_failures(path, (folder / path).read_bytes(), (copy / path).read_bytes())
    _record_certificate(trial, project, folder, copy, first)
    second, _ = _awaitify("diff", ["--format", "json"], project, copy, tools, codes={0, 2})
    trial.second_run = len(second.changed)
    if second.changed:
        trial.failures.append(f"a second run changes {', '.join(second.changed[:5])}")


def _awaitify(
    verb: str, arguments: Sequence[str], project: Project, cwd: Path, tools: Tools, codes: set[int]
) -> tuple[Document, Run]:
    command = [*tools.command, verb, *arguments]
    if tools.scope:
        command += ["--scope", tools.scope]
    if tools.python:
        command += ["--python", str(tools.python)]
    done = run([*command, project.subdirectory], cwd, tools.timeout)
    last = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
    if done.timed_out:
        raise _FailedError(f"{verb}: not done after {tools.timeout:.0f} seconds")
    if _TRACEBACK in done.stderr:
        raise _FailedError(f"{verb}: crash: {last}")
    if done.exit_code not in codes:
        raise _FailedError(f"{verb}: exit code {done.exit_code}: {last}")
    try:
        document = decode(done.stdout)
    except msgspec.DecodeError as error:
        raise _FailedError(f"{verb}: its JSON is not as documented: {error}; stderr ends: {last}") from error
    if done.exit_code and not document.errors:
        raise _FailedError(f"{verb}: exit code {done.exit_code} without an entry in errors: {last}")
    return document, done


def _record(trial: Trial, document: Document) -> None:
    trial.scope = document.scope
    trial.seeds = document.seeds
    trial.actions = {action: getattr(document.summary, action) for action in ACTIONS}
    trial.requests = reasons(document.findings, "requests")
    trial.functions_async = document.summary.functions.asynchronous
    trial.functions_split = document.summary.functions.split
    trial.files_changed = len(document.changed)
    trial.errors = [f"{error.path}:{error.line or ''}: {error.message}" for error in document.errors]
    trial.failures += miscounts(document)


def _record_certificate(trial: Trial, project: Project, folder: Path, copy: Path, document: Document) -> None:
    old = certify(folder, project.subdirectory, [], [])
    new = certify(copy, project.subdirectory, document.promoted, document.changed)
    trial.sightings = list(new.sightings)
    trial.unparsed = list(new.unparsed)
    trial.async_dunders = _added(old.async_dunders, new.async_dunders)
    nested = _added(old.nested_runs, new.nested_runs)
    if nested:
        trial.failures.append(f"an event loop starts where one runs: {', '.join(nested[:5])}")
    if trial.async_dunders:
        trial.failures.append(f"dunder methods became async: {', '.join(trial.async_dunders[:5])}")


def _added(old: Iterable[str], new: Iterable[str]) -> list[str]:
    # Lines move: a file's places are new when it has more of them than before.
    def by_file(places: Iterable[str]) -> dict[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for place in places:
            grouped.setdefault(place.partition(":")[0], []).append(place)
        return grouped

    known = by_file(old)
    return [
        place for path, places in by_file(new).items() if len(places) > len(known.get(path, [])) for place in places
    ]


def snapshot(folder: Path) -> dict[str, str]:
    """The hash of every file below `folder`, by its path relative to it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _written(before: dict[str, str], after: dict[str, str], shown: Sequence[str]) -> list[str]:
    """What `apply` did that `diff` did not show, and the reverse."""
    differ = {path for path in before if after.get(path) != before[path]}
    differ |= {path for path in after if path not in before and path.endswith(".py")}
    failures = [f"{path}: written, but not shown before" for path in sorted(differ - set(shown))]
    return failures + [f"{path}: shown, but not written" for path in sorted(set(shown) - differ)]


def _file_failures(path: str, before: bytes, after: bytes) -> list[str]:
    failures = []
    problem = _syntax_problem(after, path)
    if problem and not _syntax_problem(before, path):
        failures.append(f"{path}: does not compile any more: {problem}")
    if _bare_newlines(before) == 0 and b"\r\n" in before and _bare_newlines(after):
        failures.append(f"{path}: {_bare_newlines(after)} line ends are no longer those of Windows")
    return failures


def _bare_newlines(content: bytes) -> int:
    return content.count(b"\n") - content.count(b"\r\n")


def _syntax_problem(content: bytes, path: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None


def _baseline(project: Project, folder: Path, tools: Tools) -> float:
    """CPU seconds of a bare report of the type checker on the same files, with its own defaults."""
    with tempfile.TemporaryDirectory(prefix="awaitify-primer-") as report:
        command = [sys.executable, "-m", "pyrefly", "check", project.subdirectory]
        command += ["--report-pysa", report, "--report-pysa-format", "json"]
        command += ["--summary=none", "--output-format", "omit-errors"]
        if tools.python:
            command += ["--python-interpreter-path", str(tools.python)]
        done = run(command, folder, tools.timeout)
        if done.timed_out or not any(Path(report).iterdir()):
            raise PrimerError(f"{project.name}: the type checker made no report: {done.stderr[-500:]}")
    return done.cpu
