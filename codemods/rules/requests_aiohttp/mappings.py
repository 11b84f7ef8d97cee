"""The arguments of a request that map names to values: are they sent alike?

Source: the verified table, sections 2.1, 2.3 and 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import libcst as cst

from codemods.model import Span
from codemods.rules.requests_aiohttp.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_aiohttp.values import ONE_TEXT, Sent, mapping_is_sent, value_is_sent
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_PLAIN_COOKIE = re.compile(r"[\w!#$%&'*+.^`|~:-]*", re.ASCII)
"""What `http.cookies` does not put into quotes (section 2.4)."""
_RESERVED = frozenset(
    {"expires", "path", "comment", "domain", "max-age", "secure", "httponly", "version", "samesite", "partitioned"}
)
"""Names that `http.cookies` refuses as those of cookies."""


def check_mapping(name: str, value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> list[str] | Refusal:
    """The notes on a mapping given as the argument `name`, or why it cannot be given to aiohttp."""
    if isinstance(value, cst.Dict):
        return _check_display(name, value, tree, types)
    return _check_whole(name, value, type_of(tree, value, types))


def _check_display(name: str, value: cst.Dict, tree: Tree, types: Mapping[Span, str]) -> list[str] | Refusal:
    notes: list[str] = []
    for element in value.elements:
        if not isinstance(element, cst.DictElement):
            notes = [_unknown_values(name)]
            continue
        checked = check_pair(name, element.key, element.value, tree, types)
        if isinstance(checked, Refusal):
            return checked
        # what a cookie's text holds decides whether it is quoted
        notes = notes or checked or ([_unknown_values(name)] if name == "cookies" and not _is_text(element) else [])
    return notes


def check_pair(
    name: str, key: cst.BaseExpression, value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]
) -> list[str] | Refusal:
    """The notes on one entry of a mapping given as the argument `name`, or why it cannot be given to aiohttp."""
    sent = {
        "key": _key_is_sent(name, key, type_of(tree, key, types)),
        "value": _is_sent(name, value, type_of(tree, value, types)),
    }
    for part, how in sent.items():
        if how is Sent.OTHERWISE:
            line = tree.span(key).line
            return Refusal(f"{name}= holds a {part} in line {line} that aiohttp does not send as requests does")
    return [_unknown_values(name)] if Sent.UNKNOWN in sent.values() else []


def _is_text(element: cst.DictElement) -> bool:
    return isinstance(element.key, cst.SimpleString) and isinstance(element.value, cst.SimpleString)


def _key_is_sent(name: str, key: cst.BaseExpression, kind: str | None) -> Sent:
    if isinstance(key, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        text = "".join(literal_parts(key))
        is_refused = name == "cookies" and (text.lower() in _RESERVED or not _PLAIN_COOKIE.fullmatch(text))
        is_bytes = isinstance(key, cst.SimpleString) and "b" in key.prefix
        return Sent.OTHERWISE if is_refused or is_bytes else Sent.ALIKE
    if isinstance(key, cst.BaseNumber):
        return Sent.OTHERWISE
    return value_is_sent("headers", kind)  # a str, and nothing else


def _is_sent(name: str, value: cst.BaseExpression, kind: str | None) -> Sent:
    """How one value of a mapping is sent."""
    if is_name(value, "None"):
        return Sent.OTHERWISE
    if is_name(value, "True") or is_name(value, "False"):
        return Sent.ALIKE if name == "data" else Sent.OTHERWISE
    if isinstance(value, cst.Integer | cst.Float):
        return Sent.OTHERWISE if name in ONE_TEXT else Sent.ALIKE
    if isinstance(value, cst.SimpleString) and "b" in value.prefix:
        return Sent.OTHERWISE
    if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        return Sent.ALIKE if all(_is_plain_text(name, part) for part in literal_parts(value)) else Sent.OTHERWISE
    if isinstance(value, cst.List | cst.Tuple) and name not in ONE_TEXT:
        answers = {_is_sent(name, one.value, None) for one in value.elements}
        return max(answers, key=lambda one: one.value) if answers else Sent.ALIKE
    return value_is_sent(name, kind)


def _is_plain_text(name: str, text: str) -> bool:
    """Whether a text is sent as it is."""
    if name == "cookies":
        return _PLAIN_COOKIE.fullmatch(text) is not None
    return name != "headers" or text.isascii()


def _check_whole(name: str, value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if is_name(value, "None"):
        return []
    sent = mapping_is_sent(name, kind)
    if sent is Sent.OTHERWISE:
        return Refusal(f"{name}= is a {kind}, which aiohttp does not send as requests does")
    if name == "data" and (kind is None or not kind.startswith("dict[")):
        return Refusal("its data= is not known to be a dict")
    return [_unknown_values(name)] if sent is Sent.UNKNOWN or name == "cookies" else []


def _unknown_values(name: str) -> str:
    if name == "data":
        return "aiohttp sends None in data= as the text None, and bytes as a file; requests does neither"
    if name == "cookies":
        return (
            "aiohttp sends cookies that are None as the text None, quotes those with special characters, and refuses "
            "some names; requests does none of this"
        )
    if name == "headers":
        return "aiohttp raises TypeError for values in headers= that are not str; requests leaves None out"
    return (
        "aiohttp takes str, int and float in params=: it raises TypeError for None, bool and bytes, cuts Decimal to "
        "int, sends members of an Enum by name and escapes a str again; requests takes them all"
    )
