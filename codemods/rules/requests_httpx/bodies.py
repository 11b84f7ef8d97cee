"""When the body of a response is there, and how it is decoded: streams, and encodings that are set.

Source: httpx 0.28 `httpx/_models.py`: a body that is streamed has to be read before something asks for it, and an
encoding set before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import libcst as cst

from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.streams import STREAMS, check_close, check_stream
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_DECODES = frozenset({ResponseUse.TEXT, ResponseUse.JSON, ResponseUse.JSON_GIVEN})
_READS = _DECODES | {ResponseUse.CONTENT}

_ERROR_NOTE = (
    "the body of an error is read before raise_for_status() raises it, so that a handler can ask for it; requests "
    "reads it where it is asked for, and not once a with statement has closed it"
)

Path = Sequence[cst.CSTNode]
Placed = Sequence[tuple[PlacedUse, Path]]


def stream_uses(tree: Tree, placed: Placed, calls: Sequence[cst.Call]) -> tuple[PlacedUse, ...] | Refusal:
    """What is done with a response that is streamed, with the reads of its body; or why it cannot be."""
    if len(calls) > 1:
        return Refusal("its response is streamed, and used where no block of its own can reach")
    if not placed:
        return Refusal("its response is streamed and never read")
    around = tree.path(calls[0])
    uses: list[PlacedUse] = []
    for use, path in placed:
        loops = [node for node in path if isinstance(node, cst.For | cst.While) and node not in around]
        refusal: Refusal | None = None
        if use.use in STREAMS:
            refusal = check_stream(tree, use, loops, placed, _READS)
        elif use.use is ResponseUse.CLOSE:
            refusal = check_close(use, loops, placed, _READS)
        elif use.use is ResponseUse.RAISE_MORE:
            refusal = Refusal(f"raise_for_status() stands in line {use.node.line} where a stream cannot be read before")
        elif use.use in _READS:
            if _is_late(path):
                return Refusal(f"the body of a stream is asked for in line {use.node.line} in an elif")
            uses.append(PlacedUse(use.node, use.response, ResponseUse.READ))
        if refusal is not None:
            return refusal
        uses.append(use)
    return tuple(uses)


def _is_late(path: Path) -> bool:
    """Whether an expression stands in an `elif`, in front of which no statement can stand."""
    tests = [
        index
        for index, (outer, inner) in enumerate(pairwise(path))
        if isinstance(outer, cst.If) and inner is outer.test
    ]
    return bool(tests) and isinstance(path[tests[-1] - 1], cst.If)


def check_encoding(tree: Tree, placed: Placed, calls: Sequence[cst.Call]) -> Refusal | None:
    """Why an encoding cannot be set: httpx refuses it once the text was asked for."""
    for use, path in placed:
        if use.use is not ResponseUse.ENCODING:
            continue
        said = f"the response's encoding is set in line {use.node.line}, and"
        around = [tree.path(call) for call in calls]
        loops = [node for node in path if isinstance(node, cst.For | cst.While)]
        if any(loop not in one for one in around for loop in loops):
            return Refusal(f"{said} maybe again")
        if any(other.use in STREAMS for other, _ in placed):
            return Refusal(f"{said} its body iterated")
        if any(other.use in _DECODES and other.node < use.node for other, _ in placed):
            return Refusal(f"{said} its text read before that")
    return None


def notes_of_body(uses: Sequence[PlacedUse], *, is_streamed: bool) -> tuple[str, ...]:
    """How it differs that a body is read when it is."""
    raises = any(one.use is ResponseUse.RAISE for one in uses)
    return (_ERROR_NOTE,) if is_streamed and raises else ()


def encodes(uses: Sequence[PlacedUse]) -> bool:
    """Whether an encoding is set, which httpx takes no heed of when it decodes JSON."""
    return any(one.use is ResponseUse.ENCODING for one in uses)
