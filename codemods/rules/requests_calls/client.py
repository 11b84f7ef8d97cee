"""What a library brings that takes the place of requests: the one interface that all others see of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.exceptions import Exceptions
from codemods.rules.requests_calls.handling import NativeResponse, ResponseUse
from codemods.rules.requests_calls.offering import Choices, Request
from codemods.rules.rule import Offer
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
    received_all: ReceivedAll | None = None
    """None where no response leaves the function that asks for it."""
