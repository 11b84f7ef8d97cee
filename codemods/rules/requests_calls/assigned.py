"""Responses that are assigned to a name: by which requests, where they are used, and how far the uses go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import libcst as cst

from codemods.model import Span
from codemods.rules.names import NameRole, role_of
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse, is_none_test
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Refusal
from codemods.tree import Tree

RESPONSE_TYPE = "requests.models.Response"


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


def is_guarded(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the function may go on after the statement at the end of a path has failed."""
    return any(
        isinstance(outer, cst.Try | cst.TryStar | cst.With) and inner is outer.body for outer, inner in pairwise(path)
    )


@dataclass(frozen=True, slots=True)
class Uses:
    loads: Sequence[tuple[cst.CSTNode, ...]]
    """The paths of the places."""
    others_bind: bool
    """Whether the name also holds something else at times."""
    may_be_none: frozenset[Span] = frozenset()
    """The places where it may be None."""


def uses_of(
    tree: Tree,
    function: cst.FunctionDef,
    group: Sequence[tuple[Assigned, str]],
    types: Mapping[Span, str],
) -> Uses | Refusal:
    """All places where the name holds one of the group's responses."""
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
        elif role is NameRole.BOUND:
            return Refusal(f"{name} is bound in other ways than by assignment")
        elif role is NameRole.ASSIGNED and not any(id(parent) in own for parent in path):
            if not _is_no_response(path, name):
                return Refusal(f"{name} may hold another response in line {tree.span(node).line}")
            others_bind = True
    if not others_bind:
        return Uses(loads, others_bind)
    typed = _typed_loads(tree, name, loads, types)
    if isinstance(typed, Refusal):
        return typed
    spans = [tree.span(path[-1]) for path in typed]
    return Uses(typed, others_bind, frozenset(span for span in spans if types[span] != RESPONSE_TYPE))


def asking_for_none(placed: Sequence[PlacedUse], uses: Uses) -> tuple[PlacedUse, ...]:
    """Placed uses, of which those that ask for the truth of what may be None ask for that first."""
    return tuple(
        replace(one, use=ResponseUse.TRUTH_OR_NONE)
        if one.use is ResponseUse.TRUTH and one.response in uses.may_be_none
        else one
        for one in placed
    )


def _is_no_response(path: Sequence[cst.CSTNode], name: str) -> bool:
    """Whether the assignment to the name at the end of a path gives it something that is no response for certain."""
    assign = path[-3]
    value = assign.value if isinstance(assign, cst.Assign) else None
    if isinstance(value, cst.Call) and not value.args:
        value = value.func
    match value:
        case cst.Attribute(value=cst.Name(value=of)) if of == name:
            return True  # r = r.json(), r = r.text
        case cst.Name(value="None" | "True" | "False"):
            return True
    return isinstance(value, cst.BaseNumber | cst.BaseString | cst.Dict | cst.List | cst.Tuple | cst.Set)


def _typed_loads(
    tree: Tree, name: str, loads: list[tuple[cst.CSTNode, ...]], types: Mapping[Span, str]
) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """Of the loads of a name that also holds other values, those that are responses for certain."""
    responses = []
    for path in loads:
        if is_none_test(path):
            continue  # the same question whatever the name holds
        span = tree.span(path[-1])
        kind = types.get(span)
        # to ask None for an attribute is the same error for both
        if kind is not None and RESPONSE_TYPE in kind and set(alternatives(kind)) <= {RESPONSE_TYPE, "None"}:
            responses.append(path)
        elif kind is None or RESPONSE_TYPE in kind or "Unknown" in kind:
            return Refusal(f"{name} may hold something else than a response in line {span.line}")
    return responses


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a request's block goes, and the uses of its response in it."""

    last: cst.BaseStatement
    uses: tuple[tuple[cst.CSTNode, ...], ...]


def extents(group: Sequence[Assigned], uses: Sequence[tuple[cst.CSTNode, ...]]) -> list[Extent] | None:
    """The extents of the requests' blocks; None when blocks cannot hold all uses."""
    starts = [list(one.block.body).index(one.line) for one in group]
    ends = list(starts)
    owned: list[list[tuple[cst.CSTNode, ...]]] = [[] for _ in group]
    for path in uses:
        owner = _owner(group, starts, path)
        if owner is None:
            return None
        index, statement = owner
        ends[index] = max(ends[index], statement)
        owned[index].append(path)
    for index, one in enumerate(group):
        inside = one.block.body[starts[index] : ends[index] + 1]
        # an assignment of the same name within the block would end the first response's life there
        if any(statement in other.path for other in group if other is not one for statement in inside):
            return None
    return [Extent(one.block.body[end], tuple(paths)) for one, end, paths in zip(group, ends, owned, strict=True)]


def _owner(group: Sequence[Assigned], starts: Sequence[int], path: tuple[cst.CSTNode, ...]) -> tuple[int, int] | None:
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
