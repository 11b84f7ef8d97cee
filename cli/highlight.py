"""Python code with colours, for terminals.

A lexer takes longer over a file than the rest of a run over it, so only the lines of a diff go through it:
from the start of the string they stand in, if they stand in one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rich.cells import get_character_cell_size
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from cli.hunks import split_lines
from cli.summary import visible

TAB_SIZE = 4

# Middle tones: they can be read on black, on white and on the bands of a diff.
_THEME = ANSISyntaxTheme(
    {
        ("Comment",): Style(color="#808a94", italic=True),
        ("Keyword",): Style(color="#b267d6"),
        ("Operator", "Word"): Style(color="#b267d6"),
        ("Literal", "String"): Style(color="#c2793d"),
        ("Literal", "Number"): Style(color="#2f9e8f"),
        ("Name", "Function"): Style(color="#4b8fe0"),
        ("Name", "Class"): Style(color="#4b8fe0"),
        ("Name", "Decorator"): Style(color="#4b8fe0"),
        ("Name", "Builtin"): Style(color="#2f9e8f"),
    }
)

_STRING_OR_COMMENT = re.compile(
    r"""
    \#[^\n]*
    | (?P<long>\"{3}|'{3}) (?: [^\\"']+ | \\. | (?!(?P=long)). )* (?:(?P=long)|\Z)
    | " (?:[^"\\\n]|\\.)* "?
    | ' (?:[^'\\\n]|\\.)* '?
    """,
    re.VERBOSE | re.DOTALL,
)


class Code:
    """One version of a file, whose lines are coloured when they are asked for."""

    def __init__(self, text: str, *, coloured: bool = True) -> None:
        self._lines = [visible(line.rstrip("\r\n")).expandtabs(TAB_SIZE) for line in split_lines(text)]
        self._coloured = coloured
        self._strings = _long_strings("\n".join(self._lines)) if coloured else []

    def lines(self, first: int, count: int) -> list[Text]:
        """`count` lines from line `first` (1-based) on, without line ends."""
        end = first - 1 + count
        if not self._coloured:
            return [Text(line) for line in self._lines[first - 1 : end]]
        start = self._resume(first)
        return highlighted(self._lines[start - 1 : end])[first - start :]

    def _resume(self, line: int) -> int:
        """Where a lexer must start to know what `line` is: there, or where the string around it begins."""
        at = bisect_right(self._strings, (line - 1, len(self._lines))) - 1
        if at >= 0 and line <= self._strings[at][1]:
            return self._resume(self._strings[at][0])  # another string may end where this one begins
        return line


def highlighted(lines: Sequence[str]) -> list[Text]:
    """Lines of Python, without line ends, with colours."""
    code = "\n".join(lines)
    syntax = Syntax(code, "python", theme=_THEME, tab_size=TAB_SIZE)
    # The lexer ends the text with a line end of its own.
    return list(syntax.highlight(code).split("\n", allow_blank=True))[: len(lines)]


def folded(text: Text, width: int | None) -> Iterator[Text]:
    """`text` in pieces of at most `width` terminal cells; whole when `width` is None."""
    if width is None or text.cell_len <= width:
        yield text
        return
    cuts, used = [], 0
    for at, character in enumerate(text.plain):
        cells = get_character_cell_size(character)
        if used + cells > width and used:
            cuts.append(at)
            used = 0
        used += cells
    yield from text.divide(cuts)


def _long_strings(code: str) -> list[tuple[int, int]]:
    """First and last line (1-based) of each triple-quoted string over several lines, in order."""
    strings: list[tuple[int, int]] = []
    line, seen = 1, 0
    for match in _STRING_OR_COMMENT.finditer(code):
        if match["long"] is None:
            continue
        line += code.count("\n", seen, match.start())
        last = line + code.count("\n", match.start(), match.end())
        if last > line:
            strings.append((line, last))
        line, seen = last, match.end()
    return strings
