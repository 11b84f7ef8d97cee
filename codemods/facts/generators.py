"""What the syntax tells of generators: which functions are some, and which of them no async generator can replace."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.tree import Tree, dotted_name


class AsyncForm(StrEnum):
    """What a call of a function has to do once the function is async."""

    AWAITED = "awaited"
    """`await f()`"""
    ITERATED = "iterated"
    """`async for x in f():`, since it gives an async generator."""
    ENTERED = "entered"
    """`async with f():`, since it gives an async context manager."""


ENTERING = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
"""The methods that `with` calls, and those that `async with` calls and awaits."""


ITERATING = "__iter__"
"""The method that `for` calls; `async for` calls `__aiter__`, and awaits nothing there."""


def generators(tree: Tree) -> set[cst.FunctionDef]:
    """The functions of a file that yield."""
    found = set()
    for node in tree.all(cst.Yield):
        function = enclosing_function(tree.path(node))
        if isinstance(function, cst.FunctionDef):
            found.add(function)
    return found


def why_no_async_generator(tree: Tree, function: cst.FunctionDef) -> str | None:
    """Why a generator cannot become an async one; None when it can.

    An async generator returns no value and has no `yield from` (PEP 525, "Asynchronous Generators").
    """
    for node in tree.all(cst.Return, function):
        if node.value is not None and enclosing_function(tree.path(node)) is function:
            return f"it is a generator that returns a value in line {tree.span(node).line}"
    for yielding in tree.all(cst.Yield, function):
        path = tree.path(yielding)
        if enclosing_function(path) is not function or not isinstance(yielding.value, cst.From):
            continue
        if not is_own_statement(path):
            line = tree.span(yielding).line
            return f"it is a generator that uses what another one returns, or shares that line, in line {line}"
    return None


def delegates(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a generator yields from another one, which gets what is sent to it and thrown into it."""
    return any(
        isinstance(node.value, cst.From) and enclosing_function(tree.path(node)) is function
        for node in tree.all(cst.Yield, function)
    )


def cleans_up(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a generator has something to do when it is closed while it waits at a `yield`."""
    for node in tree.all(cst.Yield, function):
        path = tree.path(node)
        inside = path[path.index(function) :] if enclosing_function(path) is function else ()
        if any(isinstance(one, cst.Try | cst.TryStar | cst.With) for one in inside):
            return True
    return False


def is_own_statement(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the expression at the end of a path is a statement, alone in its line and its block."""
    match path[-4:]:
        case (cst.IndentedBlock(), cst.SimpleStatementLine(body=[_]), cst.Expr(), _):
            return True
    return False


def is_stub(function: cst.FunctionDef) -> bool:
    """Whether a function does nothing but stand for others: `...`, `pass`, `raise NotImplementedError`, a docstring."""
    lines = function.body.body if isinstance(function.body, cst.IndentedBlock) else [function.body]
    return all(_says_nothing(line) for line in lines)


def _says_nothing(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        return False
    return all(_is_empty(one) for one in line.body)


def _is_empty(statement: cst.BaseSmallStatement) -> bool:
    match statement:
        case cst.Pass():
            return True
        case cst.Expr(value=cst.Ellipsis() | cst.SimpleString() | cst.ConcatenatedString()):
            return True
        case cst.Raise(exc=cst.Name(value="NotImplementedError") | cst.Call(func=cst.Name("NotImplementedError"))):
            return True
    return False


def stops_iteration(tree: Tree) -> set[cst.FunctionDef]:
    """The functions that may raise StopIteration, which neither a coroutine nor a thread can hand on."""
    found = set()
    for node in (*tree.all(cst.Call), *tree.all(cst.Raise)):
        if not _may_stop(node):
            continue
        path = tree.path(node)
        function = enclosing_function(path)
        if isinstance(function, cst.FunctionDef) and not _is_handled(path, function):
            found.add(function)
    return found


def _may_stop(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call(func=cst.Name(value="next"), args=[_]):
            return True
        case cst.Raise(exc=cst.Name(value="StopIteration") | cst.Call(func=cst.Name(value="StopIteration"))):
            return True
    return False


def _is_handled(path: Sequence[cst.CSTNode], function: cst.FunctionDef) -> bool:
    inside = path[path.index(function) :]
    return any(
        isinstance(outer, cst.Try) and inner is outer.body and any(_catches_stop(one) for one in outer.handlers)
        for outer, inner in pairwise(inside)
    )


def _catches_stop(handler: cst.ExceptHandler) -> bool:
    names = handler.type.elements if isinstance(handler.type, cst.Tuple) else [handler]
    kinds = [one.value if isinstance(one, cst.BaseElement) else one.type for one in names]
    return any(kind is None or dotted_name(kind) in {"StopIteration", "Exception", "BaseException"} for kind in kinds)
