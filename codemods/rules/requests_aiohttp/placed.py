"""The uses of a response at their places: which nodes they are, and whether they go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import libcst as cst

from codemods.facts.syntax import Position, enclosing_function, place_of_path
from codemods.rules.names import is_bound
from codemods.rules.requests_aiohttp.response import AWAITS, DECODES, HOP_USES, UNFIT_FOR_F_STRINGS, handling_of
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse, is_in_f_string
from codemods.rules.requests_calls.parts import hops
from codemods.rules.requests_calls.streams import STREAMS, check_close, check_stream, is_streamed
from codemods.rules.rule import Refusal
from codemods.tree import Tree

Path = tuple[cst.CSTNode, ...]


def place_uses(
    tree: Tree, paths: Sequence[Path], function: cst.FunctionDef, calls: Sequence[cst.Call], *, is_kept: bool = False
) -> tuple[PlacedUse, ...] | Refusal:
    """What is done with the response of some calls at the ends of paths, all within a function.

    `is_kept` says that the response is read at once, so that it can be used anywhere.
    """
    placed: list[tuple[PlacedUse, Path]] = []
    for path in paths:
        handled = _place_use(tree, path, function)
        further = hops(tree, path)
        if isinstance(handled, Refusal):
            return handled
        if isinstance(further, Refusal):
            return further
        placed.append((handled, path))
        for hop in further:
            of_hop = _place_use(tree, hop, function)
            if isinstance(of_hop, Refusal):
                return of_hop
            if of_hop.use not in HOP_USES:
                return Refusal(f"more is asked of a redirect than its head in line {of_hop.node.line}")
            placed.append((of_hop, hop))
    refusal = _check_kept(placed, calls) if is_kept else _check_block(tree, placed, calls)
    return refusal or tuple(use for use, _ in placed)


def _place_use(tree: Tree, path: Path, function: cst.FunctionDef) -> PlacedUse | Refusal:
    """What is done with a response at the end of a path within a function."""
    line = tree.span(path[-1]).line
    if enclosing_function(path) is not function:
        return Refusal(f"the response is used by a nested function in line {line}")
    handling = handling_of(path)
    if isinstance(handling, Refusal):
        return Refusal(f"{handling.reason} in line {line}")
    node = path[-1 - handling.depth]
    if handling.builtin is not None and is_bound(tree, handling.builtin, path[-1]):
        return Refusal(f"the file binds the name {handling.builtin}, which the response's {handling.use} needs")
    if handling.use in UNFIT_FOR_F_STRINGS and is_in_f_string(path):
        return Refusal(f"what takes the place of the response in line {line} cannot stand in an f-string")
    if handling.use in AWAITS | STREAMS:
        position, blocker = place_of_path(path[: len(path) - handling.depth], tree.no_await)
        if position is not Position.AWAITABLE:
            return Refusal(f"the response's body is read {blocker or 'where it is awaited'} in line {line}")
    return PlacedUse(tree.span(node), tree.span(path[-1]), handling.use)


def _check_kept(placed: Sequence[tuple[PlacedUse, Path]], calls: Sequence[cst.Call]) -> Refusal | None:
    """Why a response cannot be read at once and kept."""
    if any(is_streamed(call) for call in calls):
        return Refusal("its response is streamed, and used where no block of its own can reach")
    for use, _ in placed:
        if use.use in STREAMS:
            return Refusal(f"its response is iterated where no block of its own can reach in line {use.node.line}")
        if use.use is ResponseUse.ENCODING:
            return Refusal(f"its encoding is set where no block of its own can reach in line {use.node.line}")
    return None


def _check_block(tree: Tree, placed: Sequence[tuple[PlacedUse, Path]], calls: Sequence[cst.Call]) -> Refusal | None:
    """Why the uses of a response within its block do not go together."""
    is_stream = is_streamed(calls[0])
    if is_stream and not placed:
        return Refusal("its response is streamed and never read")
    around = tree.path(calls[0])
    for use, path in placed:
        loops = [node for node in path if isinstance(node, cst.For | cst.While) and node not in around]
        refusal: Refusal | None = None
        if use.use in STREAMS and not is_stream:
            refusal = Refusal(f"the response is iterated in line {use.node.line}, and not asked for with stream=True")
        elif use.use in STREAMS:
            refusal = check_stream(tree, use, loops, placed, AWAITS)
        elif use.use is ResponseUse.CLOSE:
            refusal = check_close(use, loops, placed, AWAITS)
        elif use.use is ResponseUse.ENCODING:
            refusal = _check_encoding(use, path, placed)
        if refusal is not None:
            return refusal
    return None


def _check_encoding(use: PlacedUse, path: Path, placed: Sequence[tuple[PlacedUse, Path]]) -> Refusal | None:
    """An encoding becomes an argument of what decodes the body, everywhere."""
    said = f"the response's encoding is set in line {use.node.line}, and"
    block = path[-6]
    assert isinstance(block, cst.IndentedBlock)
    decoding = [where for other, where in placed if other.use in DECODES | {ResponseUse.TEXT}]
    if sum(other.use is ResponseUse.ENCODING for other, _ in placed) > 1:
        return Refusal(f"{said} elsewhere again")
    if not decoding or not all(_comes_after(where, path, block) for where in decoding):
        return Refusal(f"{said} its text not read only after that")
    if any(is_in_f_string(where) for where in decoding):
        return Refusal(f"{said} its text shown in an f-string")
    if any(other.use in STREAMS for other, _ in placed):
        return Refusal(f"{said} its body iterated")
    return None


def _comes_after(path: Path, first: Path, block: cst.IndentedBlock) -> bool:
    """Whether the statement of one path stands behind that of another in a block."""
    if block not in path:
        return False
    statements = list(block.body)
    places = [statements.index(where[where.index(block) + 1]) for where in (first, path)]  # type: ignore[arg-type]
    return places[0] < places[1]


def reads_of(tree: Tree, uses: Iterable[PlacedUse]) -> list[Path]:
    """The paths of the uses that read the body."""
    nodes = [tree.expression(one.node) for one in uses if one.use in AWAITS]
    return [tree.path(node) for node in nodes if node is not None]


def notes_of(uses: Iterable[PlacedUse], notes: Mapping[ResponseUse, str]) -> tuple[str, ...]:
    """How the uses of a response differ, each difference once."""
    return tuple(dict.fromkeys(notes[one.use] for one in uses if one.use in notes))
