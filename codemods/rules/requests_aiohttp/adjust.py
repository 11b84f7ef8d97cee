"""Writes the arguments of a request as aiohttp takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from codemods.rules.requests_aiohttp.adjustments import PASSED, Adjustment, NameOf, keyword_argument
from codemods.rules.requests_aiohttp.arguments import POSITIONAL, named_arguments
from codemods.rules.requests_aiohttp.logins import Login
from codemods.rules.rule import Refusal


def convert_arguments(
    call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment], name_of: NameOf, *, skips_content_type: bool
) -> Iterator[cst.Arg]:
    """The arguments of a checked request as aiohttp takes them: the user's own nodes, adjusted in place."""
    logins = [one for one in _by_name(call, verb) if isinstance(adjustments.get(one[0]), Login)]
    for name, argument in _by_name(call, verb):
        adjustment = adjustments.get(name, PASSED)
        if isinstance(adjustment, Login) and "headers" in adjustments:
            continue
        for written in adjustment.written(argument, name_of):
            changed = written
            if name == "headers" and logins:
                changed = written.with_changes(value=_with_login(written.value, logins[0], adjustments, name_of))
            yield changed
    if skips_content_type:
        skipped = cst.List([cst.Element(cst.SimpleString('"Content-Type"'))])
        yield keyword_argument("skip_auto_headers", skipped)


def _with_login(
    headers: cst.BaseExpression, login: tuple[str, cst.Arg], adjustments: Mapping[str, Adjustment], name_of: NameOf
) -> cst.BaseExpression:
    """Headers with that of a login at the end: requests' `auth=` wins over a header."""
    name, argument = login
    adjustment = adjustments[name]
    assert isinstance(adjustment, Login)
    header = adjustment.header(argument, name_of)
    if isinstance(headers, cst.Dict):
        return headers.with_changes(elements=[*headers.elements, header])
    return cst.Dict([cst.StarredDictElement(headers), header])


def _by_name(call: cst.Call, verb: str) -> Iterator[tuple[str, cst.Arg]]:
    """The arguments by the names of their parameters; what aiohttp takes by name only is given its name."""
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


def statements_before(
    call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment], name_of: NameOf
) -> Iterator[cst.BaseStatement]:
    """What has to be done before the request."""
    arguments = named_arguments(call, verb)
    assert not isinstance(arguments, Refusal)
    for name, _ in _by_name(call, verb):
        yield from adjustments.get(name, PASSED).statements(arguments, name_of)


def gone_names(call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment]) -> Iterator[cst.BaseExpression]:
    """The names in the arguments that go away."""
    for name, argument in _by_name(call, verb):
        yield from adjustments.get(name, PASSED).gone(argument)
