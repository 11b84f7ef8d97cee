"""What awaitify knows of libraries: TOML tables, one file a library, and their loader.

`[[call]]` blocks and has an async twin with the same arguments (`positional` says how many it takes at most, where the
twin takes more; `note` how the twin differs for numbers that are negative or not known), `[[offload]]` blocks and runs
in a thread, `[[close]]` does not block, and is awaited where what it closes becomes async, `[[loop]]` needs the
running event loop or the main thread, `[[starter]]` starts an event loop (`always = false`: in some cases),
`[[context]]` sets what is not seen outside of the loop it is set in, `[[lock]]` is a lock for threads, `[[library]]`
has stubs that come with the type checker. `[[boundary]]` says what a `decorator`, overriding a `method`, or being
given to a function of a library (`taker`, with the `parameter` and its `position`) means for the functions of a
project, and `[[dispatch]]` what calls those that are split. `[[handler]]` says of which type the `first` argument is
that a `decorator` has its functions called with. `[[decoder]]` gives dictionaries, lists, strings, numbers and
booleans, and nothing else. `[[twin]]` is a class that blocks, and one of the same shape whose methods are awaited.
Names are qualified, as users import them; re-exports resolve. Named where they are defined are only `[[consumer]]`,
which takes anything and neither awaits it nor hands it on, and `[[asker]]`, which asks what it is besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.resources import files

import msgspec

from codemods.errors import ConfigError


class DeclaredCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that blocks, and what is called instead of it."""

    sync: str
    """Its qualified name, as users import it."""
    twin: str | None = msgspec.field(name="async", default=None)
    """The async function; None where the same call is awaited, or the function is the project's and becomes async."""
    any_receiver: bool = msgspec.field(name="any-receiver", default=False)
    """Whether calls of that name on receivers of unknown type mean it, too."""
    positional: int | None = None
    note: str | None = None


class DeclaredOffload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that blocks and runs in a thread."""

    sync: str


class DeclaredUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered with `async with`, or iterated over with `async for`, instead of their sync forms."""

    sync: str
    """The qualified name of a class, of a function that gives such an object, or of an attribute that is one."""


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class DeclaredHandler(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a framework gives to the functions that a decorator hands to it."""

    decorator: str
    first: str
    """The class of their first argument."""


class DeclaredTwin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class that blocks, and one of the same shape whose methods are awaited."""

    sync: str
    twin: str = msgspec.field(name="async")
    rename: dict[str, str] = {}
    """The methods that have another name in the twin."""
    without: tuple[str, ...] = ()
    """The methods and parameters of that name that do something else there."""
    makers: dict[str, str] = {}
    """The functions that make an object, each with one that makes an object of the twin."""
    needs_loop: bool = msgspec.field(name="needs-loop", default=False)
    """Whether it can only be made where an event loop runs."""


class _Starter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    always: bool = True


class _Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    submodules: tuple[str, ...]


class BoundaryKind(StrEnum):
    """What the function behind a boundary is called by."""

    SPLIT = "split"
    """By something that cannot await, outside of any event loop: a sync shell may run an async core there."""
    BRIDGE = "bridge"
    """Likewise, and what it calls is run by `asyncio.run` call by call: the function stays as it is."""
    EXECUTOR = "executor"
    """In a thread already."""
    SYNC_ONLY = "sync-only"
    """By something that cannot await."""
    ASYNC_OK = "async-ok"
    """By something that awaits coroutine functions, or the function is handed out as it is."""


class Boundary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a decorator, a method that is overridden, or a function that takes functions, means."""

    kind: BoundaryKind
    decorator: str | None = None
    method: str | None = None
    taker: str | None = None
    parameter: str | None = None
    """The one by which the taker gets the function."""
    position: int | None = None
    """Its place among the arguments, from 0."""
    by: str = "something outside of the project"
    """What calls the function, in words."""
    wraps: bool = False
    """Whether the function's name stands for something else afterwards, which only its library calls."""
    opaque: bool = False
    """Whether no types tell what that is, so that its uses are not among the references."""
    is_fixture: bool = msgspec.field(name="fixture", default=False)
    """Whether it makes functions that a test runner calls whatever they are named."""
    unless: tuple[str, ...] = ()
    """The keywords of a decorator with which it does something else, that is not known."""

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.decorator, self.method, self.taker)) != 1:
            raise ValueError("a boundary has a decorator, a method or a taker")
        if self.unless and self.decorator is None:
            raise ValueError("only a decorator has keywords with which it does something else")
        if (self.taker is None) != (self.parameter is None and self.position is None):
            raise ValueError(
                "a taker has the parameter that gets the function, its position, or both; nothing else has"
            )


class _Dispatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    by: str


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call: tuple[DeclaredCall, ...] = ()
    offload: tuple[DeclaredOffload, ...] = ()
    close: tuple[_Named, ...] = ()
    loop: tuple[_Named, ...] = ()
    starter: tuple[_Starter, ...] = ()
    lock: tuple[_Named, ...] = ()
    library: tuple[_Library, ...] = ()
    context: tuple[_Named, ...] = ()
    boundary: tuple[Boundary, ...] = ()
    dispatch: tuple[_Dispatch, ...] = ()
    consumer: tuple[_Named, ...] = ()
    asker: tuple[_Named, ...] = ()
    handler: tuple[DeclaredHandler, ...] = ()
    decoder: tuple[_Named, ...] = ()
    twin: tuple[DeclaredTwin, ...] = ()


@dataclass(frozen=True, slots=True)
class Twin:
    """The async function that does what a blocking one does."""

    name: str
    positional: int | None = None
    """How many positional arguments the blocking function takes; None where both take the same."""
    note: str | None = None
    """How it differs for numbers that are negative or not known."""


def twin_of(call: DeclaredCall) -> Twin:
    """The async form of a call; that of the same name where none is named."""
    return Twin(call.twin or call.sync, call.positional, call.note)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All packs as one."""

    twins: Mapping[str, Twin]
    """From a blocking function to its async twin."""
    offloads: frozenset[str]
    """Blocking functions without a twin."""
    closing: frozenset[str]
    """Functions that do not block, and are awaited where what they close becomes async."""
    loop_bound: frozenset[str]
    """Functions that need the running event loop."""
    loop_starters: frozenset[str]
    """Functions that start an event loop."""
    nesting: frozenset[str]
    """Those of them that do so in every case, so that they fail where one is running."""
    lock_enters: frozenset[str]
    """What `with` calls on a lock for threads: its `__enter__`, which may be another name of `acquire`."""
    libraries: Mapping[str, tuple[str, ...]]
    """Libraries whose stubs come with the type checker, and their submodules."""
    context_setters: frozenset[str]
    """Functions that set what is not seen outside of the event loop they run in."""
    boundaries: tuple[Boundary, ...]
    """What decorators and overridden methods mean; a later one overrules an earlier one of the same name."""
    dispatchers: Mapping[str, str]
    """Functions that call what is split, each with the library whose."""
    consumers: frozenset[str]
    """Functions that take anything, and neither await it nor hand it on, as they are named where they are defined."""
    askers: frozenset[str]
    """Likewise, those that ask what it is."""
    decoders: frozenset[str]
    """Functions that give dictionaries, lists, strings, numbers and booleans, and nothing else."""
    handlers: Mapping[str, str]
    """From a decorator to the class of the first argument that what it decorates gets."""
    classes: tuple[DeclaredTwin, ...] = ()
    """Classes that block, and those of the same shape whose methods are awaited."""
    twin_methods: frozenset[str] = frozenset()
    """Their methods that are awaited there, as far as the project calls them."""
    declared_names: frozenset[str] = frozenset()
    """The names that the user declares otherwise: of decorators and classes."""
    declared: frozenset[str] = frozenset()
    """The names that the user declares to block."""
    entered: frozenset[str] = frozenset()
    """Classes and functions whose objects are entered with `async with`."""
    iterated: frozenset[str] = frozenset()
    """Classes, functions and attributes whose objects are iterated over with `async for`."""
    on_any_receiver: Mapping[str, str] = field(default_factory=dict)
    """Those of them that calls on receivers of unknown type mean, too, by their last part."""

    def is_declared_use(self, name: str | None) -> bool:
        """Whether the user declares that what has a name is entered or iterated over asynchronously."""
        return name in self.entered or name in self.iterated

    @property
    def replaced(self) -> frozenset[str]:
        """The blocking functions that another one is called instead of, or a thread runs."""
        return self.offloads | {name for name, twin in self.twins.items() if twin.name != name}

    @property
    def blocking(self) -> frozenset[str]:
        """All blocking functions."""
        return self.offloads | self.twins.keys() | self.twin_methods

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of classes, sorted."""
        of_twins = {name for one in self.classes for name in (one.sync, one.twin)}
        return tuple(sorted(of_twins | set(self.handlers.values())))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        makers = {name for one in self.classes for pair in one.makers.items() for name in pair}
        of_boundaries = {one.decorator or one.method or one.taker or "" for one in self.boundaries}
        functions = (
            self.blocking
            | self.closing
            | self.loop_bound
            | self.loop_starters
            | self.lock_enters
            | self.context_setters
            | self.decoders
        )
        return tuple(sorted(functions | self.dispatchers.keys() | of_boundaries | makers | self.handlers.keys()))


def with_declared(
    knowledge: Knowledge,
    calls: Sequence[DeclaredCall],
    offloads: Iterable[DeclaredOffload],
    entered: Iterable[DeclaredUse],
    iterated: Iterable[DeclaredUse],
    boundaries: Iterable[Boundary],
    handlers: Sequence[DeclaredHandler] = (),
    classes: Sequence[DeclaredTwin] = (),
) -> Knowledge:
    """What packs know, with what the user says, which overrules them."""
    with_ = {one.sync: f"{one.sync}.__enter__" for one in entered}
    for_ = {one.sync: f"{one.sync}.__iter__" for one in iterated}
    twins = {one.sync: twin_of(one) for one in calls}
    twins |= {name: Twin(name) for uses in (with_, for_) for pair in uses.items() for name in pair}
    threads = {one.sync for one in offloads} - twins.keys()
    return replace(
        knowledge,
        twins={name: twin for name, twin in {**knowledge.twins, **twins}.items() if name not in threads},
        offloads=(knowledge.offloads - twins.keys()) | threads,
        boundaries=(*knowledge.boundaries, *boundaries),
        handlers={**knowledge.handlers, **{one.decorator: one.first for one in handlers}},
        classes=_classes(knowledge.classes, classes),
        declared_names=frozenset(
            {name for one in handlers for name in (one.decorator, one.first)}
            | {name for one in classes for name in (one.sync, one.twin, *one.makers, *one.makers.values())}
        ),
        declared=frozenset(twins.keys() | threads),
        entered=frozenset(name for pair in with_.items() for name in pair),
        iterated=frozenset(name for pair in for_.items() for name in pair),
        on_any_receiver={one.sync.rpartition(".")[2]: one.sync for one in calls if one.any_receiver},
    )


def with_named_handlers(knowledge: Knowledge, classes: Mapping[str, str]) -> Knowledge:
    """The knowledge in which handlers get classes by the names that these have where they are defined."""
    handlers = {decorator: classes.get(first, first) for decorator, first in knowledge.handlers.items()}
    return replace(knowledge, handlers=handlers)


def _classes(known: Sequence[DeclaredTwin], declared: Sequence[DeclaredTwin]) -> tuple[DeclaredTwin, ...]:
    """Twins, of which those that are declared overrule those that are known."""
    by_name = {one.sync: one for one in (*known, *declared)}
    return tuple(by_name[name] for name in sorted(by_name))


def load_packs() -> Knowledge:
    """Reads the packs that come with awaitify.

    Raises ConfigError when one does not follow the schema, naming the file.
    """
    twins: dict[str, Twin] = {}
    offloads: set[str] = set()
    closing: set[str] = set()
    loop_bound: set[str] = set()
    loop_starters: set[str] = set()
    nesting: set[str] = set()
    lock_enters: set[str] = set()
    libraries: dict[str, tuple[str, ...]] = {}
    context_setters: set[str] = set()
    boundaries: list[Boundary] = []
    dispatchers: dict[str, str] = {}
    consumers: set[str] = set()
    askers: set[str] = set()
    handlers: dict[str, str] = {}
    decoders: set[str] = set()
    classes: list[DeclaredTwin] = []
    for file in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            pack = msgspec.toml.decode(file.read_bytes(), type=_Pack)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ConfigError(f"the pack {file.name} is wrong: {error}") from error
        twins.update((one.sync, twin_of(one)) for one in pack.call)
        offloads.update(one.sync for one in pack.offload)
        closing.update(one.name for one in pack.close)
        loop_bound.update(one.name for one in pack.loop)
        loop_starters.update(one.name for one in pack.starter)
        nesting.update(one.name for one in pack.starter if one.always)
        lock_enters.update(f"{one.name}.{way}" for one in pack.lock for way in ("__enter__", "acquire"))
        libraries.update((one.name, one.submodules) for one in pack.library)
        context_setters.update(one.name for one in pack.context)
        boundaries += pack.boundary
        dispatchers.update((one.name, one.by) for one in pack.dispatch)
        consumers.update(one.name for one in pack.consumer)
        askers.update(one.name for one in pack.asker)
        handlers.update((one.decorator, one.first) for one in pack.handler)
        decoders.update(one.name for one in pack.decoder)
        classes += pack.twin
    return Knowledge(
        twins=twins,
        offloads=frozenset(offloads),
        closing=frozenset(closing),
        loop_bound=frozenset(loop_bound),
        loop_starters=frozenset(loop_starters),
        nesting=frozenset(nesting),
        lock_enters=frozenset(lock_enters),
        libraries=libraries,
        context_setters=frozenset(context_setters),
        boundaries=tuple(boundaries),
        dispatchers=dispatchers,
        consumers=frozenset(consumers),
        askers=frozenset(askers),
        handlers=handlers,
        decoders=frozenset(decoders),
        classes=_classes(classes, ()),
    )
