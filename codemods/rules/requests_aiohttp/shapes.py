"""Which statements a request's block holds: decided on the tree, kept as plain spans.

Three shapes have a native form. A response assigned to a name is used inside its block (`BLOCK`), or, when it is
used where the block cannot reach, read at once and kept (`KEEP`). A response that is used in the expression that
makes it is lifted in front of that statement (`LIFT`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.syntax import Position, place_of_path
from codemods.model import Span
from codemods.rules.evaluation import is_evaluated_first
from codemods.rules.names import NameRole, bound_names, enclosing_function, role_of
from codemods.rules.requests_aiohttp.response import AWAITS, NOTES, ResponseUse, handling_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree

RESPONSE_TYPE = "requests.models.Response"


class Shape(StrEnum):
    """How the block is formed."""

    BLOCK = "block"
    KEEP = "keep"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class PlacedUse:
    """An expression that uses a response: the outermost node to rewrite, and the response within it."""

    node: Span
    response: Span
    use: ResponseUse


@dataclass(frozen=True, slots=True)
class RequestForm:
    """The native form of one request."""

    call: Span
    verb: str
    shape: Shape
    statement: Span
    """The statement that holds the call."""
    last: Span
    """The last statement of the block; the same one for KEEP and LIFT."""
    response: str
    """The variable that holds the response."""
    session: str
    """The variable that holds the session."""
    uses: tuple[PlacedUse, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """A request whose response is assigned to a name by a statement of its own."""

    call: cst.Call
    name: str
    path: tuple[cst.CSTNode, ...]

    @property
    def block(self) -> cst.IndentedBlock:
        """The block of statements it stands in."""
        block = self.path[-4]
        assert isinstance(block, cst.IndentedBlock)
        return block

    @property
    def line(self) -> cst.SimpleStatementLine:
        """Its statement."""
        line = self.path[-3]
        assert isinstance(line, cst.SimpleStatementLine)
        return line


def assignment_of(tree: Tree, call: cst.Call) -> Assigned | None:
    """The plain assignment `name = call` that is a statement of its own in an indented block, if it is one."""
    path = tree.path(call)
    match path[-4:]:
        case (
            cst.IndentedBlock(),
            cst.SimpleStatementLine(body=[only]),
            cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]) as assign,
            _,
        ) if only is assign:
            return Assigned(call, name, path)
    return None


def assigned_forms(
    tree: Tree, group: Sequence[tuple[Assigned, str]], types: Mapping[Span, str]
) -> tuple[RequestForm, ...] | Refusal:
    """The forms of all requests of one function that are assigned to the same name, with their verbs."""
    first = group[0][0]
    function = enclosing_function(first.path)
    if function is None:
        return Refusal("it stands outside of any function")
    uses = _uses_of(tree, function, group, types)
    if isinstance(uses, Refusal):
        return uses
    placed: list[PlacedUse] = []
    for path in uses:
        handled = _place_use(tree, path, function)
        if isinstance(handled, Refusal):
            return handled
        placed.append(handled)
    session = free_name(function, "session")
    extents = _extents([one for one, _ in group], uses)
    forms = []
    for index, (one, verb) in enumerate(group):
        last = one.line if extents is None else extents[index]
        forms.append(
            RequestForm(
                call=tree.span(one.call),
                verb=verb,
                shape=Shape.KEEP if extents is None else Shape.BLOCK,
                statement=tree.span(one.line),
                last=tree.span(last),
                response=one.name,
                session=session,
                uses=tuple(placed) if index == 0 else (),
            )
        )
    return tuple(forms)


def _uses_of(
    tree: Tree,
    function: cst.FunctionDef,
    group: Sequence[tuple[Assigned, str]],
    types: Mapping[Span, str],
) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """The paths of all places where the name holds one of the group's responses."""
    name = group[0][0].name
    own = {id(one.line) for one, _ in group}
    others_bind = False
    loads: list[tuple[cst.CSTNode, ...]] = []
    for node in tree.all(cst.Name, function):
        if node.value != name:
            continue
        path = tree.path(node)
        role = role_of(path)
        if role is NameRole.LOAD:
            loads.append(path)
        elif role is NameRole.ASSIGNED:
            others_bind = others_bind or not any(id(parent) in own for parent in path)
        elif role is NameRole.BOUND:
            return Refusal(f"{name} is bound in other ways than by assignment")
    if not others_bind:
        return loads
    return _typed_loads(tree, name, loads, types)


def _typed_loads(
    tree: Tree, name: str, loads: list[tuple[cst.CSTNode, ...]], types: Mapping[Span, str]
) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """Of the loads of a name that also holds other values, those that are responses for certain."""
    responses = []
    for path in loads:
        span = tree.span(path[-1])
        kind = types.get(span)
        if kind == RESPONSE_TYPE:
            responses.append(path)
        elif kind is None or RESPONSE_TYPE in kind or "Unknown" in kind:
            return Refusal(f"{name} may hold something else than a response in line {span.line}")
    return responses


def _place_use(
    tree: Tree, path: tuple[cst.CSTNode, ...], function: cst.FunctionDef
) -> PlacedUse | Refusal:
    line = tree.span(path[-1]).line
    if enclosing_function(path) is not function:
        return Refusal(f"the response is used by a nested function in line {line}")
    handling = handling_of(path)
    if isinstance(handling, Refusal):
        return Refusal(f"{handling.reason} in line {line}")
    node = path[-1 - handling.depth]
    if handling.use in AWAITS:
        position, blocker = place_of_path(path[: len(path) - handling.depth])
        if position is not Position.AWAITABLE:
            return Refusal(f"the response's body is read {blocker or 'where it is awaited'} in line {line}")
    return PlacedUse(tree.span(node), tree.span(path[-1]), handling.use)


def _extents(
    group: Sequence[Assigned], uses: Sequence[tuple[cst.CSTNode, ...]]
) -> list[cst.BaseStatement] | None:
    """The last statement of each request's block; None when blocks cannot hold all uses."""
    starts = [list(one.block.body).index(one.line) for one in group]
    ends = list(starts)
    for path in uses:
        owner = _owner(group, starts, path)
        if owner is None:
            return None
        index, statement = owner
        ends[index] = max(ends[index], statement)
    for index, one in enumerate(group):
        inside = one.block.body[starts[index] : ends[index] + 1]
        # an assignment of the same name within the block would end the first response's life there
        if any(statement in other.path for other in group if other is not one for statement in inside):
            return None
    return [one.block.body[end] for one, end in zip(group, ends, strict=True)]


def _owner(
    group: Sequence[Assigned], starts: Sequence[int], path: tuple[cst.CSTNode, ...]
) -> tuple[int, int] | None:
    """The request whose block can hold a use, and the index of the statement it is in."""
    best: tuple[int, int] | None = None
    for index, one in enumerate(group):
        if one.block not in path:
            continue
        statement = path[path.index(one.block) + 1]
        at = next(i for i, node in enumerate(one.block.body) if node is statement)
        if at > starts[index] and (best is None or starts[index] > starts[best[0]]):
            best = (index, at)
    return best


def lifted_form(tree: Tree, call: cst.Call, verb: str) -> RequestForm | Refusal:
    """The form of a request that is used by the expression that makes it, or that nobody uses."""
    path = tree.path(call)
    function = enclosing_function(path)
    if function is None:
        return Refusal("it stands outside of any function")
    at = _statement_index(path)
    if at is None:
        return Refusal("it is not in a statement of its own in an indented block")
    statement = path[at]
    uses: tuple[PlacedUse, ...] = ()
    if not isinstance(path[-2], cst.Expr):
        handling = handling_of(path)
        if isinstance(handling, Refusal):
            return handling
        node = path[-1 - handling.depth]
        if not is_evaluated_first(path[at:]):
            return Refusal("something with effects is evaluated before it, or not always")
        uses = (PlacedUse(tree.span(node), tree.span(call), handling.use),)
    return RequestForm(
        call=tree.span(call),
        verb=verb,
        shape=Shape.LIFT,
        statement=tree.span(statement),
        last=tree.span(statement),
        response=free_name(function, "response"),
        session=free_name(function, "session"),
        uses=uses,
    )


def _statement_index(path: Sequence[cst.CSTNode]) -> int | None:
    """Where in a path the statement stands that can be put into a block, whole."""
    for index in range(len(path) - 2, 0, -1):
        node = path[index]
        if not isinstance(node, cst.BaseStatement):
            continue
        if not isinstance(path[index - 1], cst.IndentedBlock):
            return None
        if isinstance(node, cst.SimpleStatementLine):
            return index if len(node.body) == 1 else None
        # the head of an `if` or a `for` is evaluated once, before the rest of the statement
        is_head = isinstance(node, cst.If) and path[index + 1] is node.test
        is_head = is_head or isinstance(node, cst.For) and path[index + 1] is node.iter
        return index if is_head else None
    return None


def free_name(function: cst.FunctionDef, wanted: str) -> str:
    """`wanted`, with a number when the function uses that name already."""
    taken = bound_names(function)
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def notes_of(uses: Sequence[PlacedUse]) -> tuple[str, ...]:
    """How the uses of a response differ, each difference once."""
    return tuple(dict.fromkeys(NOTES[one.use] for one in uses if one.use in NOTES))
