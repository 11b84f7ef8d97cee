"""Writes the arguments of a request as aiohttp takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from codemods.rules.requests_aiohttp.arguments import POSITIONAL, Adjustment

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def convert_arguments(
    call: cst.Call, verb: str, adjustments: Mapping[str, Adjustment], aiohttp: str, *, skips_content_type: bool
) -> Iterator[cst.Arg]:
    """The arguments of a checked request as aiohttp takes them: the user's own nodes, adjusted in place.

    `aiohttp` is what that module is called in the file.
    """
    positional = POSITIONAL[verb]
    login = next((one.value for one in call.args if _adjustment(one, adjustments) is Adjustment.LOGIN), None)
    for index, argument in enumerate(call.args):
        changed = argument
        if argument.keyword is None and positional[index] not in {"method", "url"}:
            changed = changed.with_changes(keyword=cst.Name(positional[index]), equal=_TIGHT)
        match _adjustment(argument, adjustments):
            case Adjustment.LEFT_OUT:
                continue
            case Adjustment.TIMEOUT | Adjustment.TIMEOUTS as adjustment:
                changed = changed.with_changes(value=_client_timeout(argument.value, adjustment, aiohttp))
            case Adjustment.SSL:
                changed = changed.with_changes(keyword=cst.Name("ssl"))
            case Adjustment.LOGIN if "headers" in adjustments:
                continue
            case Adjustment.LOGIN:
                headers = cst.Dict([_authorization(argument.value, aiohttp)])
                changed = changed.with_changes(keyword=cst.Name("headers"), value=headers)
        if login is not None and isinstance(changed.value, cst.Dict) and _name(argument) == "headers":
            # at the end: requests' `auth=` wins over a header
            elements = [*changed.value.elements, _authorization(login, aiohttp)]
            changed = changed.with_changes(value=changed.value.with_changes(elements=elements))
        yield changed
    if skips_content_type:
        skipped = cst.List([cst.Element(cst.SimpleString('"Content-Type"'))])
        yield cst.Arg(skipped, keyword=cst.Name("skip_auto_headers"), equal=_TIGHT)


def _name(argument: cst.Arg) -> str:
    return argument.keyword.value if argument.keyword is not None else ""


def _adjustment(argument: cst.Arg, adjustments: Mapping[str, Adjustment]) -> Adjustment:
    return adjustments.get(_name(argument), Adjustment.PASSED)


def _authorization(login: cst.BaseExpression, aiohttp: str) -> cst.DictElement:
    assert isinstance(login, cst.Tuple)
    parts = [cst.Arg(one.value) for one in login.elements]
    encode = cst.Attribute(cst.Name(aiohttp), cst.Name("encode_basic_auth"))
    made = cst.Call(encode, [*parts, cst.Arg(cst.SimpleString('"latin1"'))])
    return cst.DictElement(cst.SimpleString('"Authorization"'), made)


def _client_timeout(value: cst.BaseExpression, adjustment: Adjustment, aiohttp: str) -> cst.BaseExpression:
    """requests' timeout is per socket operation (the verified table, section 2.7)."""
    seconds: Mapping[str, cst.BaseExpression]
    if isinstance(value, cst.Name) and value.value == "None":
        seconds = {"total": value}
    elif adjustment is Adjustment.TIMEOUT:
        seconds = {"sock_connect": value, "sock_read": value}
    elif isinstance(value, cst.Tuple):
        seconds = {"sock_connect": value.elements[0].value, "sock_read": value.elements[1].value}
    else:
        parts = [cst.Subscript(value, [cst.SubscriptElement(cst.Index(cst.Integer(at)))]) for at in "01"]
        seconds = {"sock_connect": parts[0], "sock_read": parts[1]}
    arguments = [cst.Arg(one, keyword=cst.Name(name), equal=_TIGHT) for name, one in seconds.items()]
    return cst.Call(cst.Attribute(cst.Name(aiohttp), cst.Name("ClientTimeout")), arguments)
