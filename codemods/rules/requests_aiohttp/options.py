"""`proxies=` and `hooks=`, as far as one proxy or one plain hook can be seen.

Source: the verified table, section 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import dotted_name
from codemods.rules.requests_aiohttp.adjustments import LEFT_OUT, Adjustment, Answer, NameOf, keyword_argument
from codemods.rules.requests_aiohttp.expressions import literal_parts
from codemods.rules.rule import Refusal

_SCHEME_NOTE = "aiohttp asks for a scheme in the URL of a proxy, and knows no SOCKS; requests adds http:// itself"
_WITH_HOST = re.compile(r"(?:http://)?(?:[^/?#@]+@)?[\w.-]+(?::\d+)?/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proxy(Adjustment):
    """One proxy for all URLs."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        proxy = _proxies(argument.value)["http"]
        if isinstance(proxy, cst.SimpleString) and not str(proxy.evaluated_value).startswith("http://"):
            proxy = cst.SimpleString(f"{proxy.prefix}{proxy.quote}http://{proxy.raw_value}{proxy.quote}")
        return [argument.with_changes(keyword=cst.Name("proxy"), value=proxy)]


def _proxies(value: cst.BaseExpression) -> dict[str, cst.BaseExpression]:
    """The proxies of a display by the scheme of the URLs they are for."""
    if not isinstance(value, cst.Dict):
        return {}
    elements = [one for one in value.elements if isinstance(one, cst.DictElement)]
    return {"".join(literal_parts(one.key)): one.value for one in elements if isinstance(one.key, cst.SimpleString)}


def check_proxies(value: cst.BaseExpression) -> Answer:
    """What becomes of `proxies=`."""
    if isinstance(value, cst.Dict) and not value.elements:
        return LEFT_OUT, []
    found = _proxies(value)
    if set(found) != {"http", "https"} or (isinstance(value, cst.Dict) and len(value.elements) != len(found)):
        return Refusal("proxies= is no display with a proxy for http and one for https")
    one, other = found["http"], found["https"]
    if isinstance(one, cst.SimpleString) and isinstance(other, cst.SimpleString):
        if one.evaluated_value != other.evaluated_value:
            return Refusal("proxies= names more than one proxy")
        if not _WITH_HOST.fullmatch(str(one.evaluated_value)):
            return Refusal("its proxy is none that aiohttp is known to take")
        return Proxy(), []
    if dotted_name(one) is None or dotted_name(one) != dotted_name(other):
        return Refusal("proxies= names more than one proxy, or one that cannot be seen")
    return Proxy(), [_SCHEME_NOTE]


@dataclass(frozen=True, slots=True)
class Raises(Adjustment):
    """A hook that does nothing but `raise_for_status()`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [keyword_argument("raise_for_status", cst.Name("True")).with_changes(comma=argument.comma)]


def check_hooks(value: cst.BaseExpression) -> Answer:
    """What becomes of `hooks=`."""
    match value:
        case cst.Dict(elements=[]):
            return LEFT_OUT, []
        case cst.Dict(elements=[cst.DictElement(key=cst.SimpleString() as key, value=cst.Lambda() as hook)]):
            if key.evaluated_value == "response" and _only_raises(hook):
                return Raises(), []
    return Refusal("its hooks= may do anything with the response")


def _only_raises(hook: cst.Lambda) -> bool:
    """Whether a hook is `lambda response, *args, **kwargs: response.raise_for_status()`."""
    if not hook.params.params:
        return False
    match hook.body:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=of), attr=cst.Name(value="raise_for_status")), args=[]):
            return of == hook.params.params[0].name.value
    return False
