"""What is done with the cookies of a session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.rules.names import is_bound
from codemods.rules.requests_calls.expressions import type_of
from codemods.rules.requests_calls.handling import called_on, given_to, is_asked_for, is_changed
from codemods.rules.requests_calls.session_uses import Path, SessionChange, Types, item_assigned, small_statement
from codemods.rules.requests_calls.values import is_plain_dict
from codemods.rules.rule import Refusal
from codemods.tree import Tree


class CookieAsking(StrEnum):
    """How cookies are asked for."""

    ALL = "all"
    """`session.cookies.get_dict()`."""
    ONE = "one"
    """`session.cookies["id"]`, and what else has an equal in a dict."""


@dataclass(frozen=True, slots=True)
class CookieUse:
    """One thing that is done with the cookies of a session."""

    does: SessionChange | CookieAsking
    node: cst.CSTNode
    """What is written anew where it is written otherwise."""
    pair: tuple[cst.BaseExpression, cst.BaseExpression] | None = None
    """The name and the value of the cookie that is set."""
    mapping: cst.BaseExpression | None = None
    """The cookies that are set."""
    place: tuple[cst.Arg, ...] = ()
    """What else is said of the cookie that is set: its host, its path."""


def use_of_cookies(tree: Tree, path: Path, types: Types) -> CookieUse | Refusal:
    """What is done with the cookies of a session at the end of a path."""
    node = path[-1]
    item, method = item_assigned(path), called_on(path)
    if item is not None:
        return CookieUse(SessionChange.COOKIE, small_statement(path), pair=item)
    match method:
        case ("update", cst.Call(args=[cst.Arg(keyword=None, star="", value=value)])):
            if not (isinstance(value, cst.Dict) or is_plain_dict(type_of(tree, value, types))):
                return Refusal("has cookies updated with something that is not known to be a dict")
            return CookieUse(SessionChange.COOKIES_UPDATE, path[-2], mapping=value)
        case ("set", cst.Call(args=[first, second, *others]) as call) if not (first.keyword or second.keyword):
            if any(one.star for one in call.args):
                return Refusal("sets a cookie with arguments that cannot be seen")
            return CookieUse(SessionChange.COOKIE_CALL, call, pair=(first.value, second.value), place=tuple(others))
        case ("clear", cst.Call(args=[])):
            return CookieUse(SessionChange.JAR, node)
        case ("get_dict", cst.Call(args=[]) as call):
            return CookieUse(CookieAsking.ALL, call)
        case ("get", cst.Call(args=[_] | [_, _] as arguments)) if all(not (a.keyword or a.star) for a in arguments):
            return CookieUse(CookieAsking.ONE, node)
    outer = path[-2]
    is_lookup = isinstance(outer, cst.Subscript) and outer.value is node and not is_changed(path[:-1])
    is_copied = given_to(path) == "dict" and not is_bound(tree, "dict", node)
    if is_lookup or is_asked_for(path) or is_copied:
        return CookieUse(CookieAsking.ONE, node)
    return Refusal("has its cookies used otherwise than to set them, look one up or make a dict of them,")
