"""The decoded text of a file, and how the checker's places become spans of it."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.facts.report import BytePlace
from codemods.model import Span
from codemods.tree import LineTable


@dataclass(frozen=True, slots=True)
class Text:
    """The decoded text of a file, and what turns the checker's places into spans."""

    name: str
    lines: LineTable
    has_bom: bool

    def span(self, place: BytePlace) -> Span:
        """The span of a place of the report: code points instead of bytes, the byte order mark not counted."""
        return Span(
            place.line,
            self._column(place.line, place.column),
            place.end_line,
            self._column(place.end_line, place.end_column),
        )

    def _column(self, line: int, column: int) -> int:
        if self.has_bom and line == 1:
            column -= 3
        if self.lines.text.isascii():
            return column
        before = self.lines.line(line).encode()[: column - 1]
        return len(before.decode(errors="replace")) + 1
