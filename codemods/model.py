"""The data that stages hand to each other: plain, frozen, and without any syntax tree.

This file owns the words of the project. It decides nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Scope(StrEnum):
    """How far a migration goes."""

    AUTO = "auto"
    """`ASYNC` when the project has coroutine functions, else `ALL`."""
    ASYNC = "async"
    """Only what async code reaches."""
    ALL = "all"
    """The whole project."""


class Fallback(StrEnum):
    """What happens to a blocking call that has no async form."""

    THREAD = "thread"
    """It is offloaded: `await asyncio.to_thread(...)`."""
    LEAVE = "leave"
    """It stays as it is."""


class HttpClient(StrEnum):
    """The library that takes the place of requests."""

    AIOHTTP = "aiohttp"
    HTTPX = "httpx"


class Parity(StrEnum):
    """How close to requests the code is that takes its place."""

    IDIOMATIC = "idiomatic"
    """As a reviewer expects to read it: what is not visible and differs mildly is told in notes."""
    STRICT = "strict"
    """Whatever can be adjusted is, and what cannot be proven to be the same is offloaded."""


class SessionMode(StrEnum):
    """Which requests share a session, where the program makes none of its own."""

    CALL = "call"
    """None: each has its own, as those of `requests.get` have."""
    FUNCTION = "function"
    """Those of one function."""
    INJECT = "inject"
    """Those of a function and of what it awaits: functions take the session as a parameter."""


class Fate(StrEnum):
    """What becomes of a function."""

    ASYNC = "async"
    SPLIT = "split"
    SYNC = "sync"


class Action(StrEnum):
    """What becomes of a call site."""

    NATIVE = "native"
    AWAITED = "awaited"
    OFFLOADED = "offloaded"
    BRIDGED = "bridged"
    LEFT = "left"


class Certainty(StrEnum):
    """How sure the facts behind a finding are."""

    CERTAIN = "certain"
    """Every target was resolved."""
    LIKELY = "likely"
    """Type flow or a pack says so."""
    GUESS = "guess"
    """Only the name says so. A guess never changes code."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text: 1-based lines, 1-based columns that count code points, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """Something that a handler asks of the exception that it catches, to be asked otherwise of another."""

    span: Span
    """The expression that asks."""
    exception: str
    """The name of the exception."""
    asks: str
    """What is asked, in the words of the library's rules."""


@dataclass(frozen=True, slots=True, order=True)
class Guard:
    """What a rule says of a clause: exceptions that pass it now may be others once calls under it change."""

    path: str
    span: Span
    text: str
    kinds: tuple[str, ...]
    library: str
    """The library whose calls the guard has been judged for."""
    refusal: str | None
    """Why calls under it cannot change; None when they can."""
    is_rewritten: bool
    """Whether the clause has to name other exceptions then."""
    minds_decoding: bool
    """Whether it catches what a body that cannot be decoded raises, and not what surrounds it."""
    notes: tuple[str, ...]
    is_final: bool = False
    """Whether it catches all that the library may raise, and hands none of it on."""
    questions: tuple[Question, ...] = ()
    """What it asks of the exception."""


@dataclass(frozen=True, slots=True)
class ToldApart:
    """A place that tells exceptions of some classes from others, however they come there: `isinstance`, say."""

    path: str
    span: Span
    """The expression that names the classes."""
    library: str
    """The library of which at least one is."""
    kinds: tuple[str, ...]
    """The classes it names, in order."""
    notes: tuple[str, ...] = ()
    caught_as: Span | None = None
    """Where it is one that a handler around has caught, the expression of that handler's classes."""


@dataclass(frozen=True, slots=True)
class Guards:
    """The handlers around a place, as far as what is raised there can come."""

    met: tuple[Guard, ...] = ()
    """Innermost first."""
    is_open: bool = True
    """Whether it can come further: to the callers."""

    @staticmethod
    def around(guards: Iterable[Guard]) -> Guards:
        """Of all the handlers around a place, innermost first, those that are met."""
        met: list[Guard] = []
        for guard in guards:
            met.append(guard)
            if guard.is_final:
                return Guards(tuple(met), is_open=False)
        return Guards(tuple(met))

    @staticmethod
    def joined(several: Iterable[Guards]) -> Guards:
        """Those of several places, for what may be raised at any of them."""
        found = list(several)
        met = dict.fromkeys(guard for one in found for guard in one.met)
        return Guards(tuple(met), any(one.is_open for one in found))


NOT_GUARDED = Guards()
"""No handlers."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the project, as its bytes lie on disk: Python, or one that names its requirements."""

    path: Path
    """Absolute."""
    name: str
    """How it is shown: relative to where awaitify was run where that is possible, with forward slashes."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one file that kept awaitify from migrating it; the other files go on."""

    path: str
    line: int | None
    """1-based, or None when the problem is the whole file's."""
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A call site with an action, and why."""

    rule: str
    path: str
    line: int
    column: int
    function: str
    """The function the call stands in, as `module:qualname`; `module:` at module level."""
    call: str
    """What is called: the qualified name, as users import it."""
    action: Action
    certainty: Certainty
    reason: str
    notes: tuple[str, ...] = ()
    """How the async form differs, in words; empty when it does not."""
    chain: tuple[str, ...] = ()
    """From the entry to the call, each link as `module:qualname (path:line)`."""


@dataclass(frozen=True, slots=True)
class FunctionFate:
    """What becomes of a function that the migration touched or could not touch, and why."""

    name: str
    path: str
    line: int
    fate: Fate
    reason: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after, as bytes. Only files that change have one."""

    source: SourceFile
    after: bytes = field(repr=False)
    encoding: str
    """What the file's coding cookie or byte order mark says; for showing it as text."""


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """What becomes of the lines in which a project names the libraries it requires."""

    path: str
    line: int | None
    """Where the lines stand, or where the new ones will; None when it is the whole file's."""
    remove: str | None
    """The lines that go, without the last line end; None when none does."""
    add: str | None
    """The lines that come; None when none does. Neither of both: a requirement stays, and `reason` says why."""
    reason: str
    by_hand: bool = False
    """Whether awaitify never writes it, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class Migration:
    """All that a run found, decided and would write. Every list is sorted."""

    scope: Scope
    """`ASYNC` or `ALL`."""
    scope_reason: str
    findings: tuple[Finding, ...]
    functions: tuple[FunctionFate, ...]
    changes: tuple[FileChange, ...]
    problems: tuple[Problem, ...]
    missing_modules: tuple[str, ...]
    """Top-level modules that the project imports and that are not installed: what their calls do is unknown."""
    files_read: int
    lines_read: int
    requirements: tuple[RequirementChange, ...] = ()
    """What the changes ask of the project's requirements. `changes` holds it too where it is to be written."""
