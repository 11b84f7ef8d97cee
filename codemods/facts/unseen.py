"""Calls in code that the checker does not look at: it takes it for unreachable, on another platform, say."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping

from codemods.facts.arguments import closing
from codemods.facts.statements import ungrouped_end
from codemods.facts.texts import Text
from codemods.facts.unresolved import Mention, texts_with
from codemods.model import Span
from codemods.tree import LineTable

_DEFINES = re.compile(r"(?:\bdef|\bclass)\s+\Z")
_TEXT_ENDS = ("'", '"')


def unseen_calls(
    call_ends: Container[tuple[str, int, int]],
    texts: Mapping[str, Text],
    names: frozenset[str],
    types_of: Callable[[str], Mapping[Span, str]],
) -> Iterator[Mention]:
    """Calls that carry one of the names and of which the checker says nothing: neither targets nor types.

    `call_ends` holds the ends of the calls that it knows, by file name, line and column; `types_of` gives the types
    of the expressions of a file.
    """
    if not names:
        return
    called = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, sorted(names))) + r")[ \t]*\(")
    for path, text in texts_with(names, texts):
        ends: set[tuple[int, int]] | None = None
        for match in called.finditer(text.lines.text):
            end = _judged_end(text.lines, match)
            if end is None:
                continue
            close = None if text.lines.masked is None else closing(text.lines.masked.outline, match.end() - 1)
            if close is not None and (path, *text.lines.position(close + 1)) in call_ends:
                continue
            if ends is None:
                ends = {(span.end_line, span.end_column) for span in types_of(path)}
            line, column = text.lines.position(end)
            if (line, column) not in ends:
                why = f"{path}:{line} calls something of that name where the type checker does not look"
                yield Mention(match[1], path, why, text.lines.position(match.start())[0])


def _judged_end(lines: LineTable, match: re.Match[str]) -> int | None:
    """Where the expression ends whose type tells whether the checker has seen a call; None when it is no call."""
    start = match.start()
    if lines.masked is not None and lines.masked.code[start] != lines.text[start]:
        return None
    before = lines.text[max(0, start - 200) : start].rstrip()
    if not before.endswith("."):
        return None if _DEFINES.search(lines.text, max(0, start - 80), start) else start + len(match[1])
    receiver = before[:-1].rstrip()
    if receiver.endswith(_TEXT_ENDS):
        return None
    end = start - (min(start, 200) - len(receiver))
    return end if lines.masked is None else ungrouped_end(lines.masked.outline, end)
