"""Why functions of the closure have to stay as they are: everything that may call them and would not await it.

Joins the graph, the classes, the syntax and the texts; `codemods.planning.boundaries` says what each means.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.config import Config
from codemods.entries import EntryFinder, Scripts
from codemods.facts.assemble import Text
from codemods.facts.graph import CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.unresolved import (
    Mention,
    assigned_attributes,
    names_in_strings,
    unresolved_calls,
    unresolved_mentions,
)
from codemods.model import Span
from codemods.planning.boundaries import lock_of
from codemods.planning.facts import PlannedFunction


@dataclass(frozen=True, slots=True)
class Sources:
    """The project's texts, and those that could not be read."""

    texts: Mapping[str, Text]
    """By file name."""
    unread: Mapping[str, bytes]
    """The bytes of files that the checker did not see: what they call is unknown."""
    outside: frozenset[str]
    """Files that were not given and are never changed."""
    scripts: Scripts
    """What the project's metadata names."""
    stubbed: frozenset[str]
    """Files with a stub beside them: calls of them resolve to the stub."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the syntax of the parsed files says of functions and classes, by name."""

    generators: set[str]
    kept: set[str]
    """Functions with a comment that asks to keep them."""
    unknown_bases: set[str]
    """Classes with a base that was not resolved."""
    rebound: set[str]
    """Functions whose name their module binds again."""
    stopping: set[str]
    """Functions that may raise StopIteration."""
    whole: dict[str, str]
    """Functions that cannot be split into a shell and a core, and why."""
    defaulted: set[str]
    """Functions that have parameters with defaults."""
    interruptible: set[str]
    """Functions that look out for KeyboardInterrupt."""
    parsed: set[str]
    """The names of the parsed files."""

    @staticmethod
    def nothing(parsed: Iterable[str]) -> Seen:
        """Nothing seen in some files."""
        return Seen(set(), set(), set(), set(), set(), {}, set(), set(), set(parsed))


class LockFinder:
    """Finds the reason, if there is one, for each function."""

    def __init__(
        self,
        graph: CallGraph,
        inheritance: Inheritance,
        sources: Sources,
        entries: EntryFinder,
        config: Config,
        types_of: Callable[[str], Mapping[Span, str]],
    ) -> None:
        """`types_of` gives the types of the expressions of a file."""
        self._graph = graph
        self._entries = entries
        self._types_of = types_of
        self._classes: dict[str, ClassFact] = {one.name: one for one in graph.classes}
        self._inheritance = inheritance
        self._sources = sources
        self._config = config
        self._references: dict[str, list[Reference]] = defaultdict(list)
        for reference in graph.references:
            for target in reference.targets:
                self._references[target].append(reference)
        self._definitions = Counter(one.name.partition("@")[0] for one in graph.functions)
        self._unread_words = {name: set(re.findall(rb"\w+", content)) for name, content in sources.unread.items()}
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        self._prefixes: list[Mention] = []
        self._related = _related_classes(graph)
        self._class_at: dict[tuple[str, int | None], str] = {
            (one.path, one.span.line): one.name for one in graph.classes
        }

    def look_for_mentions(self, functions: Container[str]) -> None:
        """Looks for everything that may call some functions and only has their names, from now on a reason."""
        for mention in self._mentioned([one for one in self._graph.functions if one.name in functions]):
            if mention.is_prefix:
                self._prefixes.append(mention)
            else:
                self._mentions[mention.name].append(mention)

    def _mentioned(self, functions: Sequence[Function]) -> Iterator[Mention]:
        """What may call functions; the plainest reasons come first."""
        names = frozenset(last_name(one.name) for one in functions)
        methods = frozenset(last_name(one.name) for one in functions if one.owner is not None)
        project = {one.name.partition(":")[0].partition(".")[0] for one in self._graph.functions}
        texts = self._sources.texts
        yield from unresolved_calls(self._graph.calls, texts, names, project)
        yield from unresolved_mentions(texts, names, self._types_of)
        yield from assigned_attributes(texts, methods)
        yield from names_in_strings(texts)

    def planned(self, names: Container[str], seen: Seen) -> Iterator[PlannedFunction]:
        """Functions with their locks, as far as they are known."""
        for function in self._graph.functions:
            if function.name not in names:
                continue
            owner = self._classes.get(function.owner or "")
            runner = None if self._by_file(function, seen) else self._entries.runner_of(function, owner)
            if runner is not None and function.name in seen.defaulted:
                runner = replace(runner, is_alike=False)
            is_split = runner is not None and runner.core is not None
            yield PlannedFunction(
                name=function.name,
                path=function.path,
                line=function.span.line,
                is_async=function.is_async,
                lock=self._lock(function, owner, seen, is_split=is_split),
                is_generator=function.name in seen.generators,
                overrides=function.overrides,
                foreign_caller=_foreign_caller(function, owner),
                is_called_from_outside=function.name in self._entries.named,
                runner=runner,
                may_be_called_by=self._possible_callers(function) if is_split else frozenset(),
                catches_interrupt=function.name in seen.interruptible,
            )

    def _lock(self, function: Function, owner: ClassFact | None, seen: Seen, *, is_split: bool) -> str | None:
        if function.is_async:
            return None
        classes = (owner.name, *owner.mro) if owner is not None else ()
        by_method = is_split and self._entries.boundaries.of_method(function) is not None
        return (
            lock_of(
                function,
                boundaries=self._entries.boundaries,
                is_split=is_split,
                is_generator=function.name in seen.generators,
                has_unknown_base=any(name in seen.unknown_bases for name in classes),
                references=self._uses(function, is_split=is_split),
                keep_sync=self._config.keep_sync,
                is_kept=function.name in seen.kept,
            )
            or (None if by_method else self._inheritance.locks.get(function.name))
            or self._by_definition(function, seen)
            or self._by_file(function, seen)
            or (self._by_shape(function, seen) if is_split else self._by_mention(function))
        )

    def _uses(self, function: Function, *, is_split: bool) -> Sequence[Reference]:
        """The uses of a function as a value by which it may be called and not awaited."""
        found = self._references[function.name]
        if is_split and self._entries.wrapping(function) is not None:
            return ()  # a command, that is: who uses it in a function is among its possible callers
        return found

    def _by_shape(self, function: Function, seen: Seen) -> str | None:
        """Why a function cannot be split that would have to be."""
        if function.name in seen.whole:
            return seen.whole[function.name]
        unsound = self._entries.hindrance or self._by_unread(function)
        if unsound is not None:
            return unsound
        if function.owner is not None and function.decorators:
            return "it is a method with a decorator, which its sync shell and its async core would share"
        return None

    def _possible_callers(self, function: Function) -> frozenset[str]:
        """The functions that may call a function by its name, or use it as a value."""
        mentions = [one for one in self._meaning(function) if one.line is not None]
        around = {self._entries.function_around(one.path, one.line or 0) for one in mentions}
        return self._entries.may_be_called_by(function) | {one for one in around if one is not None}

    def _by_definition(self, function: Function, seen: Seen) -> str | None:
        if function.name in seen.rebound or self._definitions[function.name.partition("@")[0]] > 1:
            return f"its name is bound more than once in {function.path}"
        if function.name in seen.stopping:
            return "it may raise StopIteration, which a coroutine cannot hand on"
        return None

    def _by_file(self, function: Function, seen: Seen) -> str | None:
        if function.path in self._sources.outside:
            return f"{function.path} is not among the given paths"
        if function.path in self._sources.stubbed:
            return f"calls of it resolve to the stub beside {function.path}, and cannot be followed"
        if function.path not in seen.parsed:
            return f"{function.path} cannot be edited"
        return None

    def _by_mention(self, function: Function) -> str | None:
        return self._by_unread(function) or next((one.why for one in self._meaning(function)), None)

    def _by_unread(self, function: Function) -> str | None:
        name = last_name(function.name)
        for path, words in sorted(self._unread_words.items()):
            if name.encode() in words:
                return f"{path}, which could not be read, may call it"
        return None

    def _meaning(self, function: Function) -> Iterator[Mention]:
        """The mentions that may mean a function."""
        name = last_name(function.name)
        for mention in (*self._prefixes, *self._mentions[name]):
            if (not mention.is_prefix or name.startswith(mention.name)) and self._may_mean(mention, function):
                yield mention

    def _may_mean(self, mention: Mention, function: Function) -> bool:
        """Whether the object that a mention asks can have the function at all."""
        asked = self._class_at.get((mention.path, mention.class_line))
        return asked is None or asked in self._related.get(function.owner or "", ())


def _related_classes(graph: CallGraph) -> Mapping[str, Set[str]]:
    """For each class those that can have an instance in common with it: through any descendant."""
    related: dict[str, set[str]] = defaultdict(set)
    for one in graph.classes:
        line = (one.name, *one.mro)
        for name in line:
            related[name].update(line)
    return related


def _foreign_caller(function: Function, owner: ClassFact | None) -> str | None:
    """What outside the project may call a function that nothing in the project calls."""
    if owner is not None and owner.foreign_bases:
        return owner.foreign_bases[0]
    name = last_name(function.name)
    in_test_class = owner is not None and owner.name.rpartition(":")[2].startswith("Test")
    in_test_file = Path(function.path).name.startswith(("test_", "conftest")) or function.path.endswith("_test.py")
    if in_test_class or (in_test_file and name.startswith(("test", "setup", "teardown"))):
        return "a test runner"
    return None
