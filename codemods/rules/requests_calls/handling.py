"""The words for what is done with a response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import libcst as cst

from codemods.model import Span
from codemods.rules.rule import Handing


class ResponseUse(StrEnum):
    """One thing done with a response."""

    SAME = "same"
    """Spelled alike in both libraries."""
    STATUS = "status"
    OK = "ok"
    REASON = "reason"
    TEXT = "text"
    JSON = "json"
    JSON_GIVEN = "json given"
    """`json(parse_float=Decimal)`: decoded with arguments."""
    CONTENT = "content"
    URL = "url"
    HEADERS = "headers"
    """One header is looked up."""
    EVERY_HEADER = "every header"
    """All of them are listed or copied."""
    RAISE = "raise"
    """`raise_for_status()`."""
    RAISE_MORE = "raise more"
    """The same where no `if` can be put around it, which keeps it from raising for more."""
    CLOSE = "close"
    TRUTH = "truth"
    """`if response:` asks whether the request succeeded; other libraries' responses are always true."""
    TRUTH_OR_NONE = "truth or none"
    """The same of what may be None instead of a response."""
    IS_REDIRECT = "is redirect"
    IS_PERMANENT_REDIRECT = "is permanent redirect"
    COOKIE = "cookie"
    """`cookies["id"]`."""
    COOKIE_OR_ELSE = "cookie or else"
    """`cookies.get("id")`."""
    EVERY_COOKIE = "every cookie"
    """All of them as a dict."""
    LINK = "link"
    """The URL of one link."""
    REQUEST = "request"
    """The method or a header of the request that was answered."""
    REQUEST_URL = "request url"
    ENCODING = "encoding"
    """The encoding of the body is set."""
    CHUNKS = "chunks"
    """The body is iterated as it comes."""
    LINES = "lines"
    """The same, line by line."""
    READ = "read"
    """The body of a response that is streamed is waited for, before something asks for it."""
    IS_THERE = "is there"
    """An exception is asked whether it has a response: `error.response is not None`."""
    IS_NOT_THERE = "is not there"
    """The opposite."""


@dataclass(frozen=True, slots=True)
class Handling:
    """A use of a response, and where it stands."""

    use: ResponseUse
    depth: int
    """How many nodes above the response it takes in: `r.json()` is two above `r`."""
    builtin: str | None = None
    """The built-in function that must be what it is for this to hold."""


@dataclass(frozen=True, slots=True)
class PlacedUse:
    """An expression that uses a response: the outermost node to rewrite, and the response within it."""

    node: Span
    response: Span
    use: ResponseUse


@dataclass(frozen=True, slots=True)
class NativeResponse:
    """What becomes of the response that a call gives."""

    call: Span
    uses: tuple[PlacedUse, ...]
    """What is done with it, or with all of its group."""


@dataclass(frozen=True, slots=True)
class NativeRequest(NativeResponse):
    """The native form of a request; each library has more to say of it."""

    last: Span
    """The last statement that it needs its session for."""
    returns: tuple[Span, ...] = field(default=(), kw_only=True)
    """Where its function returns the response."""
    handings: tuple[Handing, ...] = field(default=(), kw_only=True)
    """The arguments by which the response is passed on."""
    annotations: tuple[Span, ...] = field(default=(), kw_only=True)
    """The parts of the function's signature that name the class of the response."""


def is_changed(path: Sequence[cst.CSTNode]) -> bool:
    """Whether what the last node of a path names is assigned or deleted."""
    node, outer = path[-1], path[-2]
    if isinstance(outer, cst.AugAssign):
        return outer.target is node
    return isinstance(outer, cst.AssignTarget | cst.Del | cst.AnnAssign) and getattr(outer, "value", None) is not node


def called_on(path: Sequence[cst.CSTNode]) -> tuple[str, cst.Call] | None:
    """The method that is called on the last node of a path, and the call."""
    method, call = path[-2], path[-3]
    if isinstance(method, cst.Attribute) and isinstance(call, cst.Call) and call.func is method:
        return method.attr.value, call
    return None


def given_to(path: Sequence[cst.CSTNode]) -> str | None:
    """The name of the function whose only argument the last node of a path is."""
    match path[-3:]:
        case (cst.Call(func=cst.Name(value=name), args=[only]), argument, _) if only is argument and _is_plain(only):
            return name
    return None


def _is_plain(argument: cst.Arg) -> bool:
    return argument.keyword is None and not argument.star


def is_iterated(path: Sequence[cst.CSTNode]) -> bool:
    """Whether a loop or a comprehension goes over the last node of a path."""
    loop = path[-2]
    return isinstance(loop, cst.For | cst.CompFor) and loop.iter is path[-1]


def is_asked_for(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is asked whether it holds something: `"ETag" in headers`."""
    return isinstance(path[-2], cst.ComparisonTarget) and isinstance(path[-2].operator, cst.In | cst.NotIn)


def is_in_f_string(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is a part of an f-string."""
    return any(isinstance(one, cst.FormattedString) for one in path)


def is_returned(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is what its function returns, as it is."""
    return isinstance(path[-2], cst.Return)


def is_handed(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is an argument of a call, as it is."""
    argument, call = path[-2], path[-3]
    return isinstance(argument, cst.Arg) and not argument.star and isinstance(call, cst.Call)


def is_none_test(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is only compared by identity."""
    parent = path[-2]
    return isinstance(parent, cst.Comparison) and all(
        isinstance(target.operator, cst.Is | cst.IsNot) for target in parent.comparisons
    )


def escape(path: Sequence[cst.CSTNode]) -> str:
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
