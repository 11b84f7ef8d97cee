"""Which statement of a request goes into the block of its client: decided on the tree, kept as plain spans.

Four shapes have a native form. A request is awaited where it stands (`IN_PLACE`); in front of its statement, where
that is more than one line or what it adds to might change meanwhile (`LIFT`); or as the first line of what was the body
of a `with` statement (`WITH`). A response that is streamed and assigned has a block of its own, which holds what is
done with it (`BLOCK`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.evaluation import is_evaluated_first
from codemods.rules.names import free_name
from codemods.rules.requests_calls.assigned import Assigned, asking_for_none, extents, is_guarded, uses_of
from codemods.rules.requests_calls.handling import NativeRequest, PlacedUse, ResponseUse, is_handed, is_returned
from codemods.rules.requests_calls.kept_sessions import KeptForm
from codemods.rules.requests_calls.received import Onward, handing_of, handings_of, onward
from codemods.rules.requests_calls.sessions import SessionForm
from codemods.rules.requests_calls.statements import loads_inside, named_item, statement_index
from codemods.rules.requests_calls.streams import is_streamed
from codemods.rules.requests_httpx.arguments import CheckedArguments
from codemods.rules.requests_httpx.response import place_uses
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_STREAMED = Refusal("its response is streamed, and used where no block of its own can reach")


class Shape(StrEnum):
    """Where a request is awaited."""

    IN_PLACE = "in place"
    LIFT = "lift"
    WITH = "with"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class RequestForm(NativeRequest):
    """The native form of one request."""

    shape: Shape
    statement: Span
    """The statement that goes into the block."""
    client: str
    """The variable that holds the client."""
    response: str
    """The variable that holds the response, for LIFT and WITH."""
    is_streamed: bool = False
    """Whether its body is read when it is used."""
    is_assigned: bool = False
    """Whether its statement assigns the response."""
    spare: str | None = None
    """For what is assigned where the function goes on if it fails: a name for the response until it is fine."""
    raises_at_once: bool = False
    """Whether an error of a server is raised behind the request, for a hook that did."""
    can_be_lifted: bool = True
    """Whether it can be awaited in front of its statement as well."""
    is_shared: bool = False
    """Whether that client is made elsewhere, for several requests."""
    is_in_session: bool = False
    """Whether it is a session of the program's own."""
    of_session: tuple[tuple[str, str], ...] = ()
    """What the request is given because it is set on that: keywords and variables."""
    opens: SessionForm | KeptForm | None = None
    """That session, for the first of its requests."""
    verb: str = ""
    arguments: CheckedArguments | None = None
    is_strict: bool = False
    """Whether all that can be adjusted is."""
    decodes_text: bool = False
    """Whether JSON is decoded from the text, which fails as it does in requests."""


def assigned_forms(
    tree: Tree, group: Sequence[tuple[Assigned, str]], types: Mapping[Span, str]
) -> tuple[list[RequestForm | Refusal], bool]:
    """The forms of all requests of one function that are assigned to the same name, with their verbs.

    The second value says whether they stand or fall together: a use may be one of several responses then.
    """
    function = enclosing_function(group[0][0].path)
    if not isinstance(function, cst.FunctionDef):
        return [Refusal("it stands outside of any function")] * len(group), False
    found = uses_of(tree, function, group, types)
    if isinstance(found, Refusal):
        return [found] * len(group), False
    ways = onward(found.loads, function)
    reached = None if ways.returned else extents([one for one, _ in group], found.loads)
    streamed = [one for one, _ in group if is_streamed(one.call)]
    if streamed and (reached is None or (found.others_bind and any(is_guarded(one.path) for one in streamed))):
        return [_STREAMED] * len(group), False
    made: list[RequestForm | Refusal] = []
    for index, (one, _) in enumerate(group):
        if reached is not None:
            own = onward(reached[index].uses, function)
        else:
            own = ways if index == 0 else replace(ways, used=())
        calls = [one.call] if reached is not None else [two.call for two, _ in group]
        placed = _placed(tree, function, own, calls)
        if isinstance(placed, Refusal):
            made.append(placed)
            continue
        has_block = one in streamed
        made.append(
            RequestForm(
                call=tree.span(one.call),
                uses=asking_for_none(placed, found),
                shape=Shape.BLOCK if has_block else Shape.IN_PLACE,
                statement=tree.span(one.line),
                last=tree.span(reached[index].last if has_block and reached is not None else one.line),
                client=free_name(function, "client"),
                response=one.name,
                is_streamed=has_block,
                is_assigned=True,
                spare=free_name(function, "response") if is_guarded(one.path) else None,
                returns=tuple(tree.span(path[-1]) for path in own.returned),
                handings=handings_of(tree, own, found),
            )
        )
    return made, reached is None


def _placed(
    tree: Tree, function: cst.FunctionDef, ways: Onward, calls: Sequence[cst.Call]
) -> tuple[PlacedUse, ...] | Refusal:
    """The uses of a response within its function; it has to be as others need it where it leaves that."""
    placed = place_uses(tree, ways.used, function, calls)
    if isinstance(placed, Refusal) or not (ways.handed or ways.returned):
        return placed
    if any(map(is_streamed, calls)):
        return _STREAMED
    if any(one.use is ResponseUse.ENCODING for one in placed):
        return Refusal("its encoding is set, and others get the response as well")
    return placed


def used_at_once(tree: Tree, call: cst.Call, *, has_client: bool = False) -> RequestForm | Refusal:
    """The form of a request that is used by the expression that makes it, or that nobody uses.

    `has_client` says that its client is there already, so that it can be awaited wherever `await` can stand.
    """
    path = tree.path(call)
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    at = statement_index(path)
    refusal: Refusal | None = None
    if at is None:
        refusal = Refusal("it is not in a statement of its own in an indented block")
        at = max(index for index, node in enumerate(path) if isinstance(node, cst.BaseStatement))
    is_used = not isinstance(path[-2], cst.Expr)
    if refusal is None and is_used and not is_evaluated_first(path[at:]):
        refusal = Refusal("something with effects is evaluated before it, or not always")
    if refusal is not None and not has_client:
        return refusal
    if not is_used and is_streamed(call):
        return Refusal("its response is streamed and never read")
    leaves = is_returned(path) or is_handed(path)
    if leaves and is_streamed(call):
        return _STREAMED
    placed = place_uses(tree, [path], function, [call]) if is_used and not leaves else ()
    if isinstance(placed, Refusal):
        return placed
    is_whole = isinstance(path[at], cst.SimpleStatementLine) and not isinstance(path[at + 1], cst.AugAssign)
    is_lifted = is_streamed(call) or any(one.use is ResponseUse.RAISE for one in placed)
    if is_lifted and refusal is not None:
        return refusal
    return RequestForm(
        call=tree.span(call),
        uses=placed,
        shape=Shape.IN_PLACE if (has_client or is_whole) and not is_lifted else Shape.LIFT,
        statement=tree.span(path[at]),
        last=tree.span(path[at]),
        client=free_name(function, "client"),
        response=free_name(function, "response"),
        can_be_lifted=refusal is None,
        is_streamed=is_streamed(call),
        returns=(tree.span(call),) if is_returned(path) else (),
        handings=(handing_of(tree, path, is_made_here=True),) if is_handed(path) else (),
    )


def of_a_with(tree: Tree, call: cst.Call) -> RequestForm | Refusal | None:
    """The form of a request that is the item of a `with` statement; None when it is none."""
    item = named_item(tree, call)
    if item is None or isinstance(item, Refusal):
        return item
    function, statement, name = item.function, item.statement, item.name
    if not isinstance(statement.body, cst.IndentedBlock):
        return Refusal("it is not in a statement of its own in an indented block")
    loads = loads_inside(tree, function, statement, name)
    if isinstance(loads, Refusal):
        return loads
    placed = place_uses(tree, loads, function, [call])
    if isinstance(placed, Refusal):
        return placed
    return RequestForm(
        call=tree.span(call),
        uses=placed,
        shape=Shape.WITH,
        statement=tree.span(statement),
        last=tree.span(statement),
        client=free_name(function, "client"),
        response=name.value,
        is_streamed=is_streamed(call),
    )


def raising_form(form: RequestForm) -> RequestForm | Refusal:
    """The form of a request whose hook raises: the response needs a name."""
    if form.is_streamed:
        return Refusal("it has a hook that raises, and its response is streamed")
    if form.spare is not None:
        return replace(form, raises_at_once=True, shape=Shape.LIFT, response=form.spare)
    if form.is_assigned or form.shape is not Shape.IN_PLACE:
        return replace(form, raises_at_once=True)
    if not form.can_be_lifted:
        return Refusal("it has a hook that raises, and stands where no statement can be put in front")
    return replace(form, raises_at_once=True, shape=Shape.LIFT)
