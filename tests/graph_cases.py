"""Reads the cases of call graphs, and says in the same words what the planner's graph holds.

`fixtures/graphs/<case>/` is a package: a few `.py` files, and `expected.toml`, which says what is true of the program.
Functions are named as in the graph, without the case: `app:Shop.open`; `app:` is the module's own code.

    edges = [
        "app:main -> app:load",                 a call expression calls it
        "app:main -> app:Box.width (property)", an attribute access does; `(construct)` makes an instance, `(implicit)`
                                                is a statement or an operator
        "app:main -> app:load (by flow)",       only what flows there tells what is called
        "app:main -> app:load (may be another)",   something else may be called there as well
    ]
    unknowns = [
        "app:main calls something: items[0].load()",   the graph has no target for this call
        "app:load may be called by app:main",       by its name, which is called or asked for there
        "app:load is a value in app:main",          nobody sees what becomes of it
        "app:load stays",                           something else keeps it as it is: Python calls it, say
    ]
    stands_for = ["app:Disk.save -> app:Store.save"]   a call of the second may run the first: edges name the second
    wrappers = ["app:logged.<locals>.wrapper"]  the graph looks through these: who calls one calls what it calls
    not_run = ["app:main -> app:load"]          edges that the program's own run does not show
    runs = false                                the program cannot be run here

The last three are for the run: `main()` of `app.py` is run, and what calls what then is compared with all this.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codemods.facts.graph import CallGraph, CallKind, Function
from codemods.facts.inheritance import last_name
from codemods.locking import Seen
from codemods.planning.facts import PlanningFacts, Site
from codemods.prospect import Prospect
from tests.fixture_cases import FIXTURES, FixtureError, read_tree

GRAPHS = FIXTURES / "graphs"

_LISTS = ("edges", "unknowns", "stands_for", "wrappers", "not_run")


@dataclass(frozen=True)
class Told:
    """What is said of the calls of one program."""

    edges: frozenset[str]
    unknowns: frozenset[str]
    stands_for: frozenset[str]


@dataclass(frozen=True)
class GraphCase:
    """One program and what is true of it."""

    name: str
    files: Mapping[str, bytes]
    """By their paths in the case; all packages have an `__init__.py`."""
    expected: Told
    wrappers: frozenset[str] = frozenset()
    not_run: frozenset[str] = frozenset()
    runs: bool = True


def load_graph_cases(root: Path = GRAPHS) -> list[GraphCase]:
    """Return all cases under `root`, sorted; raise `FixtureError` for the first that is not whole."""
    folders = sorted(path for path in root.iterdir() if path.is_dir() and path.name != "__pycache__")
    return [_case(folder) for folder in folders]


def _case(folder: Path) -> GraphCase:
    files = read_tree(folder)
    told = files.pop("expected.toml", None)
    if told is None or "app.py" not in files or not folder.name.isidentifier():
        raise FixtureError(f"{folder}: a case is a package with app.py and expected.toml")
    if stray := sorted(name for name in files if not name.endswith(".py")):
        raise FixtureError(f"{folder}: {', '.join(stray)} is no Python file")
    table = tomllib.loads(told.decode())
    lists = {key: _lines(folder, key, table.pop(key, [])) for key in _LISTS}
    runs = table.pop("runs", True)
    if table or not isinstance(runs, bool):
        raise FixtureError(f"{folder / 'expected.toml'}: it takes {', '.join(_LISTS)} and runs, which is true or false")
    for package in {Path(name).parent for name in files} | {Path()}:
        files.setdefault((package / "__init__.py").as_posix(), b"")
    expected = Told(lists["edges"], lists["unknowns"], lists["stands_for"])
    return GraphCase(folder.name, files, expected, lists["wrappers"], lists["not_run"], runs)


def _lines(folder: Path, key: str, lines: Any) -> frozenset[str]:
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise FixtureError(f"{folder / 'expected.toml'}: {key} is a list of lines")
    if len(set(lines)) < len(lines):
        raise FixtureError(f"{folder / 'expected.toml'}: {key} says something twice")
    return frozenset(lines)


def differences(expected: Told, actual: Told) -> str:
    """Return what is missing and what is false, a line each; nothing when both say the same."""
    return "\n".join(
        line
        for kind in ("edges", "unknowns", "stands_for")
        for line in _differences(kind, getattr(expected, kind), getattr(actual, kind))
    )


def _differences(kind: str, expected: frozenset[str], actual: frozenset[str]) -> Iterator[str]:
    yield from (f"missing in {kind}: {line}" for line in sorted(expected - actual))
    yield from (f"false in {kind}: {line}" for line in sorted(actual - expected))


@dataclass(frozen=True)
class Known:
    """What the planner gets of a whole project, once."""

    prospect: Prospect
    facts: PlanningFacts
    _places: dict[str, _Places] = field(default_factory=dict)

    @property
    def graph(self) -> CallGraph:
        """The graph with what only flow resolves."""
        return self.prospect.graph

    def of(self, case: GraphCase) -> Told:
        """What it says of one case. Raises `FixtureError` where other cases have to do with it."""
        telling = _Telling(case, self)
        edges = frozenset(telling.edge(site, target) for site in telling.sites() for target in site.targets)
        return Told(edges, frozenset(telling.unknowns()), frozenset(telling.stands_for()))


class _Places:
    """Which function stands around a line of a file."""

    def __init__(self, source: bytes) -> None:
        self._spans: list[tuple[int, int, str]] = []
        self._walk(ast.parse(source), "")

    def _walk(self, node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                assert child.end_lineno is not None
                self._spans.append((child.lineno, child.end_lineno, prefix + child.name))
                self._walk(child, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                self._walk(child, f"{prefix}{child.name}.")
            else:
                self._walk(child, prefix)

    def around(self, line: int) -> str:
        inside = [(end - start, name) for start, end, name in self._spans if start <= line <= end]
        return min(inside)[1] if inside else ""


class _Telling:
    """One case in the words of `expected.toml`."""

    def __init__(self, case: GraphCase, known: Known) -> None:
        self._case = case
        self._known = known
        self._prospect = known.prospect
        self._functions = [one for one in known.graph.functions if self._is_own(one.path)]
        closure = known.prospect.closure
        self._asked = [one for one in self._functions if one.name in closure.functions or one.name in closure.locks]

    def _is_own(self, path: str) -> bool:
        return path.partition("/")[0] == self._case.name

    def _is_own_name(self, name: str) -> bool:
        return re.split(r"[.:]", name)[0] == self._case.name

    def _short(self, name: str) -> str:
        module, _, rest = name.partition(":")
        inner = module.partition(".")[2]
        if not self._is_own_name(name):
            raise FixtureError(f"{self._case.name}: {name} has to do with it; give its names more distinction")
        return f"{inner or '__init__'}:{rest}"

    def sites(self) -> Iterator[Site]:
        return (one for one in self._known.facts.sites if self._is_own(one.path))

    def edge(self, site: Site, target: str) -> str:
        kinds = [] if site.kind is CallKind.CALL else [site.kind.value]
        about = [*kinds, *["by flow"] * site.is_by_flow, *["may be another"] * site.is_mixed]
        suffix = f" ({', '.join(about)})" if about else ""
        return f"{self._short(site.caller)} -> {self._short(target)}{suffix}"

    def stands_for(self) -> Iterator[str]:
        for function in self._functions:
            for above in {*self._known.facts.implements.get(function.name, ()), function.overrides} - {None}:
                assert above is not None
                if self._is_own_name(above) or not last_name(above).startswith("__"):  # all cases share these names
                    yield f"{self._short(function.name)} -> {self._short(above)}"

    def unknowns(self) -> Iterator[str]:
        for call in self._known.graph.calls:
            if self._is_own(call.path) and call.kind is CallKind.CALL and not call.is_resolved and not call.targets:
                source = self._case.files[call.path.partition("/")[2]].decode()
                yield f"{self._short(call.caller)} calls something: {_written(source, call.span)}"
        kept = self._kept()
        for function in self._asked:
            lines = {*self._values(function), *self._mentions(function)}
            yield from lines
            if not lines and function.name in kept:
                yield f"{self._short(function.name)} stays"

    def _values(self, function: Function) -> Iterator[str]:
        for one in self._known.graph.references:
            if function.name in one.targets and not one.is_followed and self._is_use(one.caller, function):
                yield f"{self._short(function.name)} is a value in {self._short(one.caller)}"

    def _is_use(self, caller: str, function: Function) -> bool:
        """Whether a use is none by a decorator that has been read: it gives its wrapper."""
        return caller != function.parent or not self._prospect.mentions.decorators.has(function.name)

    def _mentions(self, function: Function) -> Iterator[str]:
        for one in self._prospect.mentions.meaning(function):
            if not self._is_own(one.path):
                raise FixtureError(f"{self._case.name}: {one.path}:{one.line} may mean {function.name}")
            around = self._place(one.path).around(one.line)
            module = one.path.partition("/")[2].removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            yield f"{self._short(function.name)} may be called by {module}:{around}"

    def _place(self, path: str) -> _Places:
        return self._known._places.setdefault(path, _Places(self._case.files[path.partition("/")[2]]))

    def _kept(self) -> frozenset[str]:
        """The functions that have a reason of their own to stay, by the graph and the texts, or by their syntax."""
        names = {one.name for one in self._asked}
        seen = Seen.nothing({one.path for one in self._asked})
        called = {target for one in self._known.facts.sites for target in one.targets}
        told = {
            one.name
            for one in self._prospect.locks.planned(names, seen)
            if one.lock is not None or (one.foreign_caller is not None and one.name not in called)
        }
        parsed = names - self._prospect.closure.locks.keys()
        return frozenset(told | {name for name in parsed if self._known.facts.functions[name].lock is not None})


def _written(source: str, span: Any) -> str:
    lines = source.splitlines()[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return " ".join(" ".join(lines).split())


@dataclass(frozen=True)
class Observed:
    """What a run of a case shows: who called whom, and which generators ran, by the names of the graph."""

    calls: frozenset[tuple[str, str]]
    generators: frozenset[str]


def observed(case: GraphCase, graph: CallGraph, calls: Iterable[tuple[list[Any], list[Any], bool]]) -> Observed:
    """Reads what the runner wrote: callers and callees as (module, qualified name, first line), and generators."""
    named: dict[str, list[Function]] = {}
    for function in graph.functions:
        named.setdefault(function.name.partition("@")[0], []).append(function)

    def name_of(place: list[Any]) -> str:
        module, qualname, line = place
        full = f"{case.name}.{module}:{qualname}" if module else f"{case.name}:{qualname}"
        below = [one for one in named.get(full, ()) if one.span.line >= line]
        return (min(below, key=lambda one: one.span.line).name if below else full).partition(".")[2]

    pairs = [(name_of(caller), name_of(callee), is_generator) for caller, callee, is_generator in calls]
    return Observed(
        frozenset((caller, callee) for caller, callee, is_generator in pairs if not is_generator),
        frozenset(callee for _, callee, is_generator in pairs if is_generator),
    )


def run_differences(case: GraphCase, run: Observed) -> str:
    """Return what a run shows that is not expected, and what is expected and not shown, a line each."""
    arrows = {tuple(line.partition(" (")[0].split(" -> ")) for line in case.expected.edges}
    edges = {(caller, callee) for caller, callee in arrows}
    names = _standing_for(case)
    hidden = {line.split(" ")[0] for line in case.expected.unknowns if " calls something: " not in line}
    hidden.add("app:main")  # the runner calls it
    calls = _through(run.calls, case.wrappers)
    lines = []
    for caller, callee in sorted(calls):
        known = any((caller, name) in edges for name in names.get(callee, {callee}))
        is_wrapped = caller in case.wrappers or callee in case.wrappers
        if not known and callee not in hidden and not is_wrapped:
            lines.append(f"the run shows: {caller} -> {callee}")
    called = {callee for _, callee in edges}
    lines += [f"the run shows: {name}" for name in sorted(run.generators) if name not in called | hidden]
    shown = {(caller, name) for caller, callee in calls for name in names.get(callee, {callee})}
    lines += [
        f"the run does not show: {caller} -> {callee}"
        for caller, callee in sorted(edges)
        if (caller, callee) not in shown and callee not in run.generators
        if f"{caller} -> {callee}" not in case.not_run
    ]
    return "\n".join(lines)


def _standing_for(case: GraphCase) -> dict[str, set[str]]:
    """By function, the names by which a call may mean it."""
    pairs = [line.split(" -> ") for line in case.expected.stands_for]
    return {one: {one, *(above for below, above in pairs if below == one)} for one, _ in pairs}


def _through(calls: Iterable[tuple[str, str]], wrappers: frozenset[str]) -> set[tuple[str, str]]:
    """The calls, and those of what wrappers call by those who call the wrappers."""
    found = set(calls)
    while True:
        more = {(one, last) for one, wrapper in found if wrapper in wrappers for by, last in found if by == wrapper}
        if more <= found:
            return found
        found |= more
