"""Why functions of the closure have to stay as they are: everything that may call them and would not await it.

Joins the graph, the classes, the syntax and the texts; `codemods.planning.boundaries` says what each means.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.callers import Callers, foreign_caller, is_test
from codemods.config import Config
from codemods.entries import EntryFinder
from codemods.facts.bodies import Bodies
from codemods.facts.generators import ENTERING, ITERATING, AsyncForm, generators, stops_iteration
from codemods.facts.graph import ByName, CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import Inheritance, last_name
from codemods.mentions import MentionFinder, Sources
from codemods.parsing import parse
from codemods.planning.boundaries import keeps_function, lock_of, makes_context_manager
from codemods.planning.facts import PlannedFunction, SessionRoom
from codemods.tree import Tree


@dataclass(frozen=True, slots=True)
class Seen:
    """What the syntax of the parsed files says of functions and classes, by name."""

    generators: set[str]
    spent: dict[str, str]
    """Generators that no async generator can replace, and why."""
    cleaning: set[str]
    """Generators that have something to do when they are closed before their end."""
    delegating: set[str]
    """Generators that yield from others."""
    stubs: set[str]
    """Functions that do nothing but stand for others."""
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
        return Seen(set(), {}, set(), set(), set(), set(), set(), set(), set(), {}, set(), set(), set(parsed), {})


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


def _async_form(function: Function, seen: Seen) -> AsyncForm:
    if last_name(function.name) in ENTERING:
        return AsyncForm.ENTERED
    if function.name not in seen.generators:
        return AsyncForm.AWAITED
    return AsyncForm.ENTERED if any(makes_context_manager(one) for one in function.decorators) else AsyncForm.ITERATED


def _by_delegation(function: Function, seen: Seen) -> str | None:
    """Why a context manager cannot leave its work to another generator: an error in its block goes to that one."""
    if function.name in seen.delegating and any(map(makes_context_manager, function.decorators)):
        return "it is a context manager that yields from a generator, which gets the errors of its block"
    return None


_ENTERERS = frozenset({"ExitStack", "enter_context", "enterContext"})
"""The words of what enters the objects that it is given."""


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
        self._method_names = frozenset(one.name for one in graph.functions if one.owner is not None)

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
            is_entering = last_name(function.name) in ENTERING
            keeps_both = is_entering and owner is not None and self._is_declared_with_both(owner)
            is_declared = keeps_both or function.name in self._graph.declared
            is_iterating = last_name(function.name) == ITERATING
            is_protocol = (
                keeps_both or (is_entering and self._has_both(owner)) or (is_iterating and self._is_said(function))
            )
            lock = self._lock(function, owner, seen, uses, is_split=is_split, is_protocol=is_protocol)
            if runner is None and not function.is_async and is_test(function, owner):
                lock = lock or "a test runner calls it and would not await it"
            yield PlannedFunction(
                name=function.name,
                path=function.path,
                line=function.span.line,
                is_async=function.is_async,
                lock=lock,
                is_generator=function.name in seen.generators,
                is_declared=is_declared,
                stays_def=keeps_both,
                cleans_up=function.name in seen.cleaning,
                is_stub=function.name in seen.stubs and not any(map(makes_context_manager, function.decorators)),
                async_form=_async_form(function, seen),
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
        self,
        function: Function,
        owner: ClassFact | None,
        seen: Seen,
        uses: Sequence[Reference],
        *,
        is_split: bool,
        is_protocol: bool,
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
                is_spent=seen.spent.get(function.name),
                is_protocol=is_protocol,
                has_unknown_base=any(name in seen.unknown_bases for name in classes),
                references=uses,
                keep_sync=self._config.keep_sync,
                is_kept=function.name in seen.kept,
            )
            or (None if by_method else self._inheritance.locks.get(function.name))
            or self._by_definition(function, seen)
            or _by_delegation(function, seen)
            or self._by_entering(function)
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

    @cached_property
    def _names_stop_iteration(self) -> bool:
        """Whether the project names the exception: where it does not, it ends the program, in a coroutine as well."""
        return any("StopIteration" in text.lines.text for text in self._sources.texts.values())

    def _by_definition(self, function: Function, seen: Seen) -> str | None:
        if function.name in seen.rebound or self._by_name.is_defined_again(function.name):
            return f"its name is bound more than once in {function.path}"
        if function.name in seen.stopping and self._names_stop_iteration:
            return "it may raise StopIteration, which a coroutine cannot hand on"
        return None

    def _has_both(self, owner: ClassFact | None) -> bool:
        """Whether a class has both methods that `with` calls, and no relative of it has those of `async with`."""
        if owner is None or not all(self._has_method((owner.name, *owner.mro), name) for name in ENTERING):
            return False
        kin = {owner.name, *owner.mro, *(one.name for one in self._graph.classes if owner.name in one.mro)}
        return not any(self._has_method(kin, name) for name in ENTERING.values())

    def _is_said(self, function: Function) -> bool:
        """Whether the user says that a method blocks, and so that all who iterate over its objects may wait."""
        return function.name in self._graph.declared

    def _is_declared_with_both(self, owner: ClassFact) -> bool:
        """Whether the user says that a class blocks when it is entered, which has methods for `async with`, too."""
        is_declared = any(f"{owner.name}.{name}" in self._graph.declared for name in ENTERING)
        return is_declared and all(self._has_method((owner.name,), name) for name in (*ENTERING, *ENTERING.values()))

    def _has_method(self, classes: Iterable[str], name: str) -> bool:
        return any(f"{one}.{name}" in self._method_names for one in classes)

    def _by_entering(self, function: Function) -> str | None:
        """Why what enters an object of its class may not be known."""
        if last_name(function.name) not in ENTERING:
            return None
        for path, span in self._graph.entered:
            if not self._mentions.is_of_a_library(path, span):
                return f"{path}:{span.line} enters something of unknown type, which may be such an object"
        for path, text in sorted(self._sources.texts.items()):
            if not _ENTERERS.isdisjoint(text.lines.words):
                return f"{path} enters objects by a call, which may be such ones"
        return None

    def _by_file(self, function: Function, seen: Seen) -> str | None:
        if function.path in self._sources.outside:
            return f"{function.path} is not among the given paths"
        if function.path in self._sources.stubbed:
            return f"calls of it resolve to the stub beside {function.path}, and cannot be followed"
        if function.path not in seen.parsed:
            return f"{function.path} cannot be edited"
        return None
