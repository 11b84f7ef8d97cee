"""What a library brings that takes the place of requests: the one interface that all others see of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.exceptions import Exceptions
from codemods.rules.requests_calls.handling import NativeRequest, NativeResponse, ResponseUse
from codemods.rules.requests_calls.offering import Choices, Request
from codemods.rules.rule import Handing, Offer, Refusal, SettingNotes
from codemods.tree import Tree

OfferAll = Callable[
    [Tree, Sequence[Request], ImportedNames, Mapping[Span, str], Mapping[str, str], Container[Span], Choices],
    Mapping[Span, Offer],
]
"""Makes an offer for each request of a file, and for what closes a session of an object, by the span of its call.

It gets what names stand for, the types of expressions, by verb where a test replaces the request, the calls that close
a session and can be looked at, and what the user chose.
"""


ReceivedAll = Callable[[Tree, Mapping[Span, str], ImportedNames, Mapping[Span, str]], Mapping[Span, Offer]]
"""Says for calls of functions that return a response, by their spans, what can be done with a response of its own.

It gets which function each call calls, what names stand for, and the types of expressions.
"""

Given = Callable[[Tree, cst.FunctionDef, str, ImportedNames], Offer]
"""Says the same of the parameter of a function that gets one, by its name."""


@dataclass(frozen=True, slots=True)
class Receiving:
    """What a library can do with responses that come from other functions."""

    of_calls: ReceivedAll
    of_parameter: Given


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A variable of a function that holds a session which other functions hold as well."""

    form: object
    """Plain data for the library's own rewrite."""
    is_parameter: bool
    requests: frozenset[Span]
    handings: tuple[Handing, ...]
    """In the order of the text."""
    settings: tuple[str, ...] = ()
    """What the session has to be told, wherever it is made, because of what is done with this variable."""
    notes: tuple[str, ...] = ()
    """How its requests differ."""
    depends: SettingNotes | None = None
    """How they differ further, where it makes the session."""


FindHeld = Callable[
    [Tree, cst.FunctionDef, str, Sequence[NativeRequest], ImportedNames, Mapping[Span, str]], HeldSession | Refusal
]
"""What a variable of a function does with the session that it holds.

It gets the native forms of its requests, what names stand for and the types of expressions.
"""


@dataclass(frozen=True, slots=True)
class HeldEdits:
    """What a library does with the sessions that functions hand on."""

    find: FindHeld
    add_edits: Callable[[Edits, FileImports, object, Sequence[str]], None]
    """Adds the edits of one variable; the texts are all that its session is told."""


@dataclass(frozen=True, slots=True)
class SessionKind:
    """A session of a library, which several requests share."""

    variable: str
    """What it is called."""
    type: str
    """Its class in the library's module."""
    settings: str = ""
    """The arguments it is made with."""


@dataclass(frozen=True, slots=True)
class Client:
    """One library, with all that is its own."""

    module: str
    """What is imported for it."""
    offer_all: OfferAll
    add_edits: Callable[[Edits, FileImports, NativeResponse, str | None], None]
    """Adds the edits of one request that was offered; the text is the variable of a session that it shares."""
    session: SessionKind
    exceptions: Exceptions
    raising: frozenset[ResponseUse]
    """The uses of a response that may raise what the library raises."""
    decoding: frozenset[ResponseUse]
    """The uses that may raise what is no JSON."""
    receiving: Receiving
    held: HeldEdits | None = None
    """None where such sessions have no form."""
