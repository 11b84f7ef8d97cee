"""Which statements a request's block holds: decided on the tree, kept as plain spans.

Four shapes have a native form. A response assigned to a name is used inside its block (`BLOCK`), or, when it is
used where the block cannot reach, read at once and kept (`KEEP`). A response that is used in the expression that
makes it is lifted in front of that statement (`LIFT`). A `with` statement of a request becomes an asynchronous one
(`WITH`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.names import NameRole, free_name, role_of
from codemods.rules.requests_aiohttp.adjustments import Adjustment
from codemods.rules.requests_aiohttp.handling import ResponseUse
from codemods.rules.requests_aiohttp.placed import PlacedUse, place_uses, reads_of
from codemods.rules.requests_aiohttp.response import is_none_test
from codemods.rules.requests_aiohttp.streams import is_streamed
from codemods.rules.requests_aiohttp.values import alternatives
from codemods.rules.rule import Refusal
from codemods.tree import Tree

RESPONSE_TYPE = "requests.models.Response"


_RELEASING = frozenset({ResponseUse.RAISE, ResponseUse.CLOSE})
"""The uses after which the bytes of a body cannot be asked for again (section 3.4)."""


class Shape(StrEnum):
    """How the block is formed."""

    BLOCK = "block"
    KEEP = "keep"
    LIFT = "lift"
    WITH = "with"


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The native form of a session that a function makes."""

    name: str
    made: Span
    """The call that makes it."""
    statement: Span
    """The assignment or the `with` statement."""
    last: Span
    """The last statement of its block; the `with` statement itself."""
    is_with: bool
    closes: tuple[Span, ...]
    """The calls that close it."""


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
    content: str | None = None
    """For KEEP: the variable that holds the body as bytes, where something else done with it lets go of them."""
    bound_as: str | None = None
    """For KEEP: the variable that holds the response in the end, when it must not be bound before all is read."""
    reads_first: bool = False
    """For BLOCK and WITH: whether the body is read at once: a handler is around a use that is not around the call."""
    adjustments: tuple[tuple[str, Adjustment], ...] = ()
    """What becomes of its arguments, by parameter name."""
    skips_content_type: bool = False
    """Whether aiohttp must not make up a Content-Type."""
    decodes_text: bool = False
    """Whether JSON is decoded from the text, which raises whatever is no JSON; aiohttp's own way asks for a type."""
    is_in_session: bool = False
    """Whether the variable holds a session of the function's own, so that the request brings none."""
    opens: SessionForm | None = None
    """That session, for the first of its requests."""


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
    tree: Tree, group: Sequence[tuple[Assigned, str]], types: Mapping[Span, str], contents: set[str]
) -> list[RequestForm | Refusal]:
    """The forms of all requests of one function that are assigned to the same name, with their verbs.

    `contents` are the variables that hold bodies of other groups of the function; those of this one are added.
    Forms of the shape KEEP stand or fall together, and the first of them carries all uses; blocks are on their own.
    """
    function = enclosing_function(group[0][0].path)
    if not isinstance(function, cst.FunctionDef):
        return [Refusal("it stands outside of any function")] * len(group)
    found = _uses_of(tree, function, group, types)
    if isinstance(found, Refusal):
        return [found] * len(group)
    uses = found.loads
    session = free_name(function, "session")
    extents = _extents([one for one, _ in group], uses)
    keeps_old = found.others_bind and any(_is_guarded(one.path) for one, _ in group)
    if extents is None or keeps_old:
        placed = place_uses(tree, uses, function, [one.call for one, _ in group], is_kept=True)
        if isinstance(placed, Refusal):
            return [placed] * len(group)
        placed = _asking_for_none(placed, found)
        content = None
        done = {one.use for one in placed}
        if ResponseUse.CONTENT in done and not done.isdisjoint(_RELEASING):
            if found.may_be_none:
                return [Refusal(f"{group[0][0].name}.content is asked for where it may be None")] * len(group)
            content = free_name(function, "content", contents)
            contents.add(content)
        forms = _kept_forms(tree, group, session, placed, content)
        may_be_bound = found.others_bind or len(group) > 1 or _is_in_loop(group[0][0].path)
        return [
            _bound_last(form, one, function) if may_be_bound else form
            for form, (one, _) in zip(forms, group, strict=True)
        ]
    blocks: list[RequestForm | Refusal] = []
    for (one, verb), extent in zip(group, extents, strict=True):
        own = place_uses(tree, extent.uses, function, [one.call])
        if isinstance(own, Refusal):
            blocks.append(own)
        else:
            form = _assigned_form(tree, one, verb, session, extent.last, _asking_for_none(own, found))
            blocks.append(replace(form, reads_first=has_other_handlers(one.path, reads_of(tree, own))))
    return blocks


def has_other_handlers(call: Sequence[cst.CSTNode], reads: Iterable[Sequence[cst.CSTNode]]) -> bool:
    """Whether something around a use may handle what fails while the body is read, and is not around the call.

    With `stream=True` what fails fails at the use in requests, too.
    """
    assert isinstance(call[-1], cst.Call)
    if is_streamed(call[-1]):
        return False
    around = {id(node) for node in _protecting(call)}
    return any(id(node) not in around for read in reads for node in _protecting(read))


def _protecting(path: Sequence[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    for outer, inner in pairwise(path):
        if isinstance(outer, cst.Try | cst.TryStar) and inner is outer.body and outer.handlers:
            yield outer
        if isinstance(outer, cst.With) and inner is outer.body:
            yield outer


def _is_guarded(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the function may go on after the statement at the end of a path has failed."""
    return any(
        isinstance(outer, cst.Try | cst.TryStar | cst.With) and inner is outer.body for outer, inner in pairwise(path)
    )


def _kept_forms(
    tree: Tree,
    group: Sequence[tuple[Assigned, str]],
    session: str,
    uses: tuple[PlacedUse, ...],
    content: str | None,
) -> list[RequestForm]:
    return [
        replace(_assigned_form(tree, one, verb, session, None, uses if index == 0 else ()), content=content)
        for index, (one, verb) in enumerate(group)
    ]


def _bound_last(form: RequestForm, assigned: Assigned, function: cst.FunctionDef) -> RequestForm:
    """The form whose variable keeps what it holds when the request fails and the function goes on."""
    if not _is_guarded(assigned.path):
        return form
    return replace(form, response=free_name(function, "response"), bound_as=assigned.name)


def _is_in_loop(path: Sequence[cst.CSTNode]) -> bool:
    return any(isinstance(node, cst.For | cst.While) for node in path)


def _assigned_form(
    tree: Tree,
    one: Assigned,
    verb: str,
    session: str,
    last: cst.BaseStatement | None,
    uses: tuple[PlacedUse, ...],
) -> RequestForm:
    return RequestForm(
        call=tree.span(one.call),
        verb=verb,
        shape=Shape.KEEP if last is None else Shape.BLOCK,
        statement=tree.span(one.line),
        last=tree.span(last or one.line),
        response=one.name,
        session=session,
        uses=uses,
    )


@dataclass(frozen=True, slots=True)
class _Uses:
    loads: Sequence[tuple[cst.CSTNode, ...]]
    """The paths of the places."""
    others_bind: bool
    """Whether the name also holds something else at times."""
    may_be_none: frozenset[Span] = frozenset()
    """The places where it may be None."""


def _uses_of(
    tree: Tree,
    function: cst.FunctionDef,
    group: Sequence[tuple[Assigned, str]],
    types: Mapping[Span, str],
) -> _Uses | Refusal:
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
        return _Uses(loads, others_bind)
    typed = _typed_loads(tree, name, loads, types)
    if isinstance(typed, Refusal):
        return typed
    spans = [tree.span(path[-1]) for path in typed]
    return _Uses(typed, others_bind, frozenset(span for span in spans if types[span] != RESPONSE_TYPE))


def _asking_for_none(placed: Sequence[PlacedUse], uses: _Uses) -> tuple[PlacedUse, ...]:
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
class _Extent:
    """How far a request's block goes, and the uses of its response in it."""

    last: cst.BaseStatement
    uses: tuple[tuple[cst.CSTNode, ...], ...]


def _extents(group: Sequence[Assigned], uses: Sequence[tuple[cst.CSTNode, ...]]) -> list[_Extent] | None:
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
    return [_Extent(one.block.body[end], tuple(paths)) for one, end, paths in zip(group, ends, owned, strict=True)]


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
