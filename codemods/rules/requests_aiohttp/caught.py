"""What a handler does with the exception that it catches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import dotted_name

_SHOWS = frozenset(
    {
        *("str", "repr", "print", "format", "format_exc", "print_exc", "format_exception", "print_exception"),
        *("debug", "info", "warning", "warn", "error", "exception", "critical", "log", "write", "echo", "secho"),
        *("append", "capture_exception"),
    }
)
"""The last parts of the names of functions that show an exception, or put it away as it is."""


@dataclass(frozen=True, slots=True)
class ExceptionUse:
    """What is done with a caught exception."""

    is_shown: bool = False
    """Whether its message goes somewhere."""
    looked_into: str | None = None
    """What is asked of it that another class of exception would answer otherwise, as text."""


def use_of_exception(handler: cst.ExceptHandler | cst.ExceptStarHandler | None) -> ExceptionUse:
    """What a handler does with its exception."""
    if handler is None or handler.name is None or not isinstance(handler.name.name, cst.Name):
        return ExceptionUse()
    finder = _Finder(handler.name.name.value)
    handler.body.visit(finder)
    return ExceptionUse(finder.is_shown, finder.looked_into)


class _Finder(cst.CSTVisitor):
    """Follows the ways to every use of a name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path: list[cst.CSTNode] = []
        self.is_shown = False
        self.looked_into: str | None = None

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._path.append(node)
        if isinstance(node, cst.Name) and node.value == self._name and not _is_no_variable(self._path):
            self._look(self._path)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._path.pop()

    def _look(self, path: Sequence[cst.CSTNode]) -> None:
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Raise() | cst.From():
                return
            case cst.FormattedStringExpression():
                self.is_shown = True
                return
            case cst.Arg():
                call = path[-3]
                callee = dotted_name(call.func) if isinstance(call, cst.Call) else None
                is_raised = any(isinstance(one, cst.Raise) for one in path)
                if is_raised or (callee is not None and callee.rpartition(".")[2] in _SHOWS):
                    self.is_shown = True
                    return
                what = f"{callee or 'something'}({self._name})"
            case cst.BinaryOperation(operator=cst.Modulo()) if parent.right is node:
                self.is_shown = True
                return
            case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot())]):
                return
            case cst.Attribute(attr=cst.Name(value="with_traceback" | "add_note" | "__traceback__" | "__class__")):
                return
            case cst.Attribute(attr=cst.Name(value=attribute)):
                what = f"{self._name}.{attribute}"
            case cst.Element() if any(isinstance(one, cst.BinaryOperation) for one in path):
                self.is_shown = True  # "%s: %s" % (url, error)
                return
            case _:
                what = self._name
        self.looked_into = self.looked_into or what


def _is_no_variable(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the name at the end of a path is an attribute or a keyword."""
    node, parent = path[-1], path[-2]
    if isinstance(parent, cst.Attribute):
        return parent.attr is node
    return isinstance(parent, cst.Arg) and parent.keyword is node
