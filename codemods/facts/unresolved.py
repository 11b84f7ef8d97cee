"""Calls that the checker could not resolve: which name they call, and so which function they may mean."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from codemods.facts.assemble import Text
from codemods.facts.graph import Call, CallKind

_NAMED_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_OPENS = {")": "(", "]": "[", "}": "{"}

COMMON = frozenset(
    name
    for kind in (str, bytes, bytearray, dict, list, set, frozenset, tuple, int, float, io.TextIOWrapper, io.BytesIO)
    for name in dir(kind)
    if not name.startswith("_")
)
"""Methods of built-in types: a call of such a name on an unknown receiver says nothing about the project."""


@dataclass(frozen=True, slots=True)
class UnresolvedCall:
    """A call of which only the name is known."""

    call: Call
    name: str


def unresolved_calls(
    calls: Iterable[Call], texts: Mapping[str, Text], names: frozenset[str]
) -> Iterator[UnresolvedCall]:
    """The unresolved calls that carry one of the names. A call whose name is in doubt counts for each it may be."""
    for call in calls:
        if call.is_resolved or call.targets or call.kind is not CallKind.CALL:
            continue
        text = texts[call.path].lines.slice(call.span)
        for name in called_names(text):
            if name in names:
                yield UnresolvedCall(call, name)


def called_names(text: str) -> frozenset[str]:
    """The names that a call expression may call: one, unless strings in it hold parentheses."""
    opening = _matching_parenthesis(text)
    if opening is not None:
        match = re.search(r"([^\W\d]\w*)\s*\Z", text[:opening])
        # `f(x)(y)` and `table[k](y)` call something without a name
        return frozenset() if match is None else frozenset({match[1]})
    return frozenset(_NAMED_CALL.findall(text))


def _matching_parenthesis(text: str) -> int | None:
    """The offset of the parenthesis that the last one closes; None when that cannot be told from brackets alone."""
    if not text.endswith(")"):
        return None
    if "'" in text or '"' in text or "#" in text:
        text = re.sub(
            r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", _blanked, text, flags=re.S
        )
        text = re.sub(r"#[^\n]*", _blanked, text)
    open_brackets: list[str] = []
    for at in range(len(text) - 1, -1, -1):
        character = text[at]
        if character in _OPENS:
            open_brackets.append(_OPENS[character])
        elif character in "([{":
            if not open_brackets or open_brackets.pop() != character:
                return None
            if not open_brackets:
                return at
    return None


def _blanked(match: re.Match[str]) -> str:
    return " " * len(match[0])
