"""What code does with a response, and how it does that with aiohttp's.

Source: the verified table, sections 3.1 to 3.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.syntax import is_truth_test
from codemods.rules.rule import Refusal


class ResponseUse(StrEnum):
    """One thing done with a response."""

    SAME = "same"
    """Spelled alike in both libraries."""
    STATUS = "status"
    TEXT = "text"
    JSON = "json"
    CONTENT = "content"
    URL = "url"
    HEADERS = "headers"
    """One header is looked up."""
    RAISE = "raise"
    """`raise_for_status()`."""
    TRUTH = "truth"
    """`if response:` asks whether the request succeeded; aiohttp's response is always true."""


_ATTRIBUTES = {
    "status_code": ResponseUse.STATUS,
    "text": ResponseUse.TEXT,
    "content": ResponseUse.CONTENT,
    "url": ResponseUse.URL,
    "ok": ResponseUse.SAME,
    "headers": ResponseUse.HEADERS,
    "reason": ResponseUse.SAME,
}
_METHODS = {"json": ResponseUse.JSON, "raise_for_status": ResponseUse.RAISE}

AWAITS = frozenset({ResponseUse.TEXT, ResponseUse.JSON, ResponseUse.CONTENT})
"""The uses that wait for the body."""

RAISES = AWAITS | {ResponseUse.RAISE}
"""The uses that may raise what the libraries raise: to wait for the body may fail."""

NOTES = {
    ResponseUse.TEXT: "bytes that do not fit the charset raise UnicodeDecodeError; requests replaces them",
    ResponseUse.JSON: (
        "json() raises ContentTypeError when the server does not say application/json, and returns None for an empty "
        "body; requests tries to decode both"
    ),
    ResponseUse.HEADERS: "of a header that comes more than once aiohttp gives the first value; requests joins them",
}


@dataclass(frozen=True, slots=True)
class Handling:
    """A use, and how many nodes above the response it takes in: `r.json()` is two above `r`."""

    use: ResponseUse
    depth: int


def handling_of(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """What is done with the last node of a path, which is a response."""
    node, parent = path[-1], path[-2]
    if any(isinstance(one, cst.FormattedStringExpression) and one.equal is not None for one in path):
        return Refusal("the response is in an f-string that shows its source")
    if isinstance(parent, cst.Attribute) and parent.value is node:
        return _attribute(parent, path)
    if is_truth_test(path):
        return Handling(ResponseUse.TRUTH, 0)
    if is_none_test(path):
        return Handling(ResponseUse.SAME, 0)
    return Refusal(f"the response is {_escape(path)}")


def _attribute(attribute: cst.Attribute, path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    name = attribute.attr.value
    outer = path[-3]
    if name in _METHODS:
        if not isinstance(outer, cst.Call) or outer.func is not attribute:
            return Refusal(f"the response's method {name} is used as a value")
        if outer.args:
            return Refusal(f"{name}() is called with arguments")
        return Handling(_METHODS[name], 2)
    if name not in _ATTRIBUTES:
        return Refusal(f"the response's {name} has no form in aiohttp yet that is known to be the same")
    if isinstance(outer, cst.AssignTarget | cst.Del | cst.AugAssign) and not (
        isinstance(outer, cst.AugAssign) and outer.value is attribute
    ):
        return Refusal(f"the response's {name} is assigned")
    if name == "headers" and not _is_lookup(attribute, path[:-2]):
        return Refusal("more is done with the response's headers than to look one up")
    return Handling(_ATTRIBUTES[name], 1)


def _is_lookup(headers: cst.Attribute, path: Sequence[cst.CSTNode]) -> bool:
    """Whether one header is looked up: `headers["ETag"]`, `headers.get("ETag")`, `"ETag" in headers`."""
    match path[-1]:
        case cst.Subscript():
            return not isinstance(path[-2], cst.AssignTarget | cst.Del | cst.AugAssign)
        case cst.Attribute(attr=cst.Name(value="get")) as method:
            return isinstance(path[-2], cst.Call) and path[-2].func is method
        case cst.ComparisonTarget(operator=cst.In() | cst.NotIn()):
            return True
    return False


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


def rewritten(node: cst.BaseExpression, response: cst.BaseExpression, use: ResponseUse) -> cst.BaseExpression:
    """The expression that does with aiohttp's response what `node`, a use of `response`, did.

    The result of a use that waits is not awaited yet.
    """
    match use:
        case ResponseUse.STATUS:
            return node.with_changes(attr=cst.Name("status"))
        case ResponseUse.TEXT:
            return _called(node)
        case ResponseUse.CONTENT:
            return _called(node.with_changes(attr=cst.Name("read")))
        case ResponseUse.URL:
            real = node.with_changes(attr=cst.Name("real_url"), lpar=(), rpar=())
            return cst.Call(cst.Name("str"), [cst.Arg(real)], lpar=node.lpar, rpar=node.rpar)
        case ResponseUse.TRUTH:
            return cst.Attribute(response, cst.Name("ok"))
    return node


def _called(method: cst.BaseExpression) -> cst.Call:
    """A call of a method, with the method's parentheses around the whole."""
    return cst.Call(method.with_changes(lpar=(), rpar=()), lpar=method.lpar, rpar=method.rpar)
