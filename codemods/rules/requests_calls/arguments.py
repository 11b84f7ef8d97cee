"""How the arguments of a request are given.

Source: requests 2.34 `requests/api.py` and `requests/sessions.py` for positional parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from codemods.rules.requests_calls.adjustments import keyword_argument
from codemods.rules.rule import Refusal

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "get": ("url", "params"),
    "post": ("url", "data", "json"),
    "put": ("url", "data"),
    "patch": ("url", "data"),
    "delete": ("url",),
    "head": ("url",),
    "options": ("url",),
    "request": ("method", "url"),
}
"""The names of the positional parameters, by verb."""


def named_arguments(call: cst.Call, verb: str) -> dict[str, cst.BaseExpression] | Refusal:
    """The arguments of a request by parameter name, in order; a refusal when they are not all visible."""
    found: dict[str, cst.BaseExpression] = {}
    positional = POSITIONAL[verb]
    for index, argument in enumerate(call.args):
        if argument.star:
            return Refusal(f"its arguments are not all visible ({argument.star}...)")
        if argument.keyword is not None:
            found[argument.keyword.value] = argument.value
        elif index < len(positional):
            found[positional[index]] = argument.value
        else:
            return Refusal(f"requests.{verb} takes no {index + 1} positional arguments")
    return found


def by_name(call: cst.Call, verb: str) -> Iterator[tuple[str, cst.Arg]]:
    """The arguments by the names of their parameters; what is given by its place behind the URL is given its name."""
    for index, argument in enumerate(call.args):
        if argument.keyword is not None:
            yield argument.keyword.value, argument
            continue
        name = POSITIONAL[verb][index]
        if name in {"method", "url"}:
            yield name, argument
        else:
            named = keyword_argument(name, argument.value)
            yield name, argument.with_changes(keyword=named.keyword, equal=named.equal)
