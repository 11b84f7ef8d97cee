"""The parts of files in which a name stands, parsed one at a time: what is outside of functions, and each function.

To parse a file as a whole costs more than all else that is asked of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import libcst as cst

from codemods.facts.bodies import Bodies, lines_before
from codemods.facts.graph import Function
from codemods.facts.syntax import function_named_at
from codemods.facts.texts import Text
from codemods.facts.variables import Occurrence, Path, Scope, Variables
from codemods.model import Span
from codemods.parsing import parse
from codemods.tree import Tree

NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class UnseenError(Exception):
    """What becomes of a value cannot be seen; the message names the place, or says why."""


@dataclass(frozen=True)
class Unit:
    """A part of a file."""

    file: str
    tree: Tree
    function: Function | None
    """The function that it is; None for what is outside of functions."""
    lines_before: int = 0
    """How many lines of the file are left out before it."""

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands in the file."""
        return _moved(self.tree.span(node), self.lines_before)

    def at(self, span: Span, kind: type[NodeT]) -> NodeT | None:
        """The node of a kind that stands exactly at a span of the file."""
        return self.tree.at(_moved(span, -self.lines_before), kind)

    def function_at(self, span: Span) -> cst.FunctionDef | None:
        """The function whose name stands at a span of the file."""
        return function_named_at(self.tree, _moved(span, -self.lines_before))

    @cached_property
    def variables(self) -> Variables:
        """Its variables."""
        return Variables(self.tree)

    def occurrences(self, name: str) -> Iterator[Occurrence]:
        """The variables of a name. The parameters of a function belong to the code around it, as their defaults do."""
        for one in self.variables.occurrences(name):
            if not self._is_of_signature(one.path):
                yield one

    def nodes(self, name: str) -> Iterator[Path]:
        """The paths to all nodes of a name."""
        for node in self.variables.nodes(name):
            path = self.tree.path(node)
            if not self._is_of_signature(path):
                yield path

    def _is_of_signature(self, path: Path) -> bool:
        around = next((one for one in path if isinstance(one, cst.FunctionDef)), None)
        return self.function is not None and around is not None and around.body not in path

    def start(self, scope: Scope) -> tuple[int, int] | None:
        """Where a scope starts; None for the module."""
        if scope is None:
            return None
        span = self.span(scope)
        return span.line, span.column

    def where(self, node: cst.CSTNode) -> str:
        """A place in words."""
        return f"{self.file}:{self.span(node).line}"


class Units:
    """The parts of all files."""

    def __init__(self, functions: Sequence[Function], texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self._bodies = Bodies(functions, texts)
        self._functions: dict[str, list[Function]] = {}
        for one in functions:
            self._functions.setdefault(one.path, []).append(one)
        self._outer: dict[str, list[tuple[int, int, Function]]] = {}
        self._parsed: dict[tuple[str, str | None], Unit] = {}

    def with_name(self, file: str, name: str) -> Iterator[Unit]:
        """The parts of a file in whose text a name stands. Raises UnseenError where one cannot be parsed."""
        found: dict[str | None, Function | None] = {}
        for match in re.finditer(rf"\b{re.escape(name)}\b", self._texts[file].lines.text):
            function = self._function_at(file, match.start())
            found[None if function is None else function.name] = function
        for function in found.values():
            yield self._unit(file, function)

    def at(self, file: str, span: Span) -> Unit:
        """The part that holds a place."""
        offset = self._texts[file].lines.offset(span.line, span.column)
        return self._unit(file, self._function_at(file, offset))

    def around(self, function: Function) -> Unit:
        """The part that holds the signature of a function."""
        return self.at(function.path, function.span)

    def _function_at(self, file: str, offset: int) -> Function | None:
        """The outermost function whose body holds an offset."""
        for start, end, function in self._outer_functions(file):
            if start <= offset < end:
                return function
        return None

    def _outer_functions(self, file: str) -> list[tuple[int, int, Function]]:
        """The functions that no other one holds, with the extents of their bodies, in their order."""
        if file not in self._outer:
            found: list[tuple[int, int, Function]] = []
            for one in sorted(self._functions.get(file, ()), key=lambda function: function.span):
                body = self._bodies.body(one)
                if body is not None and (not found or body[0] >= found[-1][1]):
                    found.append((*body, one))
            self._outer[file] = found
        return self._outer[file]

    def _unit(self, file: str, function: Function | None) -> Unit:
        key = (file, None if function is None else function.name)
        if key not in self._parsed:
            text, before = (self._without_functions(file), 0) if function is None else self._alone(function)
            tree = parse(file, text)
            if not isinstance(tree, Tree):
                raise UnseenError(f"{file}, which cannot be parsed")
            self._parsed[key] = Unit(file, tree, function, before)
        return self._parsed[key]

    def _without_functions(self, file: str) -> str:
        """The text of a file with the bodies of its functions left out."""
        lines = self._texts[file].lines
        parts: list[str] = []
        at = 0
        for start, end, _ in self._outer_functions(file):
            count = lines.position(end)[0] - lines.position(start)[0]
            # one text in place of many empty lines, each of which would be a node
            body = ':""' if count == 0 else ':"""' + "\n" * (count - 1) + '"""\n'
            parts += [lines.text[at : start + 1], body]  # a body starts at the parenthesis that closes the parameters
            at = end
        return "".join([*parts, lines.text[at:]])

    def _alone(self, function: Function) -> tuple[str, int]:
        """The text of one function, and how many lines of its file come before it."""
        source = self._bodies.source(function)
        assert source is not None, function.name
        return source, lines_before(function, source)


def _moved(span: Span, lines: int) -> Span:
    return Span(span.line + lines, span.column, span.end_line + lines, span.end_column)
