"""The bodies of functions in files that are not parsed: which names and attributes they bind.

What cannot be told from the text counts as bound.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.facts.arguments import closing
from codemods.facts.graph import Function
from codemods.facts.statements import Statement, statement_starts
from codemods.facts.texts import Text
from codemods.tree import LineTable

_NAME_BEFORE = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """An expression: its offsets in a file, and the function it stands in."""

    path: str
    caller: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """Something that is assigned to an attribute."""

    value: Place
    receiver: str
    """The name of the object, where it has one, as in `self`; else nothing."""


_INDENTED = "if True:\n"


def lines_before(function: Function, source: str) -> int:
    """How many lines of its file come before the text of a function that `Bodies.source` gives."""
    return function.span.line - 1 - source.startswith(_INDENTED)


class Bodies:
    """The functions of a project, by the texts that define them."""

    def __init__(self, functions: Iterable[Function], texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self._functions: dict[str, list[Function]] = defaultdict(list)
        for one in sorted(functions, key=lambda function: function.span):
            self._functions[one.path].append(one)
        self._assigned: dict[str, list[Assigned] | None] = {}
        self._statements: dict[str, list[int]] = {}
        self._found: dict[str, tuple[int, int] | None] = {}

    def assignments(self, name: str) -> list[Assigned] | None:
        """All that is assigned to attributes of a name, on whatever object; None when that cannot be told."""
        if name not in self._assigned:
            self._assigned[name] = self._find_assignments(name)
        return self._assigned[name]

    def _find_assignments(self, name: str) -> list[Assigned] | None:
        attribute = re.compile(rf"\.\s*{re.escape(name)}\b(?!\s*[.(\[])")
        by_string = re.compile(
            rf"(?:setattr|patch)[\w.]*\s*\((?:[^\n]*|[^()]*)[\"'](?:[\w.]*\.)?{re.escape(name)}[\"']"
        )
        found: list[Assigned] = []
        for path, text in self._texts.items():
            if attribute.search(text.lines.text) is None and by_string.search(text.lines.text) is None:
                continue
            lines = text.lines
            if lines.masked is None or by_string.search(lines.text):
                return None
            for match in attribute.finditer(lines.masked.outline):
                statement = Statement(lines.masked.outline, match.start(), self._starts(path, lines.masked.outline))
                if statement.is_plain_use(match.end()):
                    continue
                assigned = statement.value_after(match.end())
                caller = self._function_around(path, lines, match.start())
                if assigned is None or caller is None:
                    return None
                receiver = _NAME_BEFORE.search(lines.masked.outline, max(0, match.start() - 80), match.start())
                found.append(Assigned(Place(path, caller, *assigned), receiver[1] if receiver is not None else ""))
        return found

    def _function_around(self, path: str, lines: LineTable, offset: int) -> str | None:
        """The innermost function whose body holds an offset."""
        line = lines.position(offset)[0]
        for one in reversed(self._functions[path]):
            if one.span.line <= line:
                body = self.body(one)
                if body is not None and body[0] <= offset < body[1]:
                    return one.name
        return None

    def source(self, function: Function) -> str | None:
        """The text of a function, its decorators left out, as a module of its own; None when it cannot be told.

        One that is indented stands behind `if True:`, which keeps the text as it is; see `lines_before`.
        """
        body = self.body(function)
        if body is None:
            return None
        lines = self._texts[function.path].lines
        text = lines.text[lines.offset(function.span.line, 1) : body[1]]
        return f"{_INDENTED}{text}" if text[:1].isspace() else text

    def body(self, function: Function) -> tuple[int, int] | None:
        """The offsets of a function's body, from the end of its parameters on; None when they cannot be told."""
        if function.name not in self._found:
            self._found[function.name] = self._find_body(function)
        return self._found[function.name]

    def _find_body(self, function: Function) -> tuple[int, int] | None:
        """The offsets of a function's body; None when they cannot be told."""
        lines = self._texts[function.path].lines
        if lines.masked is None:
            return None
        outline = lines.masked.outline
        opening = outline.find("(", lines.offset(function.span.end_line, function.span.end_column))
        end = None if opening < 0 else closing(outline, opening)
        if end is None:
            return None
        indent = len(lines.line(function.span.line)) - len(lines.line(function.span.line).lstrip())
        depth = 0
        at = outline.find("\n", end) + 1 or len(outline)
        for match in re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)").finditer(outline, at):
            line = match[0]
            if line.strip() and depth == 0 and len(line) - len(line.lstrip()) <= indent:
                return end, match.start()
            depth += sum(line.count(bracket) for bracket in "([{") - sum(line.count(bracket) for bracket in ")]}")
            if match.end() == len(outline):
                break
        return end, len(outline)

    def is_rebound(self, function: Function, name: str) -> bool:
        """Whether the body of a function may bind one of its parameters again, or use its name for something else."""
        body = self.body(function)
        masked = self._texts[function.path].lines.masked
        if body is None or masked is None:
            return True
        outline = masked.outline[: body[1]]
        starts = self._starts(function.path, masked.outline)
        word = re.escape(name)
        if re.search(
            rf"\bfor\b(?:(?!\bin\b)[^:])*\b{word}\b|\bas\s*\([^)]*\b{word}\b"
            rf"|\b(?:as|import|from|del|def|class|global|nonlocal|case|except|lambda)\b[^\n:]*\b{word}\b"
            rf"|\b{word}\s*:=|\bdef\b[^\n]*\([^)]*(?<![\w.]){word}\b",
            outline[body[0] :],
        ):
            return True
        return any(
            not Statement(outline, match.start(), starts).is_plain_use(match.end())
            for match in re.compile(rf"(?<![\w.]){word}\b(?!\s*[.(\[])").finditer(outline, body[0])
        )

    def _starts(self, path: str, outline: str) -> list[int]:
        if path not in self._statements:
            self._statements[path] = statement_starts(outline)
        return self._statements[path]
