"""Writes what consumes an async generator or context manager: `async for`, `async with`, and comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby

import libcst as cst

from codemods.model import Span
from codemods.rewrite.async_statements import made_async
from codemods.rewrite.edits import Edits, awaited
from codemods.rules.consumption import Consumed, Consumer, Consumption
from codemods.tree import Tree

ITEM = "item"
"""What an element of an iterator is called that has no name."""


class Consumptions:
    """Collects what consumes what calls give, of one module."""

    def __init__(self, edits: Edits) -> None:
        self._edits = edits
        self._entered: dict[int, tuple[cst.With, set[int]]] = {}
        self.yielded: set[int] = set()
        """The ids of the iterators of which each item is yielded: the functions around them are written anew."""

    def add(self, consumed: Consumed) -> None:
        """Has everything that consumes what a call gives do so in an async way."""
        for place in consumed.places:
            self._add(place)

    def _add(self, place: Consumption) -> None:
        path = self._edits.tree.path(_expression(self._edits.tree, place.span))
        match place.consumer:
            case Consumer.FOR | Consumer.COMPREHENSION:
                self._edits.replace_last(path[:-1], made_async)
            case Consumer.EXPRESSION:
                at = next(index for index in range(len(path) - 1, -1, -1) if isinstance(path[index], cst.GeneratorExp))
                self._edits.replace_last(path[:-1], made_async)
                self._edits.replace(path[at], _as_list)
            case Consumer.COLLECTED:
                _add_collected(self._edits, path)
            case Consumer.NEXT:
                self._edits.replace(path[-3], _as_anext)
            case Consumer.WITH:
                block = cst.ensure_type(path[-3], cst.With)
                index = next(at for at, item in enumerate(block.items) if item is path[-2])
                self._entered.setdefault(id(block), (block, set()))[1].add(index)
            case Consumer.YIELD_FROM:
                self.yielded.add(id(path[-1]))
            case Consumer.RETURN:
                pass  # whoever called it iterates

    def finish(self) -> None:
        """Adds the edits of the `with` statements, once all that they enter is known."""
        for block, indices in self._entered.values():
            self._edits.replace(block, _entering(indices))


def _expression(tree: Tree, span: Span) -> cst.BaseExpression:
    found = tree.expression(span)
    if found is None:
        raise LookupError(f"nothing that could be iterated over stands in line {span.line}, column {span.column}")
    return found


def _as_list(node: cst.CSTNode) -> cst.CSTNode:
    """A list comprehension that makes at once what a generator expression would make by and by."""
    expression = cst.ensure_type(node, cst.GeneratorExp)
    return cst.ListComp(expression.elt, expression.for_in)


def _add_collected(edits: Edits, path: Sequence[cst.CSTNode]) -> None:
    outer = path[-3]
    if isinstance(outer, cst.Call) and len(outer.args) == 1 and not outer.args[0].star:
        match outer.func:
            case cst.Name(value="list"):
                edits.replace(outer, lambda node: _collection(cst.ensure_type(node, cst.Call), cst.ListComp))
                return
            case cst.Name(value="set"):
                edits.replace(outer, lambda node: _collection(cst.ensure_type(node, cst.Call), cst.SetComp))
                return
    edits.replace(path[-1], lambda node: _listed(node))


def _collection(call: cst.Call, kind: type[cst.ListComp] | type[cst.SetComp]) -> cst.BaseExpression:
    """The comprehension that takes the place of a call of `list` or `set`."""
    return kind(cst.Name(ITEM), _items(call.args[0].value), lpar=call.lpar, rpar=call.rpar)


def _listed(node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.BaseExpression)
    return cst.ListComp(cst.Name(ITEM), _items(node))


def _items(iterator: cst.BaseExpression) -> cst.CompFor:
    return cst.CompFor(cst.Name(ITEM), iterator, asynchronous=cst.Asynchronous())


def _as_anext(node: cst.CSTNode) -> cst.CSTNode:
    return awaited(cst.ensure_type(node, cst.Call).with_changes(func=cst.Name("anext")))


def _entering(indices: Collection[int]) -> Callable[[cst.CSTNode], cst.CSTNode]:
    """What makes a `with` statement enter its items with some indices asynchronously, and the others as before."""

    def changed(node: cst.CSTNode) -> cst.CSTNode:
        block = cst.ensure_type(node, cst.With)
        runs = groupby(enumerate(block.items), lambda one: one[0] in indices)
        groups = [(is_async, [item for _, item in items]) for is_async, items in runs]
        made: cst.BaseSuite = block.body
        for is_async, items in reversed(groups):
            statement = _statement(block, items if len(groups) > 1 else block.items, made, is_async=is_async)
            made = cst.IndentedBlock([statement])
        return statement.with_changes(leading_lines=block.leading_lines)

    return changed


def _statement(block: cst.With, items: Sequence[cst.WithItem], body: cst.BaseSuite, *, is_async: bool) -> cst.With:
    """A `with` statement for some of another one's items."""
    *others, last = items
    if len(items) < len(block.items):
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    keeps = len(items) == len(block.items) or len(items) > 1
    return block.with_changes(
        items=[*others, last],
        body=body,
        asynchronous=cst.Asynchronous() if is_async else None,
        leading_lines=(),
        lpar=block.lpar if keeps else cst.MaybeSentinel.DEFAULT,
        rpar=block.rpar if keeps else cst.MaybeSentinel.DEFAULT,
    )
