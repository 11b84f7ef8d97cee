"""The arguments of a request that map names to values: are they sent alike?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import libcst as cst

from codemods.model import Span
from codemods.rules.names import is_bound
from codemods.rules.requests_calls.adjustments import PASSED, Adjustment, Answer, NameOf, called
from codemods.rules.requests_calls.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_calls.values import (
    ONE_TEXT,
    TEXT,
    Sent,
    Wire,
    alternatives,
    mapping_is_sent,
    mapping_is_sent_unless_none,
    value_is_sent,
)
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_PLAIN_COOKIE = re.compile(r"[\w!#$%&'*+.^`|~:-]+", re.ASCII)
"""What `http.cookies` does not put into quotes (section 2.4): an empty text, too, is put into some."""
_RESERVED = frozenset(
    {"expires", "path", "comment", "domain", "max-age", "secure", "httponly", "version", "samesite", "partitioned"}
)
"""Names that `http.cookies` refuses as those of cookies."""


_DEFAULTS = frozenset({"user-agent", "accept", "accept-encoding", "connection"})
"""The headers that requests sends by itself: None in their place keeps it from that."""


@dataclass(frozen=True, slots=True)
class Pairs(Adjustment):
    """A display of a mapping that holds what the library does not take."""

    gone_pairs: tuple[int, ...]
    """The places of the pairs that are left out: their value is None."""
    texts: tuple[int, ...]
    """The places of those whose value becomes a text."""
    is_filtered: bool
    """Whether the pairs whose value turns out to be None are left out."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        value = argument.value
        if isinstance(value, cst.Dict):
            elements = [
                _as_text(one) if index in self.texts else one
                for index, one in enumerate(value.elements)
                if index not in self.gone_pairs
            ]
            if elements and len(elements) < len(value.elements):
                elements[-1] = elements[-1].with_changes(comma=value.elements[-1].comma)
            value = value.with_changes(elements=elements)
        return [argument.with_changes(value=_filtered(value) if self.is_filtered else value)]


def _as_text(element: cst.BaseDictElement) -> cst.BaseDictElement:
    assert isinstance(element, cst.DictElement)
    value = element.value
    if is_name(value, "True") or is_name(value, "False"):
        assert isinstance(value, cst.Name)
        return element.with_changes(value=cst.SimpleString(f'"{value.value}"'))
    return element.with_changes(value=called(cst.Name("str"), value))


def _filtered(mapping: cst.BaseExpression) -> cst.DictComp:
    """`{key: value for key, value in mapping.items() if value is not None}`."""
    key, value = cst.Name("key"), cst.Name("value")
    is_something = cst.Comparison(value, [cst.ComparisonTarget(cst.IsNot(), cst.Name("None"))])
    pair = cst.Tuple([cst.Element(key), cst.Element(value)], lpar=(), rpar=())
    items = called(cst.Attribute(mapping, cst.Name("items")))
    return cst.DictComp(key, value, cst.CompFor(pair, items, ifs=[cst.CompIf(is_something)]))


def are_literal(headers: cst.BaseExpression) -> bool:
    """Whether all headers can be seen, letter by letter."""
    return isinstance(headers, cst.Dict) and all(
        isinstance(one, cst.DictElement) and isinstance(one.value, cst.SimpleString) for one in headers.elements
    )


def are_texts(cookies: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> bool:
    """Whether each cookie has a name that can be seen, and is a text."""
    if not isinstance(cookies, cst.Dict):
        return False
    texts = (cst.SimpleString, cst.FormattedString)
    return all(
        isinstance(one, cst.DictElement)
        and isinstance(one.key, cst.SimpleString)
        and (isinstance(one.value, texts) or type_of(tree, one.value, types) in TEXT)
        for one in cookies.elements
    )


def check_mapping(wire: Wire, name: str, value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> Answer:
    """What becomes of a mapping given as the argument `name`."""
    if isinstance(value, cst.Dict):
        return _check_display(wire, name, value, tree, types)
    return _check_whole(wire, name, value, type_of(tree, value, types))


def _check_display(wire: Wire, name: str, value: cst.Dict, tree: Tree, types: Mapping[Span, str]) -> Answer:
    notes: list[str] = []
    changes: dict[int, _Change] = {}
    for index, element in enumerate(value.elements):
        if not isinstance(element, cst.DictElement):
            notes = [wire.unknown[name]]
            continue
        change = _change_of(wire, name, element, tree, types)
        if change is not None:
            changes[index] = change
            continue
        checked = check_pair(wire, name, element.key, element.value, tree, types)
        if isinstance(checked, Refusal):
            return checked
        # what a cookie's text holds decides whether it is quoted
        notes = notes or checked or ([wire.unknown[name]] if name == "cookies" and not _is_text(element) else [])
    gone, texts, filtered = ([at for at, one in changes.items() if one is kind] for kind in _Change)
    if name == "data" and gone and len(gone) == len(value.elements):
        return Refusal("data= holds nothing but None, for which requests sends the type of a form")
    return (Pairs(tuple(gone), tuple(texts), bool(filtered)) if changes else PASSED), notes


def check_pair(
    wire: Wire, name: str, key: cst.BaseExpression, value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]
) -> list[str] | Refusal:
    """The notes on one entry of a mapping given as the argument `name`, or why the library cannot take it as it is."""
    sent = {
        "key": _key_is_sent(wire, name, key, type_of(tree, key, types)),
        "value": _is_sent(wire, name, value, type_of(tree, value, types)),
    }
    for part, how in sent.items():
        if how is Sent.OTHERWISE:
            line = tree.span(key).line
            return Refusal(f"{name}= holds a {part} in line {line} that {wire.client} does not send as requests does")
    return [wire.unknown[name]] if Sent.UNKNOWN in sent.values() else []


class _Change(Enum):
    """What becomes of a pair that the library does not take."""

    GONE = auto()
    TEXT = auto()
    FILTERED = auto()


def _change_of(
    wire: Wire, name: str, element: cst.DictElement, tree: Tree, types: Mapping[Span, str]
) -> _Change | None:
    kind = type_of(tree, element.value, types)
    key_is_sent = _key_is_sent(wire, name, element.key, type_of(tree, element.key, types))
    is_fit = key_is_sent is not Sent.OTHERWISE and name != "cookies" and not _may_be_default(name, element.key)
    if not is_fit or _is_sent(wire, name, element.value, kind) is not Sent.OTHERWISE:
        return None
    if is_name(element.value, "None"):
        return _Change.GONE
    if _is_shown_as_text(wire, name, element.value, kind) and not is_bound(tree, "str", element):
        return _Change.TEXT
    return _Change.FILTERED if _is_sent_unless_none(wire, name, kind) else None


def _may_be_default(name: str, key: cst.BaseExpression) -> bool:
    """Whether a header may be one that requests sends by itself."""
    is_visible = isinstance(key, cst.SimpleString)
    return name == "headers" and not (is_visible and "".join(literal_parts(key)).lower() not in _DEFAULTS)


def _is_shown_as_text(wire: Wire, name: str, value: cst.BaseExpression, kind: str | None) -> bool:
    texts = wire.as_text.get(name, frozenset())
    if _is_bool(value):
        return "bool" in texts
    return kind is not None and set(alternatives(kind)) <= texts | wire.scalars[name]


def _is_bool(value: cst.BaseExpression) -> bool:
    """Whether an expression can only give True or False, as far as the standard library goes."""
    is_negation = isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Not)
    return is_negation or isinstance(value, cst.Comparison) or is_name(value, "True") or is_name(value, "False")


def _is_sent_unless_none(wire: Wire, name: str, kind: str | None) -> bool:
    """Whether a value is either None or sent as requests sends it."""
    kinds = alternatives(kind) if kind is not None else []
    others = [one for one in kinds if one != "None"]
    return len(others) < len(kinds) and value_is_sent(wire, name, " | ".join(others)) is Sent.ALIKE


def _is_text(element: cst.DictElement) -> bool:
    return isinstance(element.key, cst.SimpleString) and isinstance(element.value, cst.SimpleString)


def _key_is_sent(wire: Wire, name: str, key: cst.BaseExpression, kind: str | None) -> Sent:
    if isinstance(key, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        text = "".join(literal_parts(key))
        is_refused = name == "cookies" and (text.lower() in _RESERVED or not _PLAIN_COOKIE.fullmatch(text))
        is_bytes = isinstance(key, cst.SimpleString) and "b" in key.prefix
        return Sent.OTHERWISE if is_refused or is_bytes else Sent.ALIKE
    if isinstance(key, cst.BaseNumber):
        return Sent.OTHERWISE
    return value_is_sent(wire, "headers", kind)  # a str, and nothing else


def _is_sent(wire: Wire, name: str, value: cst.BaseExpression, kind: str | None) -> Sent:
    """How one value of a mapping is sent."""
    if is_name(value, "None"):
        return Sent.OTHERWISE
    if _is_bool(value):
        return Sent.ALIKE if "bool" in wire.scalars[name] else Sent.OTHERWISE
    if isinstance(value, cst.Integer | cst.Float):
        return Sent.OTHERWISE if name in ONE_TEXT else Sent.ALIKE
    if isinstance(value, cst.SimpleString) and "b" in value.prefix:
        return Sent.OTHERWISE
    if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        parts = list(literal_parts(value))
        starts_with_space = name == "headers" and bool(parts) and parts[0][:1].isspace()
        is_plain = all(_is_plain_text(name, part) for part in parts) and not starts_with_space
        return Sent.ALIKE if is_plain else Sent.OTHERWISE
    if isinstance(value, cst.Dict | cst.Set | cst.BaseComp) and name not in wire.nested:
        return Sent.OTHERWISE
    if isinstance(value, cst.List | cst.Tuple) and name not in ONE_TEXT:
        answers = {_is_sent(wire, name, one.value, None) for one in value.elements}
        return max(answers, key=lambda one: one.value) if answers else Sent.ALIKE
    return value_is_sent(wire, name, kind)


def _is_plain_text(name: str, text: str) -> bool:
    """Whether a text is sent as it is."""
    if name == "cookies":
        return _PLAIN_COOKIE.fullmatch(text) is not None
    return name != "headers" or (text.isascii() and text.isprintable())


def _check_whole(wire: Wire, name: str, value: cst.BaseExpression, kind: str | None) -> Answer:
    if is_name(value, "None"):
        return PASSED, []
    sent = mapping_is_sent(wire, name, kind)
    if sent is Sent.OTHERWISE:
        if name in {"params", "data"} and mapping_is_sent_unless_none(wire, name, kind):
            return Pairs((), (), is_filtered=True), []
        return Refusal(f"{name}= is a {kind}, which {wire.client} does not send as requests does")
    forms = ("dict[", "list[tuple[") if name in wire.pairs else ("dict[",)
    if name == "data" and (kind is None or not kind.startswith(forms)):
        return Refusal("its data= is not known to be a dict")
    return PASSED, [wire.unknown[name]] if sent is Sent.UNKNOWN or name == "cookies" else []
