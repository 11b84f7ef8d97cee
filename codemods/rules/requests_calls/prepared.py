"""A URL that requests itself prepares, with the parameters of its query: exact whatever they are.

Source: the verified table, rows 0.13 and 2.2. It costs that requests stays a requirement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.model import Span
from codemods.rules.evaluation import holds_call
from codemods.rules.names import variables
from codemods.rules.requests_calls.adjustments import (
    LEFT_OUT,
    PASSED,
    Adjustment,
    NameOf,
    called,
    dotted,
    keyword_argument,
)
from codemods.rules.requests_calls.combinations import Arguments, is_given
from codemods.rules.requests_calls.expressions import type_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_PLAIN_URL = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]+)?(?:/[\w~.-]*)*(?:\?[\w~.&=-]*)?", re.ASCII)
_DOTS = re.compile(r"/\.{1,2}(?:/|\?|$)")
_PLAIN_VALUE = re.compile(r"[\w~.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prepared(Adjustment):
    """`requests.Request("GET", url, params=params).prepare().url`; `written` is given no parameters, `prepared` is."""

    has_params: bool
    """Whether `params=` goes into it."""

    def prepared(self, arguments: Mapping[str, cst.Arg], name_of: NameOf) -> cst.BaseExpression:
        """The prepared URL of a request with these arguments."""
        get, url = cst.SimpleString('"GET"'), arguments["url"].value
        request = called(dotted(f"{name_of('requests')}.Request"), get, url)
        if self.has_params:
            params = keyword_argument("params", arguments["params"].value)
            request = request.with_changes(args=[*request.args, params])
        return cst.Attribute(called(cst.Attribute(request, cst.Name("prepare"))), cst.Name("url"))


def prepare_url(arguments: Arguments, tree: Tree, types: Mapping[Span, str]) -> Mapping[str, Adjustment] | Refusal:
    """What becomes of `url` and `params` where the request line must be the same, letter by letter."""
    if "url" not in arguments:
        return Refusal("it has no URL")
    params = arguments.get("params")
    has_params = is_given(params)
    left_out: dict[str, Adjustment] = {} if params is None else {"params": LEFT_OUT}
    if _is_plain_url(arguments["url"], tree, types, has_params=has_params) and (
        params is None or _is_plain_query(params)
    ):
        return {"url": PASSED, **({} if params is None else {"params": PASSED if has_params else LEFT_OUT})}
    if has_params and params is not None and _is_out_of_order(arguments, params):
        return Refusal("its arguments would be evaluated in another order")
    return {"url": Prepared(has_params), **left_out}


def _is_out_of_order(arguments: Arguments, params: cst.BaseExpression) -> bool:
    """Whether it may matter that the parameters are written into the URL before other arguments are evaluated."""
    names = list(arguments)
    at, url = names.index("params"), names.index("url")
    passed = names[url + 1 : at] or names[at + 1 : url + 1]
    if holds_call(params) and any(holds_call(arguments[name]) for name in passed):
        return True
    others = [value for name, value in arguments.items() if name not in {"method", "url", "params"}]
    return any(holds_call(one) and variables(params) & variables(one) for one in others)


def _is_plain_url(url: cst.BaseExpression, tree: Tree, types: Mapping[Span, str], *, has_params: bool) -> bool:
    """Whether every library asks for a URL as it stands there."""
    text = _visible(url, tree, types)
    if has_params and text is not None and "?" in text:
        return False
    return text is not None and _PLAIN_URL.fullmatch(text) is not None and _DOTS.search(text) is None


def _visible(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> str | None:
    """The text of a string; a whole number that it shows is a nought here."""
    match value:
        case cst.SimpleString() if isinstance(value.evaluated_value, str):
            return value.evaluated_value
        case cst.ConcatenatedString():
            left, right = _visible(value.left, tree, types), _visible(value.right, tree, types)
            return None if left is None or right is None else left + right
        case cst.FormattedString() if value.prefix.lower() == "f":
            shown = [_shown(part, tree, types) for part in value.parts]
            return None if None in shown else "".join(one for one in shown if one is not None)
    return None


def _shown(part: cst.BaseFormattedStringContent, tree: Tree, types: Mapping[Span, str]) -> str | None:
    if isinstance(part, cst.FormattedStringText):
        return None if {"\\", "{", "}"} & set(part.value) else part.value
    assert isinstance(part, cst.FormattedStringExpression)
    is_number = type_of(tree, part.expression, types) == "int" and part.conversion is None and part.format_spec is None
    return "0" if is_number and part.equal is None else None


def _is_plain_query(params: cst.BaseExpression) -> bool:
    """Whether every library writes the parameters alike."""
    if not is_given(params):
        return True
    if not isinstance(params, cst.Dict):
        return False
    return all(
        isinstance(one, cst.DictElement)
        and _is_plain_value(one.key)
        and (isinstance(one.value, cst.Integer) or _is_plain_value(one.value))
        for one in params.elements
    )


def _is_plain_value(value: cst.BaseExpression) -> bool:
    if not isinstance(value, cst.SimpleString) or not isinstance(value.evaluated_value, str):
        return False
    return _PLAIN_VALUE.fullmatch(value.evaluated_value) is not None
