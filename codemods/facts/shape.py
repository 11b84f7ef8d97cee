"""Whether the body of a function can move into another one, and what in it an event loop around it would change."""

from __future__ import annotations

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.tree import Tree, dotted_name

_FRAMES = frozenset({"sys._getframe", "inspect.currentframe", "inspect.stack", "inspect.trace"})


def catches_interrupt(tree: Tree) -> set[cst.FunctionDef]:
    """The functions that look out for KeyboardInterrupt: asyncio.run cancels its coroutine on Ctrl-C instead.

    Source: https://docs.python.org/3/library/asyncio-runner.html#handling-keyboard-interruption
    """
    found = set()
    for node in tree.all(cst.Name):
        if node.value == "KeyboardInterrupt":
            path = tree.path(node)
            function = enclosing_function(path)
            is_raised = any(isinstance(one, cst.Raise) for one in path)
            if isinstance(function, cst.FunctionDef) and not is_raised:
                found.add(function)
    return found


def why_whole(tree: Tree, function: cst.FunctionDef) -> str | None:
    """Why a function cannot become a sync shell with an async core beside it; None when it can."""
    path = tree.path(function)
    if any(isinstance(one, cst.FunctionDef | cst.Lambda) for one in path[:-1]):
        return "it is defined in a function, and cannot be split there"
    if any(isinstance(one, cst.ClassDef) for one in path[:-1]) and not _first_parameter(function):
        return "it is a method without a parameter for its object, and cannot be split"
    if shares_its_docstring_line(function):
        return "its docstring shares a line with other code, so that it cannot be split"
    for node in tree.all(cst.Attribute, inside=function):
        name = dotted_name(node)
        if name in _FRAMES:
            return f"it looks at its caller's frame ({name}), so that it cannot be split"
    return None


def _first_parameter(function: cst.FunctionDef) -> bool:
    return bool(function.params.posonly_params or function.params.params)


def has_defaults(function: cst.FunctionDef) -> bool:
    """Whether a parameter has a default: it is evaluated once, where the function is defined."""
    every = (*function.params.posonly_params, *function.params.params, *function.params.kwonly_params)
    return any(one.default is not None for one in every)


def shares_its_docstring_line(function: cst.FunctionDef) -> bool:
    """Whether something stands behind the docstring, in its line."""
    body = function.body
    if isinstance(body, cst.IndentedBlock):
        first = body.body[0]
        return isinstance(first, cst.SimpleStatementLine) and len(first.body) > 1 and is_text(first.body[0])
    return len(body.body) > 1 and is_text(body.body[0])


def is_text(statement: cst.CSTNode) -> bool:
    """Whether a small statement is a string and nothing else, as a docstring is."""
    if not isinstance(statement, cst.Expr):
        return False
    return isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString)
