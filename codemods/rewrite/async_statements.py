"""Gives `async` to what lacks it: functions, `with`, `for`, and the parts of comprehensions."""

from __future__ import annotations

import libcst as cst

from codemods.model import Span
from codemods.rewrite.edits import Edits


def made_async(node: cst.CSTNode) -> cst.CSTNode:
    """A function or a statement, with its `async`."""
    return node.with_changes(asynchronous=cst.Asynchronous())


def add_async(edits: Edits, span: Span) -> None:
    """Has what enters or iterates the expression at a span get its `async`.

    Raises LookupError when nothing does.
    """
    node = edits.tree.expression(span)
    path = () if node is None else edits.tree.path(node)
    for index in range(len(path) - 2, -1, -1):
        if isinstance(path[index], cst.With | cst.For | cst.CompFor):
            edits.replace_last(path[: index + 1], made_async)
            return
    raise LookupError(f"nothing is entered or iterated in line {span.line}")
