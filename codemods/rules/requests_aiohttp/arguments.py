"""Which arguments of a request aiohttp takes as they are, and how the others are adjusted.

Sources: requests 2.34 `requests/api.py` for positional parameters; the verified table, sections 2.1 to 2.8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from codemods.facts.syntax import dotted_name
from codemods.model import Span
from codemods.rules.rule import Refusal
from codemods.tree import Tree

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "get": ("url", "params"),
    "post": ("url", "data", "json"),
    "put": ("url", "data"),
    "patch": ("url", "data"),
    "delete": ("url",),
    "head": ("url",),
    "options": ("url",),
}
"""The names of the positional parameters, by verb."""

_PASSED_ON = frozenset({"url", "json", "allow_redirects"})
_WITH_BODY = frozenset({"post", "put", "patch"})
_SAFE_VALUES = frozenset({"str", "int", "float", "LiteralString", "typing.LiteralString"})
_TIMEOUT = "aiohttp.ClientTimeout"


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


def check_arguments(tree: Tree, call: cst.Call, verb: str, types: Mapping[Span, str]) -> tuple[str, ...] | Refusal:
    """The notes for a request whose arguments aiohttp can take, or why it cannot take them."""
    arguments = named_arguments(call, verb)
    if isinstance(arguments, Refusal):
        return arguments
    notes: list[str] = []
    for name, value in arguments.items():
        kind = _type_of(tree, value, types)
        answer = _check(name, value, kind, tree, types)
        if isinstance(answer, Refusal):
            return answer
        notes += answer
    if "timeout" not in arguments:
        notes.append("without timeout= requests waits for ever; aiohttp gives up after 300 seconds in all")
    if verb in _WITH_BODY and not {"data", "json"} & set(arguments):
        notes.append("aiohttp sends a Content-Type header with an empty body; requests sends none")
    if verb in {"put", "patch", "delete"} and not _is_name(arguments.get("allow_redirects"), "False"):
        notes.append("after a redirect aiohttp keeps the method and the body; requests changes them")
    return tuple(notes)


def _check(
    name: str, value: cst.BaseExpression, kind: str | None, tree: Tree, types: Mapping[Span, str]
) -> list[str] | Refusal:
    if name == "url":
        wrong = kind in {"bytes", "None"} or (isinstance(value, cst.SimpleString) and "b" in value.prefix)
        return Refusal("its URL is no str") if wrong else []
    if name in _PASSED_ON:
        return []
    if name == "timeout":
        return _check_timeout(value, kind)
    if name in {"params", "headers", "data"}:
        if isinstance(value, cst.Dict):
            return _check_display(name, value, tree, types)
        return _check_mapping(name, value, kind)
    return Refusal(f"its argument {name}= has no form in aiohttp yet that is known to be the same")


def _check_timeout(value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if _is_name(value, "None"):
        return []
    if isinstance(value, cst.Integer | cst.Float):
        return [] if value.evaluated_value > 0 else Refusal("a timeout of 0 is an error in requests only")
    if kind in {"int", "float"} and dotted_name(value) is not None:
        return []  # it is written twice: anything but a name could have effects
    return Refusal("its timeout is not known to be a number")


def _check_display(name: str, value: cst.Dict, tree: Tree, types: Mapping[Span, str]) -> list[str] | Refusal:
    unknown = False
    for element in value.elements:
        if not isinstance(element, cst.DictElement):
            unknown = True
            continue
        answer = _check_value(name, element.value, _type_of(tree, element.value, types))
        if isinstance(answer, Refusal):
            return answer
        unknown = unknown or not answer
    return [_unknown_values(name)] if unknown else []


def _check_value(name: str, value: cst.BaseExpression, kind: str | None) -> bool | Refusal:
    """Whether one value of a mapping is known to be sent the same."""
    if isinstance(value, cst.Name) and value.value in {"None", "True", "False"} and name != "data":
        return Refusal(f"{name}= holds {value.value}, which aiohttp does not take")
    if _is_name(value, "None") or kind in {"None", "bytes"}:
        return Refusal(f"{name}= holds a value that requests drops or encodes and aiohttp does not")
    if kind == "bool" and name != "data":
        return Refusal(f"{name}= holds a bool, which aiohttp does not take")
    if isinstance(value, cst.SimpleString):
        return "b" not in value.prefix or Refusal(f"{name}= holds bytes")
    if isinstance(value, cst.FormattedString | cst.ConcatenatedString):
        return True
    if isinstance(value, cst.Integer | cst.Float) or kind in {"int", "float"}:
        return True if name != "headers" else Refusal("headers= holds a number")
    return kind in _SAFE_VALUES


def _check_mapping(name: str, value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if _is_name(value, "None"):
        return []
    if kind is not None and (kind in {"str", "bytes"} or kind.startswith("typing.Literal")):
        return Refusal(f"{name}= is a {kind}, which aiohttp sends in another form")
    if name == "data" and (kind is None or not kind.startswith("dict[")):
        return Refusal("its data= is not known to be a dict")
    if kind in {"dict[str, str]", "dict[str, int]", "dict[str, float]"}:
        return []
    return [_unknown_values(name)]


def _unknown_values(name: str) -> str:
    if name == "data":
        return "aiohttp sends None in data= as the text None; requests leaves such a field out"
    accepted = "str" if name == "headers" else "str, int or float"
    return f"aiohttp raises TypeError for values in {name}= that are not {accepted}; requests leaves None out"


def _type_of(tree: Tree, value: cst.BaseExpression, types: Mapping[Span, str]) -> str | None:
    kind = types.get(tree.span(value))
    return None if kind in {None, "Unknown", "typing.Any", "Any"} else kind


def _is_name(value: cst.BaseExpression | None, name: str) -> bool:
    return isinstance(value, cst.Name) and value.value == name


def convert_arguments(call: cst.Call, verb: str) -> Iterator[cst.Arg]:
    """The arguments of a checked request as aiohttp takes them: the user's own nodes, adjusted in place."""
    positional = POSITIONAL[verb]
    for index, argument in enumerate(call.args):
        changed = argument
        if argument.keyword is None and index > 0:
            changed = changed.with_changes(keyword=cst.Name(positional[index]), equal=_TIGHT)
        if changed.keyword is not None and changed.keyword.value == "timeout":
            changed = changed.with_changes(value=_client_timeout(argument.value))
        yield changed


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _client_timeout(value: cst.BaseExpression) -> cst.BaseExpression:
    """requests' timeout is per socket operation (the verified table, section 2.7)."""
    if _is_name(value, "None"):
        return cst.parse_expression(f"{_TIMEOUT}(total=None)")
    arguments = [cst.Arg(value, keyword=cst.Name(name), equal=_TIGHT) for name in ("sock_connect", "sock_read")]
    return cst.Call(cst.parse_expression(_TIMEOUT), arguments)
