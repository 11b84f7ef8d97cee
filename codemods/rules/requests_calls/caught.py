"""What a handler does with the exception that it catches."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.tree import dotted_name

_SHOWS = frozenset(
    {
        *("str", "repr", "print", "format", "format_exc", "print_exc", "format_exception", "print_exception"),
        *("debug", "info", "warning", "warn", "error", "exception", "critical", "log", "write", "echo", "secho"),
        "capture_exception",
    }
)
"""The last parts of the names of functions that show an exception."""

_QUESTIONS = frozenset({"isinstance", "issubclass", "type", "hasattr", "getattr", "vars", "dir"})
"""Functions that tell exceptions of one class from those of another."""

_GIVES_IT = frozenset({"sys.exc_info", "sys.exception"})
"""Functions that give the exception that is caught, whatever its name."""


@dataclass(frozen=True, slots=True)
class ExceptionUse:
    """What is done with a caught exception."""

    is_shown: bool = False
    """Whether its message goes somewhere."""
    looked_into: str | None = None
    """What is asked of it that another class of exception would answer otherwise, as text."""
    handed_on: str | None = None
    """Where it goes as it is, so that something else may look into it, as text."""
    may_come_again: bool = False
    """Whether the handler, or something else later, may raise it."""
    told_by: tuple[cst.Call, ...] = ()
    """The calls of `isinstance` that tell it by its class."""
    asked: tuple[cst.Name, ...] = ()
    """Where its response or its request is asked for: the name of the exception at each place."""


def use_of_exception(handler: cst.ExceptHandler | cst.ExceptStarHandler | None) -> ExceptionUse:
    """What a handler does with its exception."""
    if handler is None:
        return ExceptionUse()
    is_named = handler.name is not None and isinstance(handler.name.name, cst.Name)
    finder = _Finder(cst.ensure_type(handler.name.name, cst.Name).value if is_named and handler.name else None)
    handler.body.visit(finder)
    return ExceptionUse(
        finder.is_shown,
        finder.looked_into,
        finder.handed_on,
        finder.may_come_again,
        tuple(finder.told_by),
        tuple(finder.asked),
    )


class _Finder(cst.CSTVisitor):
    """Follows the ways to every use of an exception, by its name or not."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._path: list[cst.CSTNode] = []
        self.is_shown = False
        self.looked_into: str | None = None
        self.handed_on: str | None = None
        self.may_come_again = False
        self.told_by: list[cst.Call] = []
        self.asked: list[cst.Name] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._path.append(node)
        if isinstance(node, cst.Raise) and node.exc is None:
            self.may_come_again = True
        if isinstance(node, cst.Name) and node.value == self._name and not _is_no_variable(self._path):
            self._look(self._path, node.value)
        if isinstance(node, cst.Call) and (dotted := dotted_name(node.func)) in _GIVES_IT:
            self._look(self._path, f"{dotted}()")
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._path.pop()

    def _look(self, path: Sequence[cst.CSTNode], text: str) -> None:
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Raise():
                self.may_come_again = True
            case cst.From():
                pass
            case cst.FormattedStringExpression():
                self.is_shown = True
            case cst.Arg():
                call = path[-3]
                callee = dotted_name(call.func) if isinstance(call, cst.Call) else None
                what = f"{callee or 'something'}({text})"
                if _only_shows(callee or "", path[:-2]):
                    self.is_shown = True
                elif callee == "isinstance" and isinstance(call, cst.Call) and call.args[0] is parent:
                    self.told_by.append(call)
                elif callee in _QUESTIONS:
                    self.looked_into = self.looked_into or what
                else:
                    self.handed_on = self.handed_on or what
                    # the exception that is raised instead is another one
                    self.may_come_again = self.may_come_again or not isinstance(path[-4], cst.Raise)
            case cst.BinaryOperation(operator=cst.Modulo()) if parent.right is node:
                self.is_shown = True
            case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot())]):
                pass
            case cst.Attribute(attr=cst.Name(value="with_traceback" | "add_note" | "__traceback__" | "__class__")):
                self.may_come_again = True
            case cst.Attribute(attr=cst.Name(value="response" | "request")) if isinstance(node, cst.Name):
                self.asked.append(node)
            case cst.Attribute(attr=cst.Name(value=attribute)):
                self.looked_into = self.looked_into or f"{text}.{attribute}"
            case cst.Element() if any(isinstance(one, cst.BinaryOperation) for one in path):
                self.is_shown = True  # "%s: %s" % (url, error)
            case _:
                self.handed_on = self.handed_on or text
                self.may_come_again = True


def _only_shows(callee: str, path: Sequence[cst.CSTNode]) -> bool:
    """Whether a function that is called at the end of a path makes no more than text of what it is given."""
    kind = getattr(builtins, callee, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return True  # a built-in exception only keeps it
    return callee.rpartition(".")[2] in _SHOWS or (callee == "type" and _is_its_name(path))


def _is_its_name(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the call at the end of a path, `type(error)`, is only asked for its name."""
    return isinstance(path[-2], cst.Attribute) and path[-2].attr.value in {"__name__", "__qualname__"}


def _is_no_variable(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the name at the end of a path is an attribute or a keyword."""
    node, parent = path[-1], path[-2]
    if isinstance(parent, cst.Attribute):
        return parent.attr is node
    return isinstance(parent, cst.Arg) and parent.keyword is node
