"""The resolved call graph: what the type checker knows, free of its format.

Functions are named `module:qualname`, as in `app.db:Pool.acquire`; code at module level is named `module:`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from codemods.model import Span


class CallKind(StrEnum):
    """How a function comes to be called."""

    CALL = "call"
    """By a call expression."""
    CONSTRUCT = "construct"
    """By a call expression that makes an instance: `__init__` or `__new__`."""
    PROPERTY = "property"
    """By an attribute access."""
    IMPLICIT = "implicit"
    """By a statement or an operator: `with`, `for`, `+`, `[]`."""


class DecoratorEffect(StrEnum):
    """What a decorator makes of a function."""

    SAME = "same"
    """It gives the function that it gets."""
    HANDS_ON = "hands on"
    """It gives one whose calls give what a call of the function gives: a coroutine, if that is what it is."""
    RUNS = "runs"
    """It gives a wrapper that calls the function, and that can await it as well if it becomes async itself."""


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator as written, and the function it resolves to."""

    text: str
    target: str | None
    """Its qualified name where it is defined, as in `abc.abstractmethod`; None when unresolved."""
    known_as: str | None = None
    """The name a pack gives it, as in `click.command`, when a pack names it."""
    effect: DecoratorEffect | None = None
    """What one of the project's own does; None where that is not known."""
    wrapper: str | None = None
    """The function that it puts in the place of the decorated one and that runs it, by its name."""


class ParameterKind(StrEnum):
    """How a parameter takes its argument."""

    POSITIONAL = "positional"
    """Only by its place."""
    EITHER = "either"
    KEYWORD = "keyword"
    """Only by its name."""
    REST = "rest"
    """`*args`"""
    KEYWORDS = "keywords"
    """`**kwargs`"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function."""

    name: str
    kind: ParameterKind
    is_required: bool
    type: str
    """As the checker writes it."""


@dataclass(frozen=True, slots=True)
class Awaitable:
    """Something that can be awaited and is no coroutine."""

    type: str
    """As the checker writes it."""
    members: frozenset[str]
    """The names of all that it has besides."""
    is_lazy: bool
    """Whether it is known to do nothing before it is awaited, as a coroutine does."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method that the project defines."""

    name: str
    path: str
    span: Span
    """Of its name, after `def`."""
    is_async: bool
    is_property: bool
    owner: str | None
    """The class it is defined in, as `module:qualname`."""
    parent: str
    """The function, or `module:`, whose body defines it."""
    decorators: tuple[Decorator, ...]
    overrides: str | None
    """The method of the project that it overrides."""
    gives_coroutine: bool
    """Whether calling it, undecorated, gives a coroutine: not so for an async generator."""
    overrides_foreign: str | None
    """The method outside the project that it overrides, as a qualified name."""
    parameters: tuple[Parameter, ...] | None = None
    """`self` included; None where the checker does not say."""
    overrides_known_as: str | None = None
    """The name a pack gives that method, when a pack names it."""
    result: str | None = None
    """The type of what calling it gives, undecorated; None where it is overloaded."""
    awaitable: Awaitable | None = None
    """That, where it can be awaited and is no coroutine."""


@dataclass(frozen=True, slots=True)
class ForeignTarget:
    """A function outside the project that a call resolves to."""

    name: str
    """Its qualified name where it is defined, as in `requests.api.get`."""
    known_as: str | None
    """The name a pack gives it, as in `requests.get`, when a pack names it."""
    is_coroutine: bool
    """Whether calling it gives a coroutine that has to be awaited."""
    awaitable: Awaitable | None = None
    """What calling it gives, where that can be awaited and is no coroutine."""
    result: str | None = None
    """The type of what calling it gives, as it is declared; None where it is overloaded."""

    @property
    def is_awaitable(self) -> bool:
        """Whether what it gives can be awaited."""
        return self.is_coroutine or self.awaitable is not None


@dataclass(frozen=True, slots=True)
class Call:
    """A place where something is called."""

    path: str
    span: Span
    """Of the whole call expression; of the attribute access for properties."""
    caller: str
    kind: CallKind
    targets: tuple[str, ...]
    """The functions of the project that it may call, overrides included."""
    foreign: tuple[ForeignTarget, ...]
    is_resolved: bool
    """False when some or all targets are unknown."""
    is_by_flow: bool = False
    """Whether targets are known only by what flows into a parameter or an attribute."""

    @property
    def sole_target(self) -> str | None:
        """The function of the project that it calls for certain, and nothing else; None where that is not so."""
        is_certain = self.is_resolved and not self.is_by_flow and not self.foreign and len(self.targets) == 1
        return self.targets[0] if is_certain else None


@dataclass(frozen=True, slots=True)
class AsyncOnly:
    """Something that is entered or iterated, and has no method for that: perhaps those of `async with` and `for`."""

    path: str
    span: Span
    caller: str
    is_entered: bool
    is_known: bool = True
    """Whether the checker knows its type."""


@dataclass(frozen=True, slots=True)
class Given:
    """To what a function is given as an argument."""

    name: str
    """The function of a library, as a pack names it."""
    keyword: str | None
    index: int | None
    """Its place among the arguments, from 0; None where it has a keyword."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where a function of the project is used as a value: not called there, perhaps called elsewhere."""

    path: str
    span: Span
    caller: str
    targets: tuple[str, ...]
    given: Given | None = None
    """What gets it, where a pack knows that."""
    is_followed: bool = False
    """Whether all calls that it comes to are among the calls of the graph."""
    unseen: str | None = None
    """Where what becomes of it gets out of sight, in words; None where that was not asked."""


@dataclass(frozen=True, slots=True)
class ClassFact:
    """A class that the project defines."""

    name: str
    path: str
    span: Span
    """Of its name, after `class`."""
    resolved_bases: int
    """How many of its bases the checker resolved."""
    mro: tuple[str, ...] = ()
    """The project's classes that it inherits from, in their order of resolution."""
    foreign_bases: tuple[str, ...] = ()
    """The other classes that it inherits from; those that only mark, like `abc.ABC`, left out."""
    foreign_members: frozenset[str] = frozenset()
    """The names of the methods that those define."""
    is_protocol: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    """The types of the attributes that are no methods, as the checker writes them; what methods assign is `Unknown`
    where it says nothing, all else `Any`."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that a decorator of the project puts in the place of others, and that calls them."""

    name: str
    decorator: str
    """The function that decorates, or the class whose objects do."""
    runs: tuple[str, ...]
    """The decorated functions."""


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Everything the checker reported of the project. Lists are sorted by path and place."""

    functions: tuple[Function, ...]
    classes: tuple[ClassFact, ...]
    calls: tuple[Call, ...]
    references: tuple[Reference, ...]
    """Uses of functions as values; those of classes name their `__init__`."""
    unread: frozenset[str]
    """Names of files the checker could not read or parse."""
    wrappers: tuple[Wrapper, ...] = ()
    declared: frozenset[str] = frozenset()
    """The functions of the project that a name of the packs or the user means."""
    known_names: frozenset[str] = frozenset()
    """Those of these names that mean a function."""
    iterated: tuple[tuple[str, Span, str], ...] = ()
    """What `for` iterates over, if that was asked: paths, places, and the functions around them."""
    entered: tuple[tuple[str, Span], ...] = ()
    """What `with` statements enter, of unknown type: paths and places."""
    async_only: tuple[AsyncOnly, ...] = ()

    def callers_of(self, names: Container[str | None], *, or_coroutines: bool = False) -> frozenset[str]:
        """The functions that call one of the packs' names, or, if asked, a coroutine function of a library."""
        return frozenset(
            call.caller
            for call in self.calls
            for target in call.foreign
            if target.known_as in names or (or_coroutines and target.is_coroutine)
        )


class ByName:
    """The parts of a graph by the names of what they are about."""

    def __init__(self, graph: CallGraph) -> None:
        self.classes: Mapping[str, ClassFact] = {one.name: one for one in graph.classes}
        self._definitions = Counter(one.name.partition("@")[0] for one in graph.functions)
        references: dict[str, list[Reference]] = defaultdict(list)
        for reference in sorted(graph.references, key=lambda one: (one.path, one.span)):  # the first one is told
            for target in reference.targets:
                references[target].append(reference)
        self._references = references

    def references(self, function: str) -> Sequence[Reference]:
        """The uses of a function as a value."""
        return self._references.get(function, ())

    def is_defined_again(self, function: str) -> bool:
        """Whether there is more than one definition of a name."""
        return self._definitions[function.partition("@")[0]] > 1
