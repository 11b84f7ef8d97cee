"""Differences between two versions of a file, as hunks of lines. Every format that shows a diff draws these.

Lines are 1-based and keep their line ends. The functions raise nothing of their own; `text_hunks` lets the
`LookupError` of an encoding that Python does not know through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import AnyStr, Generic

from codemods.model import FileChange

CONTEXT = 3
"""How many unchanged lines stand around a change."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Line(Generic[AnyStr]):
    """One line of a hunk."""

    sign: str
    """`" "` in both versions, `"-"` only before, `"+"` only after."""
    old: int | None
    """Its number before; None when it is new."""
    new: int | None
    """Its number after; None when it is gone."""
    text: AnyStr


@dataclass(frozen=True, slots=True)
class Hunk(Generic[AnyStr]):
    """Lines that changed, with what stands around them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[Line[AnyStr], ...]

    @property
    def header(self) -> str:
        """The `@@ -1,3 +1,4 @@` line of a unified diff, without a line end."""
        return f"@@ -{_range(self.old_start, self.old_count)} +{_range(self.new_start, self.new_count)} @@"


def split_lines(text: str) -> list[str]:
    """The lines of `text` with their ends, which are what ends a line in Python: LF, CRLF and CR.

    `str.splitlines` would also split at form feeds and at U+2028, which stand inside lines of code.
    """
    return _LINE.findall(text)


def decoded(change: FileChange) -> tuple[str, str]:
    """The file before and after as text, for showing; bytes that are no text appear as `\\xNN`."""
    before, after = change.source.content, change.after
    return (
        before.decode(change.encoding, errors="backslashreplace"),
        after.decode(change.encoding, errors="backslashreplace"),
    )


def text_hunks(change: FileChange) -> list[Hunk[str]]:
    """The hunks of a file as text, for people and for JSON."""
    before, after = decoded(change)
    return diff(split_lines(before), split_lines(after))


def byte_hunks(change: FileChange) -> list[Hunk[bytes]]:
    """The hunks of a file as bytes, split at LF only as git does it, for a patch."""
    return diff(_split_at_lf(change.source.content), _split_at_lf(change.after))


def diff(before: Sequence[AnyStr], after: Sequence[AnyStr]) -> list[Hunk[AnyStr]]:
    """The hunks that turn the lines `before` into the lines `after`, in the order of the file."""
    matcher: SequenceMatcher[AnyStr] = SequenceMatcher(None, before, after)
    return [_hunk(group, before, after) for group in matcher.get_grouped_opcodes(CONTEXT)]


def changed_lines(hunks: Sequence[Hunk[AnyStr]]) -> tuple[int, int]:
    """How many lines were added and how many were removed."""
    signs = [line.sign for hunk in hunks for line in hunk.lines]
    return signs.count("+"), signs.count("-")


def _hunk(
    opcodes: Sequence[tuple[str, int, int, int, int]], before: Sequence[AnyStr], after: Sequence[AnyStr]
) -> Hunk[AnyStr]:
    lines: list[Line[AnyStr]] = []
    for tag, old, old_end, new, new_end in opcodes:
        if tag == "equal":
            lines += [Line(" ", old + at + 1, new + at + 1, text) for at, text in enumerate(before[old:old_end])]
            continue
        lines += [Line("-", at + 1, None, before[at]) for at in range(old, old_end)]
        lines += [Line("+", None, at + 1, after[at]) for at in range(new, new_end)]
    first, last = opcodes[0], opcodes[-1]
    return Hunk(first[1] + 1, last[2] - first[1], first[3] + 1, last[4] - first[3], tuple(lines))


def _range(start: int, count: int) -> str:
    # An empty side is named by the line before it, and a single line without its count: so says unified diff.
    if count == 0:
        return f"{start - 1},0"
    return str(start) if count == 1 else f"{start},{count}"


def _split_at_lf(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines
