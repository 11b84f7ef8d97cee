"""Which statements a request's block holds: decided on the tree, kept as plain spans.

Five shapes have a native form. A response assigned to a name is used inside its block (`BLOCK`), or, when it is
used where the block cannot reach, read at once and kept (`KEEP`). A response that is used in the expression that
makes it is lifted in front of that statement (`LIFT`), and read there at once when that passes it on (`PASS`). A `with`
statement of a request becomes an asynchronous one (`WITH`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.names import free_name
from codemods.rules.requests_aiohttp.arguments import Added
from codemods.rules.requests_aiohttp.placed import place_uses, reads_of
from codemods.rules.requests_aiohttp.settings import Setting
from codemods.rules.requests_calls.adjustments import Adjustment
from codemods.rules.requests_calls.assigned import (
    Assigned,
    Uses,
    asking_for_none,
    extents,
    is_guarded,
    uses_of,
)
from codemods.rules.requests_calls.failing import goes_on_with
from codemods.rules.requests_calls.handling import NativeRequest, PlacedUse, ResponseUse, is_returned
from codemods.rules.requests_calls.kept_sessions import KeptForm
from codemods.rules.requests_calls.received import Onward, handings_of, onward
from codemods.rules.requests_calls.sessions import SessionForm
from codemods.rules.requests_calls.streams import is_streamed
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_RELEASING = frozenset({ResponseUse.RAISE, ResponseUse.CLOSE})
"""The uses after which the bytes of a body cannot be asked for again (section 3.4)."""


class Shape(StrEnum):
    """How the block is formed."""

    BLOCK = "block"
    KEEP = "keep"
    LIFT = "lift"
    PASS = "pass"
    WITH = "with"


@dataclass(frozen=True, slots=True)
class RequestForm(NativeRequest):
    """The native form of one request."""

    verb: str
    shape: Shape
    statement: Span
    """The statement that holds the call."""
    response: str
    """The variable that holds the response."""
    session: str
    """What holds the session: a variable, or an attribute of `self`."""
    content: str | None = None
    """For KEEP: the variable that holds the body as bytes, where something else done with it lets go of them."""
    bound_as: str | None = None
    """For KEEP: the variable that holds the response in the end, when it must not be bound before all is read."""
    reads_first: bool = False
    """Whether the body is read at once: a handler is around a use that is not around the call."""
    adjustments: tuple[tuple[str, Adjustment], ...] = ()
    """What becomes of its arguments, by parameter name."""
    added: tuple[Added, ...] = ()
    """The keyword arguments that only aiohttp needs."""
    settings: tuple[Setting, ...] = ()
    """What its own session is told."""
    is_strict: bool = False
    """Whether all that can be adjusted is."""
    decodes_text: bool = False
    """Whether JSON is decoded from the text, which raises whatever is no JSON; aiohttp's own way asks for a type."""
    is_in_session: bool = False
    """Whether that is a session of the program's own, so that the request brings none."""
    of_session: tuple[tuple[str, str], ...] = ()
    """What it is given because it is set on its session: keywords and values."""
    is_shared: bool = False
    """Whether it holds a session that is shared, which is opened elsewhere."""
    opens: SessionForm | KeptForm | None = None
    """That session, for the first of its requests."""
    lets_go: bool = False
    """For KEEP: whether a use of the response may let go of its body."""

    @property
    def is_kept(self) -> bool:
        """Whether the response is read at once, and can be used anywhere then."""
        return self.shape in {Shape.KEEP, Shape.PASS}


def assigned_forms(
    tree: Tree, group: Sequence[tuple[Assigned, str]], types: Mapping[Span, str], contents: set[str]
) -> tuple[list[RequestForm | Refusal], bool]:
    """The forms of all requests of one function that are assigned to the same name, with their verbs.

    `contents` are the variables that hold bodies of other groups of the function; those of this one are added.
    The second value says whether they stand or fall together: a use may be one of several responses then, and the first
    form carries all uses.
    """
    function = enclosing_function(group[0][0].path)
    if not isinstance(function, cst.FunctionDef):
        return [Refusal("it stands outside of any function")] * len(group), False
    found = uses_of(tree, function, group, types)
    if isinstance(found, Refusal):
        return [found] * len(group), False
    ways = onward(found.loads, function)
    reached = None if ways.returned else extents([one for one, _ in group], [*ways.used, *ways.handed])
    keeps_old = found.others_bind and any(is_guarded(one.path) for one, _ in group)
    if reached is None or keeps_old:
        return _kept_forms(tree, function, group, found, ways, contents), True
    forms: list[RequestForm | Refusal] = []
    for (one, verb), extent in zip(group, reached, strict=True):
        own_ways = onward(extent.uses, function)
        if own_ways.handed:
            forms += _kept_forms(tree, function, [(one, verb)], found, own_ways, contents)
            continue
        own = place_uses(tree, extent.uses, function, [one.call])
        if isinstance(own, Refusal):
            forms.append(own)
        else:
            session = free_name(function, "session")
            form = _assigned_form(tree, one, verb, session, extent.last, asking_for_none(own, found))
            forms.append(replace(form, reads_first=has_other_handlers(one.path, reads_of(tree, own))))
    return forms, False


def _kept_forms(
    tree: Tree,
    function: cst.FunctionDef,
    group: Sequence[tuple[Assigned, str]],
    found: Uses,
    ways: Onward,
    contents: set[str],
) -> list[RequestForm | Refusal]:
    """The forms of requests whose responses are read at once, and of which the first carries all uses."""
    placed = place_uses(tree, ways.used, function, [one.call for one, _ in group], is_kept=True)
    if isinstance(placed, Refusal):
        return [placed] * len(group)
    placed = asking_for_none(placed, found)
    content = None
    done = {one.use for one in placed}
    if ResponseUse.CONTENT in done and not done.isdisjoint(_RELEASING):
        if found.may_be_none:
            return [Refusal(f"{group[0][0].name}.content is asked for where it may be None")] * len(group)
        content = free_name(function, "content", contents)
        contents.add(content)
    may_be_bound = found.others_bind or len(group) > 1 or _is_in_loop(group[0][0].path)
    handings = handings_of(tree, ways, found)
    forms: list[RequestForm | Refusal] = []
    for index, (one, verb) in enumerate(group):
        form = replace(
            _assigned_form(tree, one, verb, free_name(function, "session"), None, placed if index == 0 else ()),
            content=content,
            returns=tuple(tree.span(path[-1]) for path in ways.returned),
            handings=handings,
            lets_go=may_let_go(tree, placed, is_made_here=True),
        )
        forms.append(_bound_last(form, one, function) if may_be_bound else form)
    return forms


def may_let_go(tree: Tree, uses: Iterable[PlacedUse], *, is_made_here: bool = False) -> bool:
    """Whether the bytes of a body may be gone for what comes after some uses.

    What raises lets go of them, and nothing comes after it unless something handles it.
    """
    releasing = [(one, tree.expression(one.response)) for one in uses if one.use in _RELEASING]
    return any(
        one.use is not ResponseUse.RAISE
        or node is None
        or goes_on_with(tree, tree.path(node), is_made_here=is_made_here)
        for one, node in releasing
    )


def returned_form(tree: Tree, call: cst.Call, verb: str) -> RequestForm | Refusal | None:
    """The form of a request whose response is returned at once; None when it is not."""
    path = tree.path(call)
    if not is_returned(path):
        return None
    function, block, line = enclosing_function(path), path[-4], path[-3]
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    if not isinstance(block, cst.IndentedBlock) or not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
        return Refusal("it is not in a statement of its own in an indented block")
    if is_streamed(call):
        return Refusal("its response is streamed, and used where no block of its own can reach")
    return RequestForm(
        call=tree.span(call),
        verb=verb,
        shape=Shape.KEEP,
        statement=tree.span(line),
        last=tree.span(line),
        response=free_name(function, "response"),
        session=free_name(function, "session"),
        uses=(),
        returns=(tree.span(call),),
    )


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


def _bound_last(form: RequestForm, assigned: Assigned, function: cst.FunctionDef) -> RequestForm:
    """The form whose variable keeps what it holds when the request fails and the function goes on."""
    if not is_guarded(assigned.path):
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
