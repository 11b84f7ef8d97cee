"""Gives `async` to what lacks it: functions, `with`, `for`, and the parts of comprehensions."""

from __future__ import annotations

from functools import partial

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
    node = edits.tree.at(span, cst.BaseExpression)  # type: ignore[type-abstract]
    depth = 0
    for outer in reversed(() if node is None else edits.tree.path(node)[:-1]):
        match outer:
            case cst.With() | cst.For():
                edits.replace(outer, made_async)
                return
            case cst.CompFor():
                depth += 1
            case cst.ListComp() | cst.SetComp() | cst.DictComp():
                edits.replace(outer, partial(_with_part_async, depth=depth))
                return
    raise LookupError(f"nothing is entered or iterated in line {span.line}")


def _with_part_async(comprehension: cst.CSTNode, depth: int) -> cst.CSTNode:
    """A comprehension with the `async` of one of its parts: of the first, if the depth is 1."""
    assert isinstance(comprehension, cst.ListComp | cst.SetComp | cst.DictComp)
    return comprehension.with_changes(for_in=_part_async(comprehension.for_in, depth))


def _part_async(part: cst.CompFor, depth: int) -> cst.CompFor:
    if depth == 1:
        return part.with_changes(asynchronous=cst.Asynchronous())
    assert part.inner_for_in is not None
    return part.with_changes(inner_for_in=_part_async(part.inner_for_in, depth - 1))
