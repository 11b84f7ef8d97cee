"""Plants missing awaits in a copy of one project, and tells what becomes of each."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from codemods.parsing import parse
from codemods.tree import Tree
from tests.planted.checkers import CHECKERS, CheckerError
from tests.planted.sites import Site, Unit, same_code, sites_of, units_of, without
from tests.primer.measure import run
from tests.primer.projects import PrimerError, Project

RULE = "AW201"


class Finding(msgspec.Struct, frozen=True, order=True):
    """What awaitify says of one call, as its JSON has it."""

    path: str
    line: int
    rule: str
    call: str
    action: str
    reason: str
    function: str


class _Document(msgspec.Struct, frozen=True):
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Tools:
    """How everything is run."""

    command: tuple[str, ...]
    """What stands for `awaitify`."""
    python: Path
    timeout: float
    seed: int
    most: int
    """How many sites are planted in a project at most."""
    checkers: Sequence[str]
    """Names of type checkers that are run over the same copies."""
    keep: Path | None
    """Where the planted copies stay; None when they are thrown away."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one planted site."""

    site: Site
    state: str
    """`back`: as it was; `found`: reported, and left; `wrong`: changed to something else; `missed`."""
    seen_by: frozenset[str]
    """The type checkers that have a new error in the same function."""


@dataclass(slots=True)
class Trial:
    """What came out for one project."""

    name: str
    sites: int = 0
    """All that the project has."""
    alarms: list[Finding] = field(default_factory=list)
    """What awaitify finds in the project as it is."""
    outcomes: list[Outcome] = field(default_factory=list)
    elsewhere: list[Finding] = field(default_factory=list)
    """What is found in the planted copy, and neither in the project nor where something was planted."""
    cpu: float = 0.0
    """Seconds of the run over the planted copy."""


def try_project(project: Project, folder: Path, tools: Tools) -> Trial:
    """Plants, runs and compares; `folder` is the unpacked project and stays as it is."""
    trial = Trial(project.name)
    home = tools.keep or Path(tempfile.mkdtemp(prefix="awaitify-planted-"))
    try:
        copy = home / project.folder_name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy, symlinks=True)
        _try(trial, copy, tools)
    finally:
        if tools.keep is None:
            shutil.rmtree(home)
    return trial


def _try(trial: Trial, copy: Path, tools: Tools) -> None:
    known = {name: CHECKERS[name].errors(copy, tools.python, tools.timeout) for name in tools.checkers}
    texts = {path: text for path, text in _texts(copy) if "async" in text}
    trial.alarms, mended = _mended(copy, texts, tools)
    trees = {path: tree for path, text in texts.items() if isinstance(tree := parse(path, text), Tree)}
    everything = [site for path, tree in trees.items() for site in sites_of(path, tree)]
    trial.sites = len(everything)
    chosen = choose(everything, tools)
    planted = plant(copy, texts, chosen)
    fresh = {name: CHECKERS[name].errors(copy, tools.python, tools.timeout) - errors for name, errors in known.items()}
    findings, trial.cpu = _awaitify("apply", copy, tools, "--yes", "--allow-dirty")
    new = list((Counter(map(_place, findings)) - Counter(map(_place, trial.alarms))).elements())
    findings = [one for one in findings if _place(one) in new]
    for path, sites in chosen.items():
        result = _tree(copy, path)
        before, after = _functions(planted[path]), _functions(result)
        original, also_mended = _functions(trees[path]), _functions(mended.get(path, trees[path]))
        for site in sites:
            lines = _lines(planted[path], site.unit)
            found = [one for one in findings if one.path == path and one.line in lines]
            wanted = (original[site.unit], also_mended[site.unit])
            state = _state(wanted, before[site.unit], after[site.unit], is_found=bool(found))
            seen = frozenset(name for name, errors in fresh.items() if _has(errors, path, lines))
            trial.outcomes.append(Outcome(site, state, seen))
            findings = [one for one in findings if one not in found]
    trial.elsewhere = findings


def _mended(copy: Path, texts: Mapping[str, str], tools: Tools) -> tuple[list[Finding], dict[str, Tree]]:
    """What is found without anything planted, and the files as they become; the copy is as it was afterwards."""
    findings, _ = _awaitify("apply", copy, tools, "--yes", "--allow-dirty")
    changed = {path for path, text in _texts(copy) if path in texts and text != texts[path]}
    mended = {path: _tree(copy, path) for path in changed}
    for path in changed:
        _write(copy, path, texts[path])
    return findings, mended


def choose(sites: Iterable[Site], tools: Tools) -> Mapping[str, list[Site]]:
    """At most one site of each outermost function, and of at most a third of the functions, by path."""
    by_unit: dict[tuple[str, Unit], list[Site]] = defaultdict(list)
    for site in sorted(sites):
        by_unit[site.path, site.unit].append(site)
    chance = random.Random(tools.seed)
    # a function with many sites is chosen as often as its sites ask for
    drawn: list[Site] = []
    candidates = [site for several in by_unit.values() for site in several]
    chance.shuffle(candidates)
    taken: set[tuple[str, Unit]] = set()
    for site in candidates:
        if len(drawn) >= min(tools.most, len(by_unit) // 3):
            break
        if (site.path, site.unit) not in taken:
            taken.add((site.path, site.unit))
            drawn.append(site)
    chosen: dict[str, list[Site]] = defaultdict(list)
    for site in sorted(drawn):
        chosen[site.path].append(site)
    return chosen


def plant(copy: Path, texts: Mapping[str, str], chosen: Mapping[str, list[Site]]) -> dict[str, Tree]:
    """Takes the chosen awaits out of a copy's files; gives their trees as they are now."""
    planted = {}
    for path, sites in chosen.items():
        _write(copy, path, without(texts[path], sites))
        planted[path] = _tree(copy, path)
    return planted


def _awaitify(verb: str, folder: Path, tools: Tools, *options: str) -> tuple[list[Finding], float]:
    arguments = [verb, "--format", "json", "--select", RULE, "--python", str(tools.python), *options]
    done = run([*tools.command, *arguments, "."], folder, tools.timeout)
    try:
        document = msgspec.json.decode(done.stdout, type=_Document)
    except msgspec.DecodeError as error:
        raise PrimerError(f"{verb} in {folder}: exit code {done.exit_code}: {done.stderr[-500:]}") from error
    return sorted(one for one in document.findings if one.rule == RULE), done.cpu


def _place(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.line, finding.call


def _texts(folder: Path) -> Iterable[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                yield path.relative_to(folder).as_posix(), file.read()
        except UnicodeDecodeError:
            continue


def _write(folder: Path, path: str, text: str) -> None:
    with Path(folder, path).open("w", encoding="utf-8", newline="") as file:
        file.write(text)


def _tree(folder: Path, path: str) -> Tree:
    with Path(folder, path).open(encoding="utf-8", newline="") as file:
        tree = parse(path, file.read())
    if not isinstance(tree, Tree):
        raise PrimerError(f"{folder / path}: {tree.message}")
    return tree


def _functions(tree: Tree) -> dict[Unit, str]:
    """The texts of the outermost functions."""
    return {unit: tree.code[start:end] for unit, (start, end) in units_of(tree).items()}


def _lines(tree: Tree, unit: Unit) -> range:
    """The lines of an outermost function."""
    start, end = units_of(tree)[unit]
    return range(tree.lines.position(start)[0], tree.lines.position(end)[0] + 1)


def _state(wanted: Iterable[str], planted: str, result: str, *, is_found: bool) -> str:
    """What became of a function that should be one of those that are wanted."""
    if any(same_code(one, result) for one in wanted):
        return "back"
    if planted != result:
        return "wrong"
    return "found" if is_found else "missed"


def _has(errors: Iterable[CheckerError], path: str, lines: range) -> bool:
    return any(one.path == path and one.line in lines for one in errors)
