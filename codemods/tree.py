"""One parsed file: its LibCST tree, and where in the text its nodes stand.

LibCST's position providers cost two to three times a parse. Its code generator already walks the tree and
announces every node that has a syntactic position, so counting the tokens printed so far gives the same
spans for a third of a parse. This is the only file that touches that part of LibCST.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from types import TracebackType
from typing import TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

from codemods.masking import Masked, masked
from codemods.model import Span

NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class LineTable:
    """Turns positions of a text into offsets and back; lines end at LF, CRLF or CR, as Python's do."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = line_starts(text)

    @cached_property
    def masked(self) -> Masked | None:
        """The text without what is no code; None where it cannot be told."""
        return masked(self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the text, strings and comments included."""
        return frozenset(map(sys.intern, re.findall(r"\w+", self.text)))

    def is_code(self, offset: int) -> bool:
        """Whether what stands at an offset, which is no space, may be code: no comment and no string."""
        return self.masked is None or self.masked.code[offset] == self.text[offset]

    def offset(self, line: int, column: int) -> int:
        """The 0-based offset of a 1-based line and a 1-based code point column."""
        return self._starts[line - 1] + column - 1

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and 1-based code point column of a 0-based offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, line: int) -> str:
        """The text of a 1-based line, with its end."""
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return self.text[self._starts[line - 1] : end]

    def span(self, start: int, end: int) -> Span:
        """The span between two 0-based offsets."""
        return Span(*self.position(start), *self.position(end))

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]


def line_starts(text: str) -> list[int]:
    """The 0-based offsets at which the lines of a text start. `str.splitlines` knows more ends than Python does."""
    starts = [0]
    at = 0
    bare_returns = "\r" in text
    while True:
        newline = text.find("\n", at)
        if bare_returns:
            end = newline if newline >= 0 else len(text)
            carriage = text.find("\r", at, end)
            while carriage >= 0 and carriage + 1 != newline:
                starts.append(carriage + 1)
                carriage = text.find("\r", carriage + 1, end)
        if newline < 0:
            return starts
        at = newline + 1
        starts.append(at)


class _Mark:
    """Notes how many tokens stood before and after a node."""

    __slots__ = ("_node", "_start", "_state")

    def __init__(self, state: _MarkingState, node: cst.CSTNode) -> None:
        self._state = state
        self._node = node

    def __enter__(self) -> None:
        self._start = len(self._state.tokens)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state.marks.append((self._node, self._start, len(self._state.tokens)))


class _MarkingState(CodegenState):
    """LibCST's code generator state, which also keeps marks."""

    marks: list[tuple[cst.CSTNode, int, int]]

    def record_syntactic_position(  # type: ignore[override]  # any context manager will do, and a class is faster
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> _Mark:
        return _Mark(self, node)


class Tree:
    """A parsed module with the offsets of its nodes.

    The offsets of blocks, and of statements that end with one, reach to the end of their last line.

    Raises `libcst.ParserSyntaxError` when the text is no Python.
    """

    def __init__(self, text: str) -> None:
        self.module = cst.parse_module(text)
        state = _MarkingState(default_indent=self.module.default_indent, default_newline=self.module.default_newline)
        state.marks = []
        self.module._codegen(state)
        offsets = [0, *accumulate(map(len, state.tokens))]
        self.code = "".join(state.tokens)
        """What LibCST prints for the unedited tree; it must equal the text."""
        self.lines = LineTable(text)
        last = len(state.tokens)  # the token of a newline that the file does not end with is taken back
        self._marks = [(node, offsets[min(start, last)], offsets[min(end, last)]) for node, start, end in state.marks]
        self._offsets = {id(node): (start, end) for node, start, end in self._marks}
        self._by_span: dict[tuple[int, int], list[cst.CSTNode]] = {}
        for node, start, end in self._marks:
            self._by_span.setdefault((start, end), []).append(node)
        self._children: dict[int, Sequence[cst.CSTNode]] = {}
        self.no_await: dict[int, str] = {}
        """Why nothing in the body of a statement may wait, by the id of its node: facts that the syntax lacks."""

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """The 0-based start and end offsets of a node, without the parentheses and the space around it."""
        return self._offsets[id(node)]

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands."""
        return self.lines.span(*self.offsets(node))

    def at(self, span: Span, kind: type[NodeT]) -> NodeT | None:
        """The node of a kind that stands exactly at a span."""
        key = (self.lines.offset(span.line, span.column), self.lines.offset(span.end_line, span.end_column))
        for node in self._by_span.get(key, ()):
            if isinstance(node, kind):
                return node
        return None

    def expression(self, span: Span) -> cst.BaseExpression | None:
        """The expression that stands exactly at a span."""
        return self.at(span, cst.BaseExpression)  # type: ignore[type-abstract]

    def all(self, kind: type[NodeT], inside: cst.CSTNode | None = None) -> Iterator[NodeT]:
        """The nodes of a kind, innermost first; only those within a node when one is given."""
        low, high = self.offsets(inside) if inside is not None else (0, len(self.code))
        for node, start, end in self._marks:
            if low <= start and end <= high and isinstance(node, kind):
                yield node

    def path(self, node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
        """The nodes from the module down to a node, both included, each the child of the one before it.

        Meant for the module, expressions, statements and decorators.
        """
        start, end = self._offsets.get(id(node), (0, len(self.code)))
        path: list[cst.CSTNode] = []
        if not self._descend(self.module, node, start, end, path):
            raise LookupError(f"{type(node).__name__} is not of this tree")
        return tuple(path)

    def _descend(self, at: cst.CSTNode, wanted: cst.CSTNode, start: int, end: int, path: list[cst.CSTNode]) -> bool:
        path.append(at)
        if at is wanted:
            return True
        for child in self.children(at):
            extent = self._extent(child)
            if extent is not None and not (extent[0] <= start and end <= extent[1]):
                continue
            if self._descend(child, wanted, start, end, path):
                return True
        path.pop()
        return False

    def _extent(self, node: cst.CSTNode) -> tuple[int, int] | None:
        """Offsets that everything below a node lies within; None when LibCST's position says nothing of it."""
        if not isinstance(node, cst.BaseExpression | cst.BaseStatement | cst.BaseSmallStatement):
            return None
        start, end = self._offsets.get(id(node), (0, len(self.code)))
        decorators = getattr(node, "decorators", ())
        if decorators:  # a definition's position starts at its `def` or `class`
            start = self._offsets[id(decorators[0])][0]
        return start, end

    def children(self, node: cst.CSTNode) -> Sequence[cst.CSTNode]:
        """The direct children of a node."""
        found = self._children.get(id(node))
        if found is None:
            found = self._children[id(node)] = node.children
        return found


def dotted_name(node: cst.CSTNode) -> str | None:
    """`a.b.c` for names and attributes of names; None for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted_name(node.value)
        return None if base is None else f"{base}.{node.attr.value}"
    return None
