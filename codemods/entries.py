"""What calls functions of the project outside of any event loop and cannot await: commands, scripts, test runners.

Joins the graph, the texts and what packs say of boundaries. Whether a loop runs there after all is the plan's question.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.facts.graph import Call, CallGraph, ClassFact, Decorator, Function
from codemods.facts.inheritance import last_name
from codemods.facts.texts import Text
from codemods.facts.unresolved import outer_line
from codemods.packs import Boundary, BoundaryKind, Knowledge
from codemods.planning.boundaries import Boundaries, keeps_color
from codemods.planning.facts import Runner

_CASE = "unittest.case.TestCase"
_ASYNC_CASE = "unittest.async_case.IsolatedAsyncioTestCase"
_FIXTURES = frozenset({"setUp", "tearDown", "setUpClass", "tearDownClass", "setUpTestData"})
_HANDLES_LOOPS = re.compile(r"\b(?:new_event_loop|run_until_complete|set_event_loop)\b")
_ASKS_FOR_THE_LOOP = re.compile(r"\bget_event_loop\b")
"""What finds no event loop any more once asyncio.run has run in its thread."""
_LOOKS_UP_FIXTURES = re.compile(r"\bgetfixturevalue\b")
"""What sets up a fixture in the middle of a test, which may be a coroutine."""
_HINDRANCES = {
    "leaves an event loop running, or puts another scheduler in its place": re.compile(
        r"\b(?:sync_playwright|playwright\.sync_api|nest_asyncio|eventlet|gevent)\b"
    ),
    # https://docs.djangoproject.com/en/stable/topics/async/#async-safety
    "uses Django's database, which refuses to work where an event loop runs": re.compile(
        r"\bdjango\.db\b|\bfrom\s+django\s+import\s+db\b|\b[A-Z]\w*\.objects\b"
    ),
}
"""What of a project makes it unsound to start event loops in code that looks synchronous."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """What the project's metadata names, as `module:qualname`."""

    console: frozenset[str] = frozenset()
    """What an installed command calls."""
    others: frozenset[str] = frozenset()
    """What other programs load: plugins."""


class EntryFinder:
    """Finds what calls each function from outside."""

    def __init__(self, graph: CallGraph, knowledge: Knowledge, texts: Mapping[str, Text], scripts: Scripts) -> None:
        self.boundaries = Boundaries(knowledge.boundaries)
        self._graph = graph
        self._texts = texts
        functions = {one.name for one in graph.functions}
        self._console = _followed(scripts.console, functions, texts)
        self.named = self._console | _followed(scripts.others, functions, texts)
        """The functions that the project's metadata names."""
        self._asks_for_the_loop = _occurs(_ASKS_FOR_THE_LOOP, texts)
        self._looks_up_fixtures = _occurs(_LOOKS_UP_FIXTURES, texts)
        self.hindrance = _hindrance(texts)
        """Why no function can be split or bridge in the whole project; None when nothing speaks against it."""
        self._cores: dict[str, str] = {}
        self._handling: dict[str, bool] = {}
        self._function_at = {(one.path, one.span.line): one.name for one in graph.functions}

    def runner_of(self, function: Function, owner: ClassFact | None) -> Runner | None:
        """What calls a function outside of any event loop, as far as that is known."""
        if function.is_async:
            return None
        boundary = self._splitting(function)
        if boundary is not None:
            return self._splittable(function, owner, boundary.by, boundary.by)
        if function.name in self._console and all(map(self._is_known, function.decorators)):
            return self._splittable(function, owner, "a console script", None)
        if self._is_test(function, owner):
            return Runner("a test runner")
        return None

    def _splittable(self, function: Function, owner: ClassFact | None, who: str, library: str | None) -> Runner:
        # by its name, what a decorator made of the function may take other arguments than the function
        others = [one for one in self._of_decorators(function) if one.kind is not BoundaryKind.SPLIT or one.wraps]
        if function.name not in self._cores:
            self._cores[function.name] = self._core_name(function, owner)
        return Runner(who, self._cores[function.name], library, is_alike=not others)

    def wrapping(self, function: Function) -> Boundary | None:
        """The boundary after which a function's name stands for something that only a library calls."""
        found = [one for one in self._of_decorators(function) if one.wraps]
        return found[0] if found else None

    def _splitting(self, function: Function) -> Boundary | None:
        """The boundary by which a function can be split."""
        if not all(map(self._is_known, function.decorators)):
            return None
        found = [*self._of_decorators(function), *filter(None, [self.boundaries.of_method(function)])]
        return next((one for one in found if one.kind is BoundaryKind.SPLIT), None)

    def _of_decorators(self, function: Function) -> list[Boundary]:
        return [one for one in map(self.boundaries.of_decorator, function.decorators) if one is not None]

    def _is_known(self, decorator: Decorator) -> bool:
        if keeps_color(decorator):
            return True
        boundary = self.boundaries.of_decorator(decorator)
        return boundary is not None and boundary.kind in {BoundaryKind.SPLIT, BoundaryKind.ASYNC_OK}

    def _is_test(self, function: Function, owner: ClassFact | None) -> bool:
        """Whether a test runner calls it, where nothing else sets up a loop."""
        if self.hindrance or self._asks_for_the_loop or not self._has_test_decorators(function):
            return False
        if self._handles_loops(function.path):
            return False
        if any(one.kind is BoundaryKind.BRIDGE and one.is_fixture for one in self._of_decorators(function)):
            return not self._looks_up_fixtures
        name = last_name(function.name)
        if owner is not None and owner.foreign_bases:
            is_case = _CASE in owner.foreign_bases and _ASYNC_CASE not in owner.foreign_bases
            return is_case and (name.startswith("test") or name in _FIXTURES)
        if "<locals>" in function.name or not _is_test_file(function.path):
            return False
        in_test_class = owner is None or owner.name.rpartition(":")[2].startswith("Test")
        return in_test_class and name.startswith("test")

    def _handles_loops(self, path: str) -> bool:
        """Whether a file has to do with event loops; told once, since many functions of a file are asked about."""
        if path not in self._handling:
            self._handling[path] = _HANDLES_LOOPS.search(self._texts[path].lines.text) is not None
        return self._handling[path]

    def _has_test_decorators(self, function: Function) -> bool:
        kinds = {BoundaryKind.BRIDGE, BoundaryKind.ASYNC_OK}
        for decorator in function.decorators:
            boundary = self.boundaries.of_decorator(decorator)
            if not keeps_color(decorator) and (boundary is None or boundary.kind not in kinds):
                return False
        return True

    def _core_name(self, function: Function, owner: ClassFact | None) -> str:
        """A name for the async function that no word of its file has; of the project and its bases, for a method."""
        name = last_name(function.name)
        paths = [function.path] if function.owner is None else list(self._texts)
        taken: set[str] = set().union(*(self._words_of(path) for path in paths))
        if owner is not None:
            taken |= owner.foreign_members
        else:  # two functions whose names differ in underscores only
            taken |= {core for other, core in self._cores.items() if other.partition(":")[0] == _module(function)}
        plain = f"_{name}" if not name.startswith("_") else f"{name}_async"
        candidates = (plain, f"_{name.strip('_')}_async", *(f"{plain}_{number}" for number in range(2, 1000)))
        return next(one for one in candidates if one not in taken)

    def _words_of(self, path: str) -> frozenset[str]:
        return self._texts[path].lines.words

    def may_be_called_by(self, function: Function) -> frozenset[str]:
        """The functions that use a function as a value, or its name where no types follow it."""
        found = {one.caller for one in self._graph.references if function.name in one.targets}
        wrapping = self.wrapping(function)
        if wrapping is not None and wrapping.opaque:
            found |= set(self._using_the_name(function))
        return frozenset(one for one in found if not one.endswith(":"))

    def _using_the_name(self, function: Function) -> Iterator[str]:
        """The functions in whose text a bare name, or an attribute of its module's, may mean a function."""
        name = re.escape(last_name(function.name))
        module = re.escape(function.name.partition(":")[0].rpartition(".")[2])
        use = re.compile(rf"(?:(?<![\w.])|\b{module}\.){name}\b(?!\s*=[^=])")
        for path, text in self._texts.items():
            for match in use.finditer(text.lines.text):
                line, _ = text.lines.position(match.start())
                inner = self.function_around(path, line)
                if inner is not None and (inner, line) != (function.name, function.span.line):
                    yield inner

    def function_around(self, path: str, line: int) -> str | None:
        """The innermost function whose body holds a line, by indentation; None at module level."""
        lines = self._texts[path].lines
        above = outer_line(lines, line)
        while above is not None and (path, above) not in self._function_at:
            above = outer_line(lines, above)
        return None if above is None else self._function_at[path, above]

    def values(self) -> frozenset[str]:
        """The functions that are used as a value, those left out whose name stands for a command."""
        wrapped = {one.name for one in self._graph.functions if self.wrapping(one) is not None}
        return frozenset(target for one in self._graph.references for target in one.targets) - wrapped

    def dispatches(self, calls: Iterable[Call], knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
        """By library, the functions that have it call what it runs: they call, or hand on, one of its commands."""
        by_library: dict[str, set[str]] = defaultdict(set)
        # what calls a group calls its commands; an object without types stands for itself alone
        found = ((one.name, self.wrapping(one)) for one in self._graph.functions)
        wrapped = {name: boundary.by for name, boundary in found if boundary is not None and not boundary.opaque}
        for call in calls:
            names = {one.known_as for one in call.foreign} & knowledge.dispatchers.keys()
            for library in {*(knowledge.dispatchers[one or ""] for one in names), *_found(wrapped, call.targets)}:
                by_library[library].add(call.caller)
        for reference in self._graph.references:
            for library in _found(wrapped, reference.targets):
                by_library[library].add(reference.caller)
        return {
            library: frozenset(one for one in callers if not one.endswith(":"))
            for library, callers in by_library.items()
        }


def _module(function: Function) -> str:
    return function.name.partition(":")[0]


def _hindrance(texts: Mapping[str, Text]) -> str | None:
    for why, pattern in _HINDRANCES.items():
        for path, text in sorted(texts.items()):
            match = pattern.search(text.lines.text)
            if match is not None:
                line, _ = text.lines.position(match.start())
                return f"{path}:{line} {why}"
    return None


def _occurs(pattern: re.Pattern[str], texts: Mapping[str, Text]) -> bool:
    return any(pattern.search(one.lines.text) is not None for one in texts.values())


def _found(wrapped: Mapping[str, str], targets: Iterable[str]) -> set[str]:
    return {wrapped[target] for target in targets if target in wrapped}


def _is_test_file(path: str) -> bool:
    return Path(path).name.startswith(("test_", "conftest")) or path.endswith("_test.py")


def _followed(entries: Iterable[str], functions: Collection[str], texts: Mapping[str, Text]) -> frozenset[str]:
    """The functions that entry points name; where the named module only imports them, all of that name."""
    found: set[str] = set()
    for entry in entries:
        if entry in functions:
            found.add(entry)
            continue
        name = entry.rpartition(":")[2]
        renamed = re.compile(rf"\b(\w+)\s+as\s+{re.escape(name)}\b")
        names = {name, *(match[1] for text in texts.values() for match in renamed.finditer(text.lines.text))}
        found.update(one for one in functions if one.rpartition(":")[2] in names)
    return frozenset(found)
