"""What an `await` brings to the place it stands at: other tasks run meanwhile, and it can be cancelled there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import libcst as cst

from codemods.facts.shared_state import overtaken


def waiting_notes(path: Sequence[cst.CSTNode]) -> Iterator[str]:
    """What to look at once the last node of a path is awaited, in words."""
    functions = [index for index, node in enumerate(path) if isinstance(node, cst.FunctionDef)]
    if not functions:
        return
    function = path[functions[-1]]
    inside = path[functions[-1] :]
    assert isinstance(function, cst.FunctionDef)
    for name in overtaken(function, path[-1]):
        yield f"{name} is read before the wait and written after it: other tasks may change it in between"
    for outer, inner in pairwise(inside):
        if isinstance(outer, cst.Try | cst.TryStar) and inner is outer.body and _catches_cancellation(outer):
            yield "a handler around it catches everything, and so the task's cancellation too (asyncio.CancelledError)"


def _catches_cancellation(statement: cst.Try | cst.TryStar) -> bool:
    """Whether a handler swallows what is no `Exception`."""
    for handler in statement.handlers:
        is_broad = handler.type is None or (
            isinstance(handler.type, cst.Name) and handler.type.value == "BaseException"
        )
        if is_broad:
            return not _raises_again(handler)
    return False


def _raises_again(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    last = handler.body.body[-1] if handler.body.body else None
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Raise)
