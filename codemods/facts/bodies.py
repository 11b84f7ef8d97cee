"""The bodies of functions in files that are not parsed: what they bind, return, and put into objects.

What cannot be told from the text counts as bound, and as put there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.facts.arguments import closing
from codemods.facts.graph import Function
from codemods.facts.lambdas import iterated_by_lambdas
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


@dataclass(frozen=True, slots=True)
class Bound:
    """Something that a name is bound to."""

    value: Place
    is_part: bool
    """Whether the name gets a part of it: an element of what is iterated over or unpacked."""


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
        self._bound: dict[tuple[str, str], tuple[Bound, ...] | None] = {}
        self._returned: dict[str, tuple[Place, ...] | None] = {}
        self._filled: dict[str, bool] = {}

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
        return self.bindings(function, name) != ()

    def bindings(self, function: Function, name: str) -> tuple[Bound, ...] | None:
        """All that the body of a function, or of one within it, binds a name to; None when that cannot be told."""
        key = (function.name, name)
        if key not in self._bound:
            self._bound[key] = self._find_bindings(function, name)
        return self._bound[key]

    def _find_bindings(self, function: Function, name: str) -> tuple[Bound, ...] | None:
        body = self.body(function)
        masked = self._texts[function.path].lines.masked
        if body is None or masked is None:
            return None
        outline = masked.outline[: body[1]]
        word = re.escape(name)
        if re.search(
            rf"\bas\s*\([^)]*\b{word}\b"
            rf"|\b(?:as|import|from|del|def|class|global|nonlocal|except)\b[^\n:]*\b{word}\b"
            rf"|\bcase\b[^\n]*\b{word}\b"
            rf"|\b{word}\s*:=|\bdef\b[^\n]*\([^)]*(?<![\w.]){word}\b",
            outline[body[0] :],
        ):
            return None
        elements = iterated_by_lambdas(outline, body[0], body[1], name)
        if elements is None:
            return None
        found = [Bound(_stripped(function, outline, *one), is_part=True) for one in elements]
        for loop in re.compile(rf"\bfor\b(?P<targets>(?:(?!\bin\b)[^:])*\b{word}\b(?:(?!\bin\b)[^:])*)\bin\b").finditer(
            outline, body[0]
        ):
            end = _end_of_iterable(outline, loop.end())
            if end is None or re.search(rf"\b{word}\s*[.\[(]", loop["targets"]):
                return None
            found.append(Bound(_stripped(function, outline, loop.end(), end), is_part=True))
        for match in re.compile(rf"(?<![\w.]){word}\b(?!\s*[.(\[])").finditer(outline, body[0]):
            statement = Statement(outline, match.start(), self._starts(function.path, masked.outline))
            if statement.is_plain_use(match.end()) or statement.is_loop_target(match.start()):
                continue
            whole = statement.value_after(match.end())
            value = whole or statement.value_of_tuple(match.end())
            if value is None:
                return None
            found.append(Bound(Place(function.path, function.name, *value), is_part=whole is None))
        return tuple(found)

    def is_filled(self, function: Function, name: str) -> bool:
        """Whether a function may put something into the object that a name of it holds, or into a part of it."""
        body = self.body(function)
        masked = self._texts[function.path].lines.masked
        if body is None or masked is None:
            return True
        return _fills(rf"(?<![\w.]){re.escape(name)}", masked.outline, *body)

    def is_attribute_filled(self, name: str) -> bool:
        """Whether the project may put something into the object that an attribute of a name holds, or a part of it."""
        if name not in self._filled:
            attribute = rf"\.\s*{re.escape(name)}"
            texts = [text.lines.masked for text in self._texts.values() if name in text.lines.words]
            self._filled[name] = any(
                one is None or _fills(attribute, one.outline, 0, len(one.outline)) for one in texts
            )
        return self._filled[name]

    def returned(self, function: Function) -> tuple[Place, ...] | None:
        """The expressions that a function returns; None when they cannot be told, or it is a generator."""
        if function.name not in self._returned:
            self._returned[function.name] = self._find_returned(function)
        return self._returned[function.name]

    def _find_returned(self, function: Function) -> tuple[Place, ...] | None:
        body = self.body(function)
        lines = self._texts[function.path].lines
        if body is None or lines.masked is None:
            return None
        outline = lines.masked.outline[: body[1]]
        found: list[Place] = []
        starts = self._starts(function.path, lines.masked.outline)
        for match in re.compile(r"\b(?P<word>return|yield)\b").finditer(outline, body[0]):
            if self._function_around(function.path, lines, match.start()) != function.name:
                continue
            if match["word"] == "yield":
                return None
            end = starts[bisect_right(starts, match.start())] if match.start() < starts[-1] else len(outline)
            text = outline[match.end() : min(end, len(outline))]
            if ";" in text:
                return None
            if text.strip():
                found.append(_stripped(function, outline, match.end(), match.end() + len(text)))
        return tuple(found)

    def _starts(self, path: str, outline: str) -> list[int]:
        if path not in self._statements:
            self._statements[path] = statement_starts(outline)
        return self._statements[path]


_FILLS = "append|appendleft|add|extend|insert|setdefault|update|__setitem__"


def _fills(holder: str, outline: str, start: int, end: int) -> bool:
    """Whether the object that a pattern stands for, or a part of it, may get something within a part of an outline."""
    parts = r"(?:\s*\[[^\[\]\n]*\])*"
    pattern = re.compile(
        rf"{holder}\b(?:{parts}\s*\.\s*(?:{_FILLS})\s*\(|(?:\s*\[[^\[\]\n]*\])+\s*(?:[-+*/|&]|//|\*\*)?=(?!=))"
    )
    return pattern.search(outline, start, end) is not None


def _end_of_iterable(outline: str, start: int) -> int | None:
    """Where the expression ends that a `for` iterates over, of a statement or not; None where it is unclear."""
    depth = 0
    for match in re.compile(r"[()\[\]{}:,]|\b(?:if|for|lambda|async)\b").finditer(outline, start):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
            if depth < 0:
                return match.start()
        elif depth == 0:
            return match.start() if match[0] in {":", "if", "for", "async"} else None
    return None


def _stripped(function: Function, outline: str, start: int, end: int) -> Place:
    """The expression between two offsets, without the blanks around it."""
    text = outline[start:end]
    start += len(text) - len(text.lstrip())
    return Place(function.path, function.name, start, start + len(text.strip()))
