"""Why functions of the closure have to stay as they are: everything that may call them and would not await it.

Joins the graph, the classes, the syntax and the texts; `codemods.planning.boundaries` says what each means.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from codemods.callers import Callers, foreign_caller, is_test
from codemods.config import Config
from codemods.entries import EntryFinder
from codemods.facts.bodies import Bodies
from codemods.facts.graph import ByName, CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.syntax import generators, stops_iteration
from codemods.mentions import MentionFinder, Sources
from codemods.parsing import parse
from codemods.planning.boundaries import keeps_function, lock_of
from codemods.planning.facts import PlannedFunction, SessionRoom
from codemods.tree import Tree


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
    rooms: dict[str, SessionRoom]
    """What functions have for a session, as far as their own syntax tells."""

    @staticmethod
    def nothing(parsed: Iterable[str]) -> Seen:
        """Nothing seen in some files."""
        return Seen(set(), set(), set(), set(), set(), {}, set(), set(), set(parsed), {})


def see_alone(graph: CallGraph, names: Container[str], sources: Sources, seen: Seen) -> None:
    """Looks at functions that stay sync and that async code may have to call in a thread, without their files.

    Of one whose text cannot be told, the worst is taken to be so.
    """
    bodies = Bodies(graph.functions, sources.texts)
    for function in graph.functions:
        if function.name not in names:
            continue
        source = bodies.source(function)
        tree = None if source is None else parse(function.path, source)
        for look, into in ((generators, seen.generators), (stops_iteration, seen.stopping)):
            if not isinstance(tree, Tree) or last_name(function.name) in {one.name.value for one in look(tree)}:
                into.add(function.name)


class LockFinder:
    """Finds the reason, if there is one, for each function."""

    def __init__(
        self,
        graph: CallGraph,
        by_name: ByName,
        inheritance: Inheritance,
        sources: Sources,
        entries: EntryFinder,
        config: Config,
        mentions: MentionFinder,
    ) -> None:
        self._graph = graph
        self._by_name = by_name
        self._entries = entries
        self._inheritance = inheritance
        self._sources = sources
        self._config = config
        self._mentions = mentions

    def planned(self, names: Container[str], seen: Seen, *, are_values_seen: bool = False) -> Iterator[PlannedFunction]:
        """Functions with their locks, as far as they are known.

        `are_values_seen` asks how it would be if all that becomes of functions used as values were seen.
        """
        for function in self._graph.functions:
            if function.name not in names:
                continue
            owner = self._by_name.classes.get(function.owner or "")
            runner = None if self._by_file(function, seen) else self._entries.runner_of(function, owner)
            if runner is not None and function.name in seen.defaulted:
                runner = replace(runner, is_alike=False)
            is_split = runner is not None and runner.core is not None
            uses = self._uses(function, is_split=is_split)
            if are_values_seen:
                uses = [one for one in uses if one.given is not None]
            lock = self._lock(function, owner, seen, uses, is_split=is_split)
            if runner is None and not function.is_async and is_test(function, owner):
                lock = lock or "a test runner calls it and would not await it"
            yield PlannedFunction(
                name=function.name,
                path=function.path,
                line=function.span.line,
                is_async=function.is_async,
                lock=lock,
                is_generator=function.name in seen.generators,
                overrides=function.overrides,
                foreign_caller=foreign_caller(function, owner),
                is_called_from_outside=function.name in self._entries.named,
                runner=runner,
                may_be_called_by=self._possible_callers(function) if is_split else frozenset(),
                catches_interrupt=function.name in seen.interruptible,
                room=seen.rooms.get(function.name),
            )

    def has_known_callers(self, names: Container[str], seen: Seen, callers: Callers) -> Iterator[str]:
        """Of some functions, those that nothing calls but the resolved calls of their very name.

        Asked when all locks are known: it may look for more mentions.
        """
        for function in self._graph.functions:
            is_plain = function.overrides is None and not function.is_property and function.name not in seen.kept
            if (
                function.name in names
                and is_plain
                and all(keeps_function(one) for one in function.decorators)
                and self._by_definition(function, seen) is None
                and self._mentions.unread(function) is None
                and not callers.has_unseen(function)
                and not self._mentions.is_mocked(function)
            ):
                yield function.name

    def _lock(
        self, function: Function, owner: ClassFact | None, seen: Seen, uses: Sequence[Reference], *, is_split: bool
    ) -> str | None:
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
                references=uses,
                keep_sync=self._config.keep_sync,
                is_kept=function.name in seen.kept,
            )
            or (None if by_method else self._inheritance.locks.get(function.name))
            or self._by_definition(function, seen)
            or self._by_file(function, seen)
            or self._mentions.decorators.otherwise(function.name)
            or (self._by_shape(function, seen) if is_split else self._mentions.why(function))
        )

    def _uses(self, function: Function, *, is_split: bool) -> Sequence[Reference]:
        """The uses of a function as a value by which it may be called and not awaited."""
        found = self._by_name.references(function.name)
        if is_split and self._entries.wrapping(function) is not None:
            return ()  # a command, that is: who uses it in a function is among its possible callers
        if self._mentions.decorators.has(function.name):
            return [one for one in found if one.caller != function.parent]  # its decorator has been read
        return found

    def _by_shape(self, function: Function, seen: Seen) -> str | None:
        """Why a function cannot be split that would have to be."""
        if function.name in seen.whole:
            return seen.whole[function.name]
        unsound = self._entries.hindrance or self._mentions.unread(function)
        if unsound is not None:
            return unsound
        if function.owner is not None and function.decorators:
            return "it is a method with a decorator, which its sync shell and its async core would share"
        return None

    def _possible_callers(self, function: Function) -> frozenset[str]:
        """The functions that may call a function by its name, or use it as a value."""
        around = {self._entries.function_around(one.path, one.line) for one in self._mentions.meaning(function)}
        return self._entries.may_be_called_by(function) | {one for one in around if one is not None}

    def _by_definition(self, function: Function, seen: Seen) -> str | None:
        if function.name in seen.rebound or self._by_name.is_defined_again(function.name):
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
