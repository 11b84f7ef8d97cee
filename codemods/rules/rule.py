"""What every rule says of itself, and what it offers for a blocking call."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.model import Span


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing awaitify knows, with a stable id."""

    id: str
    name: str
    summary: str
    """One sentence."""
    before: str
    """Python source that the rule changes."""
    after: str
    """What it becomes."""


@dataclass(frozen=True, slots=True)
class CalleeSwap:
    """The native form of a call whose async twin takes the same arguments: `time.sleep` to `asyncio.sleep`."""

    call: Span
    callee: str
    """The qualified name of the async function."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """The native form of a call that is only awaited: what it is a method of becomes another library's."""

    call: Span
    method: str | None = None
    """What that library calls the method, if it has another name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call has no native form."""

    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that an object keeps."""

    attribute: str
    has_way: bool = False
    """Whether its class has `__exit__` close it."""
    does_more: bool = False
    """Whether more is done then than to close it."""
    closers: frozenset[str] = frozenset()
    """The methods that close it otherwise, by name: it cannot be used behind them, as that of requests can."""


@dataclass(frozen=True, slots=True)
class Handing:
    """An argument that hands on what a call gave: a session, a response."""

    call: Span
    """The call that takes it."""
    argument: Span
    is_guarded: bool = False
    """Whether the function may go on when that call fails."""
    may_be_none: bool = False


@dataclass(frozen=True, slots=True)
class SettingNotes:
    """How requests differ, which depends on whether their session is told something."""

    setting: str
    told: str
    untold: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a rule can do for one blocking call, if the plan wants it."""

    rule: str
    """The rule's id."""
    native: object | None
    """Plain data for the rule's own rewrite; None when there is no native form."""
    reason: str
    """Why it would become native, or why it cannot."""
    notes: tuple[str, ...] = ()
    """How the native form differs, in words."""
    can_thread: bool = True
    """Whether a thread can do it instead."""
    group: str | None = None
    """Calls of one group become native all together or not at all: they assign the same variable."""
    raises: bool = False
    """Whether the native form raises other exceptions than the blocking call does."""
    raises_both: bool = False
    """Whether it may raise those of the blocking call, too."""
    decodes: bool = False
    """Whether the native form decodes a body."""
    for_decoding_handlers: Offer | None = None
    """What to offer instead where a handler minds errors of decoding."""
    shared_notes: tuple[str, ...] | None = None
    """How it differs further when it shares a session with other calls; None where it cannot."""
    kept: Kept | None = None
    """The session of its object that it is made with, if all that is done with it is known."""
    is_returned: bool = False
    """Whether the function returns what the native form gives, which is of another class than before."""
    handings: tuple[Handing, ...] = ()
    """The arguments by which it is handed on to functions."""
    awaits: bool = False
    """Whether what is done with it waits for something, other than in a call that is awaited."""
    may_raise: bool = False
    """Whether what is done with it may leave its function by an exception, and let go of its body."""
    asks_truth: bool = False
    """Whether its truth is asked for, as if it could not be None."""
    lets_go: bool = False
    """Whether what is done with it may let go of its body, so that its bytes cannot be asked for again."""
    reads_bytes: bool = False
    """Whether the bytes of its body are asked for."""
    holder: str | None = None
    """The variable of a session that other functions hold as well: all of their requests become native, or none."""
