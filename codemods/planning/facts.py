"""What a plan is made from: the facts of the closure, reduced to what decides. Tests write these by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codemods.facts.generators import AsyncForm
from codemods.facts.graph import CallKind
from codemods.facts.levels import Level
from codemods.facts.syntax import Place, Position, Use
from codemods.model import NOT_GUARDED, Fallback, Guards, Scope, SessionMode, Span, ToldApart
from codemods.rules.consumption import Consumed
from codemods.rules.rule import Offer, Refusal, SettingNotes

ANYWHERE = Place(Position.AWAITABLE, None, Use.OTHER, "f")
"""Where `await` can stand; for facts written by hand."""


@dataclass(frozen=True, slots=True)
class Runner:
    """What calls a function outside of any event loop and cannot await: a command, a script, a test runner."""

    who: str
    """In words: "click", "a console script"."""
    core: str | None = None
    """The name of the async function that its body may move to; None where the calls in it are bridged instead."""
    library: str | None = None
    """Whose dispatch calls it."""
    is_alike: bool = False
    """Whether its core can be called as it is itself: its name stands for it, and no parameter has a default."""


@dataclass(frozen=True, slots=True)
class SessionRoom:
    """What a function has for a session that it shares: it does not yield, and what it holds can be put in a block."""

    name: str
    """A name that is free in it."""
    can_take: bool = False
    """Whether it can have one more parameter, and all that may call it is known."""


@dataclass(frozen=True, slots=True)
class PlannedFunction:
    """A function of the project."""

    name: str
    path: str
    line: int
    is_async: bool = False
    lock: str | None = None
    """Why it has to stay as it is: "it is a property"; None when it may become async."""
    is_generator: bool = False
    """Whether calling it runs nothing: it blocks while it is iterated."""
    cleans_up: bool = False
    """Whether it is a generator that has something to do when it is closed before its end."""
    is_declared: bool = False
    """Whether the user says that it blocks and becomes async itself."""
    is_stub: bool = False
    """Whether it does nothing but stand for others."""
    async_form: AsyncForm = AsyncForm.AWAITED
    """What its calls have to do once it is async."""
    stays_def: bool = False
    """Whether it gives something async without being async itself: it hands on what another one gives, or is a stub."""
    overrides: str | None = None
    """The method of the project that it overrides: both have one color."""
    foreign_caller: str | None = None
    """What outside the project may call it when nothing in the project does: a base class, a test runner."""
    is_called_from_outside: bool = False
    """Whether something outside the project calls it: a console script, a framework."""
    runner: Runner | None = None
    """What calls it outside of any event loop, where that is known."""
    may_be_called_by: frozenset[str] = frozenset()
    """Functions that may call it besides those whose calls are resolved; asked about those with a runner."""
    catches_interrupt: bool = False
    """Whether it looks out for KeyboardInterrupt, which Ctrl-C does not raise in a coroutine."""
    room: SessionRoom | None = None
    """None where sessions are not shared, or it cannot hold one."""


HOPED = Consumed(())
"""What consumes an object, before its file has been parsed: something that has an async form."""


@dataclass(frozen=True, slots=True)
class Site:
    """A call of functions of the project."""

    path: str
    span: Span
    caller: str
    targets: tuple[str, ...]
    kind: CallKind = CallKind.CALL
    place: Place = ANYWHERE
    is_mixed: bool = False
    """Whether it may also call something that stays as it is, or something unknown."""
    is_by_flow: bool = False
    """Whether only the flow of types tells what it calls."""
    levels: tuple[Level, ...] = ()
    """The blocks around it in its function, outermost first."""
    consumed: Consumed | Refusal | None = None
    """What consumes the iterator or context manager that it gives; None where it gives something else."""

    @property
    def is_handed_on(self) -> bool:
        """Whether the function that it stands in gives its callers what it gets."""
        return isinstance(self.consumed, Consumed) and self.consumed.is_returned

    @property
    def is_certain(self) -> bool:
        """Whether it calls one function of the project, and nothing else."""
        return self.kind is CallKind.CALL and not (self.is_mixed or self.is_by_flow) and len(self.targets) == 1

    def awaits(self, function: PlannedFunction) -> bool:
        """Whether it awaits what a function gives; of one that becomes async, whether it can."""
        return self.place.position is (Position.AWAITED if function.is_async else Position.AWAITABLE)


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """A way by which what a blocking call gives comes from function to function."""

    function: str
    parameter: str = ""
    """The parameter that takes it; empty where the function returns it."""


@dataclass(frozen=True, slots=True)
class Handed:
    """An argument that hands on what a blocking call gave."""

    call: Span
    to: Route
    is_guarded: bool = False
    """Whether the function may go on when that call fails."""
    may_be_none: bool = False


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """A call of a function that a pack lists as blocking: a seed."""

    path: str
    span: Span
    caller: str
    name: str
    """The blocking function, as users import it."""
    offer: Offer
    place: Place = ANYWHERE
    is_ignored: bool = False
    """Whether the user silenced it."""
    decoding_guards: Guards = NOT_GUARDED
    """The handlers around the places that decode its body; those of its place are around all else that may raise."""
    levels: tuple[Level, ...] = ()
    """The blocks around it in its function, outermost first, up to where its native form ends."""
    handed: tuple[Handed, ...] = ()
    """Where what it gives is handed on to functions."""

    @property
    def goes_to(self) -> frozenset[Route]:
        """The ways by which what it gives leaves its function."""
        return _ways_out(self)


@dataclass(frozen=True, slots=True)
class Making:
    """A place that makes an object which keeps a session of its own."""

    path: str
    span: Span
    """The call that makes it."""
    caller: str
    refusal: str | None = None
    """Why it cannot be closed there, in words."""
    first: Span | None = None
    """The statement that makes it, and gives it to a variable."""
    last: Span | None = None
    """The last statement of the same block that uses it."""
    is_with: bool = False
    """Whether that is a `with` statement, which closes it already."""
    runs: frozenset[tuple[str, Span]] = frozenset()
    """The calls that get it, by path and span: what they call has to be done when they are."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A class whose objects keep a session of their own."""

    name: str
    methods: frozenset[str]
    init: str
    """The one of them that makes it."""
    attribute: str
    """What holds the session."""
    makings: tuple[Making, ...]
    refusal: str | None = None
    """Why nothing can be said of all its objects, in words."""
    closer: str | None = None
    """The method that closes it at the end of a `with`: it becomes another one, which can await."""

    def has(self, call: BlockingCall) -> bool:
        """Whether a request is made with the session of one of its objects."""
        kept = call.offer.kept
        return kept is not None and kept.attribute == self.attribute and call.caller in self.methods


@dataclass(frozen=True, slots=True)
class Reception:
    """A place where a function gets what a blocking call in another one gave, and what is done with that there."""

    path: str
    span: Span
    """Of the call of the function that returns it, or of the parameter's name."""
    caller: str
    """The function that gets it."""
    source: Route
    """By which it comes: what a function returns that is called, or a parameter."""
    offer: Offer
    guards: Guards = NOT_GUARDED
    """The handlers around all that may raise."""
    decoding_guards: Guards = NOT_GUARDED
    handed: tuple[Handed, ...] = ()
    """Where it is handed on to functions."""

    @property
    def goes_to(self) -> frozenset[Route]:
        """The ways by which it leaves the function again."""
        return _ways_out(self)


def _ways_out(one: BlockingCall | Reception) -> frozenset[Route]:
    returned = {Route(one.caller)} if one.offer.is_returned else set()
    return frozenset({*returned, *(handed.to for handed in one.handed)})


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """A variable of a function that holds a session which functions hand on to each other."""

    path: str
    function: str
    name: str
    """Of the variable."""
    is_parameter: bool = False
    refusal: str | None = None
    """Why it has to stay what it is, in words that follow the names of the variable and the function."""
    form: object | None = None
    """The rule's own data; None where it is refused."""
    requests: frozenset[Span] = frozenset()
    """The calls in its function that are made with it."""
    others: frozenset[tuple[str, str]] = frozenset()
    """The variables that it is handed on to, and those that hand it on to it: functions and names."""
    settings: tuple[str, ...] = ()
    """What the session has to be told because of what is done with this variable."""
    notes: tuple[str, ...] = ()
    """How its requests differ because of that."""
    depends: SettingNotes | None = None
    """How they differ further; None where it does not make the session."""


@dataclass(frozen=True, slots=True, order=True)
class TwinName:
    """A place that names a class which has a twin."""

    path: str
    span: Span
    """Of the expression, or of the string in which it stands."""
    known_as: str
    """How packs or the user name the class."""
    twin: str
    """Likewise, its twin."""


@dataclass(frozen=True, slots=True)
class TwinClass:
    """A class that has a twin of the same shape whose methods are awaited, with all that the project does with it."""

    name: str
    """How packs or the user name it."""
    twin: str
    names: tuple[TwinName, ...] = ()
    makings: tuple[tuple[str, int, str], ...] = ()
    """Where objects are made: paths, lines and functions."""
    refusal: str | None = None
    """Why it has to stay, in words: the first thing done with one of its objects that the twin cannot do."""
    givers: frozenset[str] = frozenset()
    """The functions that return one of its objects."""
    keeps: str | None = None
    """A place that keeps an object longer than a function runs: an attribute, a variable of a module."""
    others: frozenset[str] = frozenset()
    """The classes whose objects its own hold: they have their twins' place together."""
    needs_loop: bool = False
    """Whether the twin can only be made where an event loop runs."""


@dataclass(frozen=True, slots=True)
class UnawaitedCall:
    """A call that gives something to be awaited, which nothing awaits where it stands: a seed.

    Or what is entered or iterated by a statement that lacks its `async`.
    """

    path: str
    span: Span
    caller: str
    name: str
    place: Place = ANYWHERE
    is_consumed_later: bool = False
    """It is assigned to a name, all of whose uses show that it should have been awaited."""
    is_ignored: bool = False
    is_by_flow: bool = False
    """Whether only what flows into its receiver, or is handed to its function, tells what it calls."""
    is_seed: bool = False
    """Whether the sync function that drops it may become async for it."""
    statement: str | None = None
    """The kind of statement that lacks its `async`: "with" or "for"; None where `await` is missing."""


@dataclass(frozen=True, slots=True)
class NestedLoop:
    """A call that starts an event loop, in a coroutine function or in one that async code may call."""

    path: str
    span: Span
    caller: str
    name: str
    """What it calls, as packs name it."""
    place: Place
    offer: Offer
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class PlanningFacts:
    """Everything a plan is made from."""

    functions: Mapping[str, PlannedFunction]
    sites: tuple[Site, ...] = ()
    blocking: tuple[BlockingCall, ...] = ()
    unawaited: tuple[UnawaitedCall, ...] = ()
    nested: tuple[NestedLoop, ...] = ()
    families: tuple[frozenset[str], ...] = ()
    """Functions of one color, besides those that override each other."""
    implements: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For a method, those that a call may name while it runs this one, besides the one it overrides."""
    loop_bound: frozenset[str] = frozenset()
    """Functions that no thread can run: they ask for the running event loop, or belong to one thread."""
    raised: Mapping[str, str] = field(default_factory=dict)
    """By library, a place where the project itself names exceptions of it, other than to catch them."""
    untraceable: Mapping[str, str] = field(default_factory=dict)
    """By library, a place that catches exceptions of it which reach it in ways that cannot be followed, with why."""
    told: tuple[ToldApart, ...] = ()
    """The places that tell exceptions by their classes."""
    loop_starters: frozenset[str] = frozenset()
    """Functions that start an event loop: they, and all that call them, must not run in one."""
    context_setters: frozenset[str] = frozenset()
    """Functions that set context variables: nobody outside of the event loop they run in sees these."""
    dispatches: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By library, the functions that have it call what it runs, such as commands."""
    received: tuple[Reception, ...] = ()
    """What is done with what blocking calls gave in other functions."""
    watched: Mapping[str, str] = field(default_factory=dict)
    """Of these functions, those whose results something else than their calls may see, and why."""
    holders: tuple[SessionHolder, ...] = ()
    """The variables that hold sessions which go from function to function."""
    values: frozenset[str] = frozenset()
    """Functions that are used as a value, commands left out: who calls them is not known."""
    twins: tuple[TwinClass, ...] = ()
    """The classes that have a twin, as far as the project uses them."""
    keepers: tuple[Keeper, ...] = ()
    """The classes with a request that is made with a session of its object."""


@dataclass(frozen=True, slots=True)
class PlanningOptions:
    """What the user asked for."""

    scope: Scope = Scope.ALL
    """ASYNC or ALL."""
    fallback: Fallback = Fallback.THREAD
    session: SessionMode = SessionMode.CALL
