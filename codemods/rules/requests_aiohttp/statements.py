"""Requests within a statement: lifted in front of it, or the item of a `with`."""

from __future__ import annotations

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.rules.evaluation import is_evaluated_first
from codemods.rules.names import free_name
from codemods.rules.requests_aiohttp.placed import place_uses, reads_of
from codemods.rules.requests_aiohttp.shapes import RequestForm, Shape, has_other_handlers
from codemods.rules.requests_calls.handling import PlacedUse, is_handed
from codemods.rules.requests_calls.received import handing_of
from codemods.rules.requests_calls.statements import loads_inside, named_item, statement_index
from codemods.rules.requests_calls.streams import is_streamed
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def lifted_form(tree: Tree, call: cst.Call, verb: str) -> RequestForm | Refusal:
    """The form of a request that is used by the expression that makes it, or that nobody uses."""
    path = tree.path(call)
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    at = statement_index(path)
    if at is None:
        return Refusal("it is not in a statement of its own in an indented block")
    statement = path[at]
    uses: tuple[PlacedUse, ...] = ()
    is_passed = is_handed(path)
    if not isinstance(path[-2], cst.Expr):
        if not is_evaluated_first(path[at:]):
            return Refusal("something with effects is evaluated before it, or not always")
        if is_passed and is_streamed(call):
            return Refusal("its response is streamed, and used where no block of its own can reach")
        placed = () if is_passed else place_uses(tree, [path], function, [call])
        if isinstance(placed, Refusal):
            return placed
        uses = placed
    elif is_streamed(call):
        return Refusal("its response is streamed and never read")
    return RequestForm(
        call=tree.span(call),
        verb=verb,
        shape=Shape.PASS if is_passed else Shape.LIFT,
        statement=tree.span(statement),
        last=tree.span(statement),
        response=free_name(function, "response"),
        session=free_name(function, "session"),
        uses=uses,
        handings=(handing_of(tree, path, is_made_here=True),) if is_passed else (),
    )


def with_form(tree: Tree, call: cst.Call, verb: str) -> RequestForm | Refusal | None:
    """The form of a request that is the item of a `with` statement; None when it is none."""
    item = named_item(tree, call)
    if item is None or isinstance(item, Refusal):
        return item
    function, statement, name = item.function, item.statement, item.name
    loads = loads_inside(tree, function, statement, name)
    if isinstance(loads, Refusal):
        return loads
    placed = place_uses(tree, loads, function, [call])
    if isinstance(placed, Refusal):
        return placed
    # the statement itself lets what fails in its body pass
    reads = [where[where.index(statement.body) :] for where in reads_of(tree, placed)]
    return RequestForm(
        call=tree.span(call),
        verb=verb,
        shape=Shape.WITH,
        statement=tree.span(statement),
        last=tree.span(statement),
        response=name.value,
        session=free_name(function, "session"),
        uses=placed,
        reads_first=has_other_handlers(tree.path(call), reads),
    )
