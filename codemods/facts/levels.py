"""The blocks of statements around a place in its function: what a statement could be put around several places at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.model import Span
from codemods.tree import Tree


@dataclass(frozen=True, slots=True)
class Level:
    """One block, and the stretch of its statements that holds a place."""

    block: Span
    """The first statement of the block, which tells it from all others."""
    first: Span
    last: Span
    is_repeated: bool
    """Whether a loop of the function is around the block."""


def levels_of(tree: Tree, path: Sequence[cst.CSTNode], last: Span | None = None) -> tuple[Level, ...]:
    """The blocks around the last node of a path within its function, outermost first; none outside of a function.

    `last` is the statement of the innermost block that what belongs to the place ends with.
    """
    start = next(
        (
            index
            for index in range(len(path) - 2, -1, -1)
            if isinstance(node := path[index], cst.FunctionDef) and path[index + 1] is node.body
        ),
        None,
    )
    if start is None:
        return ()
    found: list[Level] = []
    is_repeated = False
    for outer, inner in pairwise(path[start:]):
        is_repeated |= isinstance(outer, cst.For | cst.While) and inner is outer.body
        if isinstance(outer, cst.IndentedBlock):
            span = tree.span(inner)
            found.append(Level(tree.span(outer.body[0]), span, span, is_repeated))
    if found and last is not None:
        innermost = found[-1]
        found[-1] = Level(innermost.block, innermost.first, max(innermost.last, last), innermost.is_repeated)
    return tuple(found)
