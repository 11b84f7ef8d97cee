"""Statements and brackets of an outline: a text whose strings and comments are blank."""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Sequence


class Statement:
    """The logical line around an offset of an outline."""

    def __init__(self, outline: str, offset: int, starts: Sequence[int]) -> None:
        index = bisect_right(starts, offset)
        self._start = starts[index - 1]
        end = starts[index] if index < len(starts) else len(outline)
        self._written = outline[self._start : end]
        self._text = flat(self._written)
        self._offset = offset - self._start
        self._signs = [match.start() for match in re.finditer(r"(?<![=!<>:])=(?!=)", self._text)]

    def is_plain_use(self, end: int) -> bool:
        """Whether what stands between the offset and an end is only read."""
        before = self._written[: self._offset]
        if re.search(r"\b(?:for\b(?:(?!\bin\b)[\w.,\s(])*|(?:as|del)\b[\w.,\s(]*)\Z", before):
            return False
        # keyword arguments stand in brackets, and their signs are not seen
        return not any(sign >= end - self._start for sign in self._signs)

    def is_loop_target(self, offset: int) -> bool:
        """Whether what stands at an offset is a target of a `for`, of a statement or a comprehension."""
        before = self._written[: offset - self._start]
        return re.search(r"\bfor\b(?:(?!\bin\b)[\w\s,()*])*\Z", before) is not None

    def value_of_tuple(self, end: int) -> tuple[int, int] | None:
        """The offsets of what is unpacked into names one of which ends there; None when it is no such target."""
        if len(self._signs) != 1 or ";" in self._text or end - self._start > self._signs[0]:
            return None
        if re.match(r"\s*\(?[\w\s,]+\)?\s*\Z", self._written[: self._signs[0]]) is None:
            return None
        return self._from(self._signs[0] + 1)

    def value_after(self, end: int) -> tuple[int, int] | None:
        """The offsets of what is assigned to the single target that ends there; None when it is no such target."""
        at = end - self._start
        before = max((sign for sign in self._signs if sign < self._offset), default=-1)
        target = self._text[before + 1 : self._offset]
        if re.match(r"\s*(?::[^=]*)?=(?!=)", self._text[at:]) is None or "," in target or "*" in target:
            return None
        return None if ";" in self._text else self._from(self._signs[-1] + 1)

    def _from(self, start: int) -> tuple[int, int]:
        """The offsets of what stands behind a sign, without the blanks around it."""
        value = self._text[start:]
        start += len(value) - len(value.lstrip())
        return self._start + start, self._start + max(start, len(self._text.rstrip()))


def statement_starts(outline: str) -> list[int]:
    """Where logical lines start."""
    starts = [0]
    depth = 0
    for match in re.finditer(r"[()\[\]{}]|(?<!\\)(?:\r\n|\n|\r)", outline):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        elif depth == 0:
            starts.append(match.end())
    return starts


def flat(outline: str) -> str:
    """An outline with what stands in brackets made one word, as long as before."""
    parts: list[str] = []
    depth = 0
    for character in outline:
        if character in ")]}":
            depth -= 1
        parts.append("_" if depth > 0 else character)
        if character in "([{":
            depth += 1
    return "".join(parts)


def opening_of(outline: str, start: int, end: int) -> int | None:
    """The parenthesis that the last one of a call closes."""
    return bracket_of(outline, start, end) if outline[max(start, end - 1) : end] == ")" else None


def bracket_of(outline: str, start: int, end: int) -> int | None:
    """The bracket that the last character between two offsets closes, whichever kind it is."""
    depth = 0
    for at in range(end - 1, start - 1, -1):
        if outline[at] in ")]}":
            depth += 1
        elif outline[at] in "([{":
            depth -= 1
        if depth == 0:
            return at if at < end - 1 else None
    return None


def ungrouped_end(outline: str, end: int) -> int:
    """Where an expression ends without the parentheses around it, of which the last one stands before an offset."""
    while outline[end - 1] == ")":
        opening = opening_of(outline, 0, end)
        if opening is None or _CALLED.search(outline, max(0, opening - 80), opening):
            break
        end -= 1
        while outline[end - 1].isspace():
            end -= 1
    return end


_CALLED = re.compile(rf"(?:[)\]]|(?<!\w)(?!(?:{'|'.join(keyword.kwlist)})\b)\w+)\s*\Z")
"""What is called by the parenthesis behind it."""
