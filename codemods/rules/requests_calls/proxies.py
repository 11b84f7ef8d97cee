"""`proxies=`, as far as one proxy for everything can be seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.requests_calls.adjustments import LEFT_OUT, Adjustment, Answer, NameOf
from codemods.rules.requests_calls.expressions import literal_parts
from codemods.rules.rule import Refusal
from codemods.tree import dotted_name

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


def check_proxies(value: cst.BaseExpression, unseen: str) -> Answer:
    """What becomes of `proxies=`; `unseen` is what to say of a proxy that cannot be seen."""
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
            return Refusal("its proxy is none that is known to be taken")
        return Proxy(), []
    if dotted_name(one) is None or dotted_name(one) != dotted_name(other):
        return Refusal("proxies= names more than one proxy, or one that cannot be seen")
    return Proxy(), [unseen]
