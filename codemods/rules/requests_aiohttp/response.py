"""What code does with a response, as far as both libraries can do it; `parts` and `streams` know the details.

Source: the verified table, sections 3.1 to 3.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import is_truth_test
from codemods.rules.requests_aiohttp import parts, streams
from codemods.rules.requests_aiohttp.handling import Handling, ResponseUse, is_changed
from codemods.rules.rule import Refusal

AWAITS = frozenset({ResponseUse.TEXT, ResponseUse.JSON, ResponseUse.JSON_GIVEN, ResponseUse.CONTENT})
"""The uses that wait for the whole body."""

RAISES = AWAITS | streams.STREAMS | {ResponseUse.RAISE}
"""The uses that may raise what the libraries raise: to wait for the body may fail."""

UNFIT_FOR_F_STRINGS = frozenset({ResponseUse.IS_REDIRECT, ResponseUse.IS_PERMANENT_REDIRECT, ResponseUse.EVERY_COOKIE})
"""The uses whose new form holds quotes or starts with a brace: an f-string before Python 3.12 takes neither."""

DECODES = frozenset({ResponseUse.JSON, ResponseUse.JSON_GIVEN})
"""The uses that may raise what is no JSON."""

_TEXT_NOTE = (
    "aiohttp takes a body as UTF-8 where the server names no charset, and raises UnicodeDecodeError for bytes that do "
    "not fit; requests takes Latin-1 or guesses, and replaces them"
)
NOTES = {
    ResponseUse.TEXT: _TEXT_NOTE,
    ResponseUse.JSON: (
        "json() raises ContentTypeError when the server does not say application/json, and returns None for an empty "
        "body; requests tries to decode both"
    ),
    ResponseUse.JSON_GIVEN: _TEXT_NOTE,
    ResponseUse.URL: "after a redirect aiohttp's URL has lost the fragment of the one that was asked for",
    **parts.NOTES,
    **streams.NOTES,
}
"""How a use differs, in words."""


@dataclass(frozen=True, slots=True)
class _Attribute:
    """An attribute of a response that is asked for and nothing more."""

    use: ResponseUse
    builtin: str | None = None

    def __call__(self, path: Sequence[cst.CSTNode]) -> Handling | Refusal:
        if is_changed(path[:-1]):
            return Refusal(f"the response's {_name(path)} is assigned")
        return Handling(self.use, 1, self.builtin)


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of a response that is called without arguments."""

    use: ResponseUse

    def __call__(self, path: Sequence[cst.CSTNode]) -> Handling | Refusal:
        call = path[-3]
        if not isinstance(call, cst.Call) or call.func is not path[-2]:
            return Refusal(f"the response's method {_name(path)} is used as a value")
        if call.args:
            return Refusal(f"{_name(path)}() is called with arguments")
        return Handling(self.use, 2)


def _json(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    call = path[-3]
    if not isinstance(call, cst.Call) or call.func is not path[-2] or not call.args:
        return _Method(ResponseUse.JSON)(path)
    if any(argument.keyword is None and argument.star != "**" for argument in call.args):
        return Refusal("json() is called with positional arguments, which it does not take")
    return Handling(ResponseUse.JSON_GIVEN, 2)


@dataclass(frozen=True, slots=True)
class _Missing:
    """An attribute that aiohttp has no equal of."""

    reason: str

    def __call__(self, path: Sequence[cst.CSTNode]) -> Refusal:
        return Refusal(f"the response's {_name(path)} is asked for: {self.reason}")


_ATTRIBUTES: Mapping[str, Callable[[Sequence[cst.CSTNode]], Handling | Refusal]] = {
    "status_code": _Attribute(ResponseUse.STATUS),
    "ok": _Attribute(ResponseUse.SAME),
    "reason": _Attribute(ResponseUse.SAME),
    "url": _Attribute(ResponseUse.URL, "str"),
    "text": _Attribute(ResponseUse.TEXT),
    "content": _Attribute(ResponseUse.CONTENT),
    "is_redirect": _Attribute(ResponseUse.IS_REDIRECT),
    "is_permanent_redirect": _Attribute(ResponseUse.IS_PERMANENT_REDIRECT),
    "json": _json,
    "raise_for_status": _Method(ResponseUse.RAISE),
    "close": _Method(ResponseUse.CLOSE),
    "headers": parts.headers,
    "cookies": parts.cookies,
    "links": parts.links,
    "history": parts.history,
    "request": parts.request,
    "encoding": parts.encoding,
    "iter_content": streams.chunks,
    "iter_lines": streams.lines,
    "elapsed": _Missing("aiohttp does not measure how long a request takes"),
    "raw": _Missing("aiohttp has no response of urllib3 beneath its own"),
    "apparent_encoding": _Missing("aiohttp does not guess the encoding of a body"),
    "next": _Missing("aiohttp does not prepare the next request of a redirect"),
    "connection": _Missing("aiohttp has no adapters"),
}


def handling_of(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """What is done with the last node of a path, which is a response."""
    node, parent = path[-1], path[-2]
    if any(isinstance(one, cst.FormattedStringExpression) and one.equal is not None for one in path):
        return Refusal("the response is in an f-string that shows its source")
    if isinstance(parent, cst.Attribute) and parent.value is node:
        check = _ATTRIBUTES.get(parent.attr.value)
        if check is None:
            return Refusal(f"the response's {_name(path)} has no form in aiohttp that is known to be the same")
        return check(path)
    if isinstance(parent, cst.For) and parent.iter is node:
        return streams.response(path)
    if is_truth_test(path):
        return Handling(ResponseUse.TRUTH, 0)
    if is_none_test(path):
        return Handling(ResponseUse.SAME, 0)
    return Refusal(f"the response is {_escape(path)}")


def _name(path: Sequence[cst.CSTNode]) -> str:
    """The name of the attribute that is asked of a response."""
    attribute = path[-2]
    assert isinstance(attribute, cst.Attribute)
    return attribute.attr.value


def is_none_test(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is only compared by identity."""
    parent = path[-2]
    return isinstance(parent, cst.Comparison) and all(
        isinstance(target.operator, cst.Is | cst.IsNot) for target in parent.comparisons
    )


def _escape(path: Sequence[cst.CSTNode]) -> str:
    """Says where a response goes that is used as a value."""
    for parent in reversed(path[:-1]):
        match parent:
            case cst.Return():
                return "returned"
            case cst.Yield():
                return "yielded"
            case cst.Call():
                return "passed to a function"
            case cst.Assign() | cst.AnnAssign():
                return "stored"
            case cst.With():
                return "used as a context manager"
            case cst.For() | cst.CompFor():
                return "iterated"
            case cst.BaseStatement() | cst.BaseSmallStatement():
                break
    return "used as a value"
