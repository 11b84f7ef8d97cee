"""Changes the text of a file so that a requirement goes or comes; every other character stays."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from codemods.requirements.listing import Entry, Layout, Listing

_WITH_COMMENT: Final = re.compile(r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\"'\n])*?([ \t]+#[^\n]*)")
"""A line with a comment at its end; `#` in a string starts none."""

_TO_COMMA: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+,")


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Text that takes the place of a stretch of the file."""

    start: int
    end: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of one list."""

    listing: Listing
    gone: Mapping[int, str]
    """The entries to remove, by index, each with its reason."""
    distribution: str
    floor: str
    add_reason: str | None
    """Why the distribution is added, from `floor` on; None when it is not."""


def written(layout: Layout, distribution: str, floor: str) -> str:
    """A requirement as a list of a layout has it, without quotes."""
    return f'{distribution} = ">={floor}"' if layout is Layout.KEYS else f"{distribution}>={floor}"


def edits_of(text: str, wanted: Wanted) -> list[TextEdit]:
    """The edits of one list, which do not overlap; none for a layout that is not known."""
    editor: _Array | _Lines
    if wanted.listing.layout is Layout.ARRAY:
        editor = _Array(text, wanted.listing)
        if editor.has_commas_apart():
            return []
    else:
        editor = _Lines(text, wanted.listing)
    gone = dict(wanted.gone)
    edits: list[TextEdit] = []
    if wanted.add_reason is not None:
        added = written(wanted.listing.layout, wanted.distribution, wanted.floor)
        rest = [index for index in range(len(wanted.listing.entries)) if index not in gone]
        at = _place(wanted, rest)
        if at in gone:
            edits += editor.replace(at, added, f"{wanted.add_reason}; {gone.pop(at)}")
        else:
            before = max((index for index in rest if index < at), default=None)
            edits += editor.insert(before, added, wanted.add_reason)
    return [*edits, *_merged(editor.remove(index, gone) for index in gone)]


def _merged(removals: Iterable[TextEdit]) -> list[TextEdit]:
    """Removals of stretches that share no text."""
    merged: list[TextEdit] = []
    for edit in sorted(removals, key=lambda one: (one.start, one.end)):
        if merged and edit.start < merged[-1].end:
            edit = replace(edit, start=merged[-1].start, end=max(edit.end, merged.pop().end))
        merged.append(edit)
    return merged


def _place(wanted: Wanted, rest: Sequence[int]) -> int:
    """The index the new entry comes to: in its place where the list is sorted, else where one goes, else last."""
    entries = wanted.listing.entries
    names = [entries[index].distribution for index in rest]
    first = min(wanted.gone, default=len(entries))
    if len(names) < 2 or "" in names or names != sorted(names):
        return first
    place = bisect(names, wanted.distribution)
    low = rest[place - 1] if place else -1
    high = rest[place] if place < len(rest) else len(entries)
    # an entry that goes from between the same neighbours gives its place
    return next((index for index in sorted(wanted.gone) if low < index < high), low + 1)


def with_edits(text: str, edits: Sequence[TextEdit]) -> str:
    """The text with the edits in it."""
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def line_end(text: str) -> str:
    """How the lines of a text end, by its first."""
    return "\r\n" if re.match(r"[^\n]*\r\n", text) else "\n"


class _Lines:
    """Entries that are whole lines."""

    def __init__(self, text: str, listing: Listing) -> None:
        self._text = text
        self._listing = listing

    def replace(self, index: int, added: str, reason: str) -> list[TextEdit]:
        entry = self._listing.entries[index]
        indent, comment, end = self._around(entry)
        return [TextEdit(entry.start, entry.end, f"{indent}{added}{comment}{end}", reason)]

    def insert(self, before: int | None, added: str, reason: str) -> list[TextEdit]:
        """Puts a line behind an entry, or in front of all."""
        entries = self._listing.entries
        if before is not None:
            indent, _, end = self._around(entries[before])
            at = entries[before].end
            if not end:  # the file's last line has no end, and goes on having none
                return [TextEdit(at, at, f"{line_end(self._text)}{indent}{added}", reason)]
            return [TextEdit(at, at, f"{indent}{added}{end}", reason)]
        at = entries[0].start if entries else self._listing.start
        indent = self._around(entries[0])[0] if entries else ""
        lead = "" if not at or self._text[at - 1] == "\n" else line_end(self._text)
        return [TextEdit(at, at, f"{lead}{indent}{added}{line_end(self._text)}", reason)]

    def remove(self, index: int, gone: Mapping[int, str]) -> TextEdit:
        entry = self._listing.entries[index]
        return TextEdit(entry.start, entry.end, "", gone[index])

    def _around(self, entry: Entry) -> tuple[str, str, str]:
        """The indent of an entry, the comment at its end and the end of its line."""
        text = self._text[entry.start : entry.end]
        body = text.rstrip("\r\n")
        indent = body[: len(body) - len(body.lstrip(" \t"))]
        comment = _WITH_COMMENT.fullmatch(body)
        return indent, comment[1] if comment else "", text[len(body) :]


class _Array:
    """Entries that are strings in a TOML array, on a line each or several on one."""

    def __init__(self, text: str, listing: Listing) -> None:
        self._text = text
        self._entries = listing.entries
        self._start = listing.start

    def replace(self, index: int, added: str, reason: str) -> list[TextEdit]:
        entry = self._entries[index]
        quote = self._text[entry.start]
        return [TextEdit(entry.start, entry.end, f"{quote}{added}{quote}", reason)]

    def insert(self, before: int | None, added: str, reason: str) -> list[TextEdit]:
        """Puts a string behind an entry, or in front of all."""
        if not self._entries:
            return [TextEdit(self._start, self._start, f'"{added}"', reason)]
        beside = self._entries[before or 0]
        quote = self._text[beside.start] if self._text[beside.start] in "\"'" else '"'
        item = f"{quote}{added}{quote}"
        line = self._own_line(beside)
        if before is None:
            if line is None:
                return [TextEdit(beside.start, beside.start, f"{item}, ", reason)]
            indent = self._text[line[0] : beside.start]
            return [TextEdit(line[0], line[0], f"{indent}{item},{line_end(self._text)}", reason)]
        if line is None:
            return [TextEdit(beside.end, beside.end, f", {item}", reason)]
        indent = self._text[line[0] : beside.start]
        has_comma = self._comma(beside) is not None
        new = TextEdit(line[1], line[1], f"{indent}{item}{',' if has_comma else ''}{line_end(self._text)}", reason)
        return [new] if has_comma else [TextEdit(beside.end, beside.end, ",", reason), new]

    def remove(self, index: int, gone: Mapping[int, str]) -> TextEdit:
        """Takes a string out, with the comma that nothing needs then; `gone` are all that are taken out."""
        entry = self._entries[index]
        line = self._own_line(entry)
        if line is not None:
            return TextEdit(*line, "", gone[index])
        before = next((self._entries[at] for at in range(index - 1, -1, -1) if at not in gone), None)
        if before is not None and "\n" not in self._text[before.end : entry.start]:
            return TextEdit(before.end, entry.end, "", gone[index])
        comma = self._comma(entry)
        if comma is None:
            return TextEdit(entry.start, entry.end, "", gone[index])
        rest = self._text[comma + 1 :]
        return TextEdit(entry.start, comma + 1 + len(rest) - len(rest.lstrip(" \t")), "", gone[index])

    def has_commas_apart(self) -> bool:
        """Whether a comma stands on another line than what it follows."""
        commas = ((entry, self._comma(entry)) for entry in self._entries)
        return any(at is not None and "\n" in self._text[entry.end : at] for entry, at in commas)

    def _own_line(self, entry: Entry) -> tuple[int, int] | None:
        """The whole lines of an entry that has them for itself."""
        first = self._text.rfind("\n", 0, entry.start) + 1
        last = self._text.find("\n", entry.end)
        if self._text[first : entry.start].strip() or last < 0:
            return None
        rest = self._text[entry.end : last]
        return (first, last + 1) if re.fullmatch(r"[ \t]*,?[ \t]*(?:#.*)?\r?", rest) else None

    def _comma(self, entry: Entry) -> int | None:
        """Where the comma behind an entry stands."""
        match = _TO_COMMA.match(self._text, entry.end)
        return None if match is None else match.end() - 1
