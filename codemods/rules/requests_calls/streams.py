"""How the body of a response is iterated while it comes.

Each function gets the path to a response. Source: the verified table, section 3.5.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import libcst as cst

from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.handling import Handling, PlacedUse, ResponseUse
from codemods.rules.rule import Refusal
from codemods.tree import Tree

Path = Sequence[cst.CSTNode]

STREAMS = frozenset({ResponseUse.CHUNKS, ResponseUse.LINES})
"""The uses that take the body as it comes."""


def response(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`for chunk in response`."""
    return Handling(ResponseUse.CHUNKS, 0)


def chunks(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`for chunk in response.iter_content(size)`."""
    call = _iterated_call(path)
    if call is None:
        return Refusal("iter_content() is used otherwise than by a for statement")
    size = chunk_size(call)
    if size is None:
        return Refusal("iter_content() is called with more than a size that can be seen")
    if isinstance(size, cst.Integer) and size.evaluated_value <= 0:
        return Refusal("iter_content() is called with a size that is not positive")
    return Handling(ResponseUse.CHUNKS, 2)


def lines(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """`for line in response.iter_lines()`."""
    call = _iterated_call(path)
    if call is None:
        return Refusal("iter_lines() is used otherwise than by a for statement")
    loop = path[-4]
    assert isinstance(loop, cst.For)
    if not isinstance(loop.target, cst.Name) or not isinstance(loop.body, cst.IndentedBlock):
        return Refusal("iter_lines() is iterated in one line, or by more than a name")
    for argument in call.args:
        keyword = argument.keyword.value if argument.keyword is not None else None
        is_off = keyword in {"decode_unicode", "delimiter"} and _is_off(argument.value)
        is_size = keyword == "chunk_size" or (argument is call.args[0] and keyword is None and not argument.star)
        if not is_off and not (is_size and isinstance(argument.value, cst.Integer | cst.Name)):
            return Refusal("iter_lines() is asked to decode, or to split at something else than ends of lines")
    return Handling(ResponseUse.LINES, 2)


def _iterated_call(path: Sequence[cst.CSTNode]) -> cst.Call | None:
    call, loop = path[-3], path[-4]
    is_call = isinstance(call, cst.Call) and call.func is path[-2]
    is_loop = isinstance(loop, cst.For) and loop.iter is call and loop.asynchronous is None
    return call if is_call and is_loop and isinstance(call, cst.Call) else None


def chunk_size(call: cst.Call) -> cst.BaseExpression | None:
    """The size that `iter_content` is asked for; None when more is asked."""
    size: cst.BaseExpression = cst.Integer("1")
    for index, argument in enumerate(call.args):
        keyword = argument.keyword.value if argument.keyword is not None else None
        if argument.star:
            return None
        if keyword == "chunk_size" or (keyword is None and index == 0):
            size = argument.value
        elif not _is_off(argument.value):
            return None
    return size


def _is_off(value: cst.BaseExpression) -> bool:
    return is_name(value, "False") or is_name(value, "None")


def is_streamed(call: cst.Call) -> bool:
    """Whether a request leaves its body to be read when it is used: `stream=True`."""
    return any(
        one.keyword is not None and one.keyword.value == "stream" and is_name(one.value, "True") for one in call.args
    )


def check_stream(
    tree: Tree,
    use: PlacedUse,
    loops: Sequence[cst.For | cst.While],
    placed: Sequence[tuple[PlacedUse, Path]],
    reading: Container[ResponseUse],
) -> Refusal | None:
    """Why a body cannot be taken as it comes, which it can be once; `reading` are the uses that read it whole."""
    is_alone = sum(_takes(other, reading) for other, _ in placed) == 1
    is_repeated = any(isinstance(loop, cst.While) or use.node != tree.span(loop.iter) for loop in loops)
    if is_alone and not is_repeated:
        return None
    return Refusal(f"the response is iterated in line {use.node.line}, and read elsewhere or iterated again")


def check_close(
    use: PlacedUse,
    loops: Sequence[cst.For | cst.While],
    placed: Sequence[tuple[PlacedUse, Path]],
    reading: Container[ResponseUse],
) -> Refusal | None:
    """Why a response cannot be closed: its body cannot be read any more then."""
    for other, path in placed:
        is_later = other.node > use.node or any(loop in path for loop in loops)
        if _takes(other, reading) and is_later:
            return Refusal(f"the response's body is read in line {other.node.line}, after it is closed")
    return None


def _takes(use: PlacedUse, reading: Container[ResponseUse]) -> bool:
    return use.use in STREAMS or use.use in reading
