"""What the checker's type of an argument says: is a value sent by aiohttp as requests sends it?

Types are the texts that the checker writes. Sources: the verified table, sections 2.1 to 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto


class Sent(Enum):
    """How a value is sent."""

    ALIKE = auto()
    OTHERWISE = auto()
    """For certain not as requests sends it: aiohttp refuses it, or sends something else."""
    UNKNOWN = auto()


_TEXT = frozenset({"str", "LiteralString", "typing.LiteralString"})
_NUMBERS = frozenset({"int", "float"})
SCALARS = {
    "params": _TEXT | _NUMBERS,
    "headers": _TEXT,
    "cookies": _TEXT,
    "data": _TEXT | _NUMBERS | {"bool", "decimal.Decimal"},
}
"""The types that are sent alike as a value, by argument."""
ONE_TEXT = frozenset({"headers", "cookies"})
"""The arguments whose values are one text each."""

_LITERAL = re.compile(r"(?:typing\.)?Literal\[(.*)\]")
_SEQUENCE = re.compile(r"(?:list\[(.*)\]|tuple\[(.*), \.\.\.\])")
_MAPPING = re.compile(r"(?:dict|typing\.Mapping|collections\.abc\.Mapping)\[(.*)\]")
_PAIRS = re.compile(r"(?:list|typing\.Sequence)\[tuple\[(.*)\]\]")


def alternatives(kind: str) -> list[str]:
    """The members of a union: `int | None` has two."""
    return list(_split(kind, " | "))


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts of a text between separators that stand in no brackets."""
    depth = start = at = 0
    while at < len(text):
        depth += (text[at] in "[(") - (text[at] in "])")
        if depth == 0 and text.startswith(separator, at):
            yield text[start:at]
            at += len(separator)
            start = at
        else:
            at += 1
    yield text[start:]


def _worst(answers: list[Sent]) -> Sent:
    if Sent.OTHERWISE in answers:
        return Sent.OTHERWISE
    return Sent.UNKNOWN if Sent.UNKNOWN in answers or not answers else Sent.ALIKE


def is_plain_dict(kind: str | None) -> bool:
    """Whether a type is that of a dict, and of nothing else."""
    return kind is not None and all(one.startswith("dict[") for one in alternatives(kind))


def is_unknown(kind: str | None) -> bool:
    """Whether a type says nothing."""
    return kind is None or re.search(r"\b(?:Unknown|Any)\b|^@|TypeVar", kind) is not None


def value_is_sent(name: str, kind: str | None) -> Sent:
    """How one value in `params`, `headers`, `cookies` or `data` is sent."""
    if kind is None or is_unknown(kind):
        return Sent.UNKNOWN
    return _worst([_alternative_is_sent(name, one) for one in alternatives(kind)])


def _alternative_is_sent(name: str, kind: str) -> Sent:
    if kind in SCALARS[name]:
        return Sent.ALIKE
    literal = _LITERAL.fullmatch(kind)
    if literal is not None:
        is_plain = re.fullmatch(r"(?:'[^']*'|\"[^\"]*\"|-?\d+|, )*", literal[1]) is not None
        is_plain = is_plain and (name not in ONE_TEXT or not re.search(r"(?:^|, )-?\d", literal[1]))
        return Sent.ALIKE if is_plain else Sent.OTHERWISE
    many = _SEQUENCE.fullmatch(kind)
    if many is not None and name not in ONE_TEXT:
        return value_is_sent(name, many[1] or many[2])
    return Sent.OTHERWISE


def mapping_is_sent(name: str, kind: str | None) -> Sent:
    """How a whole `params`, `headers`, `cookies` or `data` is sent."""
    if kind is None:
        return Sent.UNKNOWN
    return _worst([_whole_is_sent(name, one) for one in alternatives(kind)])


def _whole_is_sent(name: str, kind: str) -> Sent:
    if kind == "None":
        return Sent.ALIKE
    pairs = _PAIRS.fullmatch(kind) if name not in ONE_TEXT else None
    found = _MAPPING.fullmatch(kind) or pairs
    if found is None:
        return Sent.UNKNOWN if is_unknown(kind) else Sent.OTHERWISE
    parts = list(_split(found[1], ", "))
    if len(parts) != 2:
        return Sent.UNKNOWN
    key, value = parts
    key_is_sent = Sent.ALIKE if key in _TEXT else Sent.UNKNOWN if is_unknown(key) else Sent.OTHERWISE
    return _worst([key_is_sent, value_is_sent(name, value)])


def mapping_is_sent_unless_none(name: str, kind: str | None) -> bool:
    """Whether a dict as a whole is sent alike once the pairs are left out whose value is None."""
    found = re.fullmatch(r"dict\[str, (.*)\]", kind or "")
    if found is None:
        return False
    kinds = list(alternatives(found[1]))
    others = [one for one in kinds if one != "None"]
    return len(others) < len(kinds) and value_is_sent(name, " | ".join(others)) is Sent.ALIKE
