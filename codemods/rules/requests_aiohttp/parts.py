"""What is done with what a response holds besides its body: headers, cookies, links, history, the request.

Each function gets the path to a response, and says what is done with its attribute of the same name.
Source: the verified table, section 3.1.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

import libcst as cst

from codemods.facts.syntax import is_truth_test
from codemods.rules.evaluation import is_pure
from codemods.rules.names import NameRole, role_of
from codemods.rules.requests_aiohttp.handling import (
    Handling,
    ResponseUse,
    called_on,
    given_to,
    is_asked_for,
    is_changed,
    is_iterated,
)
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_COOKIES_NOTE = "aiohttp's cookies include those that have expired or belong to another host, and come without quotes"
NOTES = {
    ResponseUse.HEADERS: (
        "of a header that comes more than once aiohttp gives the first value, where requests joins them; and it takes "
        "letters beyond ASCII as UTF-8 instead of Latin-1"
    ),
    ResponseUse.EVERY_HEADER: (
        "aiohttp lists a header that comes more than once as often as it comes (a dict holds the first value), where "
        "requests joins them; and it writes some names otherwise, such as Etag"
    ),
    ResponseUse.COOKIE: _COOKIES_NOTE,
    ResponseUse.COOKIE_OR_ELSE: _COOKIES_NOTE,
    ResponseUse.EVERY_COOKIE: _COOKIES_NOTE,
    ResponseUse.LINK: "aiohttp makes the URLs of links absolute; requests leaves them as they come",
}

_VIEWS = frozenset({"items", "keys", "values"})
HOP_USES = frozenset({ResponseUse.SAME, ResponseUse.STATUS, ResponseUse.URL, ResponseUse.HEADERS})
"""What can be done with a response that was a redirect: its body is gone."""


def headers(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`headers["ETag"]`, `headers.get("ETag")`, `"ETag" in headers`; `headers.items()`, `dict(headers)`."""
    return _headers(path[:-1], ResponseUse.HEADERS, 1)


def _headers(path: Sequence[cst.CSTNode], lookup: ResponseUse, depth: int) -> Handling | Refusal:
    """What is done with headers at the end of a path, which are `depth` above the response."""
    method = called_on(path)
    is_lookup = isinstance(path[-2], cst.Subscript) and not is_changed(path[:-1])
    if is_lookup or is_asked_for(path) or (method is not None and method[0] == "get"):
        return Handling(lookup, depth)
    if is_iterated(path) or (method is not None and method[0] in _VIEWS):
        return Handling(ResponseUse.EVERY_HEADER, depth)
    function = given_to(path)
    if function in {"dict", "len"}:
        return Handling(ResponseUse.EVERY_HEADER, depth, function)
    return Refusal("more is done with the response's headers than to look up, list or copy them")


def cookies(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`cookies["id"]`, `cookies.get("id")`, `"id" in cookies`, `cookies.get_dict()`, `dict(cookies)`."""
    held = path[:-1]
    if isinstance(held[-2], cst.Subscript) and held[-2].value is held[-1] and not is_changed(held[:-1]):
        return Handling(ResponseUse.COOKIE, 2)
    if is_asked_for(held):
        return Handling(ResponseUse.SAME, 1)
    if given_to(held) == "dict":
        return Handling(ResponseUse.EVERY_COOKIE, 3, "dict")
    match called_on(held):
        case ("get", cst.Call(args=[_] | [_, _] as arguments)):
            # the name of the cookie is written twice
            if all(one.keyword is None and is_pure(one) for one in arguments):
                return Handling(ResponseUse.COOKIE_OR_ELSE, 3)
            return Refusal("the name of a cookie or what stands for it is more than a name or a text")
        case ("get_dict", cst.Call(args=[])):
            return Handling(ResponseUse.EVERY_COOKIE, 3)
    return Refusal("more is done with the response's cookies than to look one up or make a dict of them")


def links(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`links["next"]["url"]`, `"next" in links`."""
    held = path[:-1]
    if is_asked_for(held) or is_truth_test(held):
        return Handling(ResponseUse.SAME, 1)
    key = _text_key(path[-4]) if isinstance(held[-2], cst.Subscript) and held[-2].value is held[-1] else None
    if key is None or is_changed(path[:-3]):
        return Refusal("more is done with the response's links than to ask for the URL of one")
    return Handling(ResponseUse.LINK, 3, "str") if key == "url" else Handling(ResponseUse.SAME, 3)


def _text_key(node: cst.CSTNode) -> str | None:
    """The text that a subscript looks up."""
    match node:
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as text))]):
            return str(text.evaluated_value)
    return None


def history(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`len(history)`, `if history:`, `history[0].url`, `for hop in history`: `hops` finds what those responses do."""
    held = path[:-1]
    if is_truth_test(held):
        return Handling(ResponseUse.SAME, 1)
    if given_to(held) == "len":
        return Handling(ResponseUse.SAME, 1, "len")
    is_one = isinstance(held[-2], cst.Subscript) and held[-2].value is held[-1] and _is_number(held[-2])
    if is_one or (is_iterated(held) and isinstance(held[-2].target, cst.Name)):  # type: ignore[attr-defined]
        return Handling(ResponseUse.SAME, 1)
    return Refusal("more is done with the response's history than to count it or to look at each")


def _is_number(node: cst.Subscript) -> bool:
    match node.slice:
        case [
            cst.SubscriptElement(slice=cst.Index(value=cst.Integer() | cst.UnaryOperation(expression=cst.Integer())))
        ]:
            return True
    return False


def hops(tree: Tree, path: Sequence[cst.CSTNode]) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """The paths to further responses that a use of a response gives: those of its history."""
    match path[-3:]:
        case (cst.Subscript(value=held) as one, cst.Attribute(attr=cst.Name(value="history")) as at, _) if held is at:
            return [tree.path(one)]
        case (cst.For() | cst.CompFor(), cst.Attribute(attr=cst.Name(value="history")), _):
            return _hops_of_loop(tree, path[:-2])
    return []


def _hops_of_loop(tree: Tree, around: Sequence[cst.CSTNode]) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """The paths to what the loop at the end of a path names."""
    loop = around[-1]
    assert isinstance(loop, cst.For | cst.CompFor)
    assert isinstance(loop.target, cst.Name)
    inside = next(node for node in reversed(around) if isinstance(node, cst.For | cst.BaseComp))
    # what a loop binds stays bound after it
    scope = next(node for node in reversed(around) if isinstance(node, cst.FunctionDef | cst.BaseComp))
    loads = []
    for node in tree.all(cst.Name, scope):
        path = tree.path(node)
        role = role_of(path)
        is_other = role is NameRole.OTHER or _is_of_a_comprehension(path, inside)
        if node.value != loop.target.value or node is loop.target or is_other:
            continue
        if role is not NameRole.LOAD or inside not in path:
            return Refusal(f"{node.value} holds more than responses of the history")
        loads.append(path)
    return loads


def _is_of_a_comprehension(path: Sequence[cst.CSTNode], but: cst.CSTNode) -> bool:
    """Whether the name at the end of a path is a variable of a comprehension."""
    node = path[-1]
    assert isinstance(node, cst.Name)
    comprehensions = [one for one in path if isinstance(one, cst.BaseComp) and one is not but]
    loops = [one.for_in.target for one in comprehensions]
    return any(isinstance(target, cst.Name) and target.value == node.value for target in loops)


def request(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`request.method`, `request.url`, `request.headers["X"]`."""
    part = path[-3]
    name = part.attr.value if isinstance(part, cst.Attribute) else None
    if name == "method" and not is_changed(path[:-2]):
        return Handling(ResponseUse.REQUEST, 2)
    if name == "url" and not is_changed(path[:-2]):
        return Handling(ResponseUse.REQUEST_URL, 2, "str")
    if name == "headers":
        handled = _headers(path[:-2], ResponseUse.REQUEST, 2)
        is_lookup = isinstance(handled, Handling) and handled.use is ResponseUse.REQUEST
        return handled if is_lookup else Refusal("more is done with the request's headers than to look one up")
    return Refusal("more is asked of the response's request than its method, URL and headers")


def encoding(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`response.encoding = "utf-8"`."""
    match path[-6:-1]:
        case (
            cst.IndentedBlock(),
            cst.SimpleStatementLine(body=[_]),
            cst.Assign(targets=[_], value=cst.SimpleString() as value),
            cst.AssignTarget(),
            _,
        ):
            if _is_encoding(value.evaluated_value):
                return Handling(ResponseUse.ENCODING, 1)
            return Refusal("the response's encoding becomes one that Python does not know")
        case (_, _, cst.Assign(), cst.AssignTarget(), _):
            return Refusal("the response's encoding becomes something that cannot be seen")
    return Refusal("the response's encoding is asked for, which aiohttp knows only when the body is read")


def _is_encoding(name: str | bytes) -> bool:
    try:
        return isinstance(name, str) and codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False
