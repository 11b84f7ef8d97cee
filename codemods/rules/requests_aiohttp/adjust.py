"""Writes the arguments of a request as aiohttp takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import libcst as cst

from codemods.rules.requests_aiohttp.arguments import Added
from codemods.rules.requests_aiohttp.logins import Login
from codemods.rules.requests_calls.adjustments import PASSED, Adjustment, NameOf, called, dotted, keyword_argument
from codemods.rules.requests_calls.arguments import by_name, named_arguments
from codemods.rules.requests_calls.prepared import Prepared
from codemods.rules.rule import Refusal


def convert_arguments(
    call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment], name_of: NameOf, added: Iterable[Added]
) -> Iterator[cst.Arg]:
    """The arguments of a checked request as aiohttp takes them: the user's own nodes, adjusted in place."""
    logins = [one for one in by_name(call, verb) if isinstance(adjustments.get(one[0]), Login)]
    named = dict(by_name(call, verb))
    for name, argument in named.items():
        adjustment = adjustments.get(name, PASSED)
        if isinstance(adjustment, Prepared):
            encoded = keyword_argument("encoded", cst.Name("True"))
            url = called(dotted(f"{name_of('yarl')}.URL"), adjustment.prepared(named, name_of))
            yield argument.with_changes(value=url.with_changes(args=[*url.args, encoded]))
            continue
        if isinstance(adjustment, Login) and "headers" in adjustments:
            continue
        for written in adjustment.written(argument, name_of):
            changed = written
            if name == "headers" and logins:
                changed = written.with_changes(value=_with_login(written.value, logins[0], adjustments, name_of))
            yield changed
    for one in added:
        yield _added(one, named, name_of)


def _added(one: Added, named: Mapping[str, cst.Arg], name_of: NameOf) -> cst.Arg:
    """A keyword argument that only aiohttp needs."""
    keyword, _, text = one.value.partition("=")
    match one:
        case Added.NO_TIMEOUT:
            value = cst.parse_expression(text.replace("aiohttp", name_of("aiohttp"), 1))
        case Added.NO_TYPE_OF_NOTHING:
            value = cst.ensure_type(cst.parse_expression(text), cst.IfExp).with_changes(test=named["data"].value)
        case _:
            value = cst.parse_expression(text)
    return keyword_argument(keyword, value)


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


def statements_before(
    call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment], name_of: NameOf
) -> Iterator[cst.BaseStatement]:
    """What has to be done before the request."""
    arguments = named_arguments(call, verb)
    assert not isinstance(arguments, Refusal)
    for name, _ in by_name(call, verb):
        yield from adjustments.get(name, PASSED).statements(arguments, name_of)


def gone_names(call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment]) -> Iterator[cst.BaseExpression]:
    """The names in the arguments that go away."""
    for name, argument in by_name(call, verb):
        yield from adjustments.get(name, PASSED).gone(argument)
