"""The edits of one module, by the nodes they replace, and the one pass that applies them.

Only nodes on the way to an edit are visited and rebuilt: what no edit touches keeps its very node, and the cost
follows the edits instead of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.tree import Tree

Replace = Callable[[cst.CSTNode], cst.CSTNode | cst.RemovalSentinel]
Wrap = Callable[[Sequence[cst.BaseStatement]], Sequence[cst.BaseStatement]]


@dataclass(slots=True)
class _Stretch:
    first: int
    last: int
    wrap: Wrap


class Edits:
    """Collects edits, then applies them all at once.

    Edits of one node are applied in the order they were added, after those of the nodes inside it.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._replacements: dict[int, list[Replace]] = {}
        self._stretches: dict[int, list[_Stretch]] = {}
        self._on_the_way: set[int] = set()

    def replace(self, node: cst.CSTNode, replacement: Replace) -> None:
        """Has a node replaced by what a function makes of it, its inner edits done."""
        self._replacements.setdefault(id(node), []).append(replacement)
        self._mark(node)

    def wrap(self, block: cst.IndentedBlock, first: cst.BaseStatement, last: cst.BaseStatement, wrap: Wrap) -> None:
        """Has the statements of a block from one to another replaced by what a function makes of them."""
        body = list(block.body)
        self._stretches.setdefault(id(block), []).append(_Stretch(body.index(first), body.index(last), wrap))
        self._mark(block)

    def _mark(self, node: cst.CSTNode) -> None:
        self._on_the_way.update(id(one) for one in self.tree.path(node))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self._on_the_way

    def apply(self) -> cst.Module:
        """The module with all edits done.

        Raises `libcst.CSTValidationError` when an edit would print something that is no Python.
        """
        changed = self.tree.module.visit(_Applier(self._replacements, self._stretches, self._on_the_way))
        assert isinstance(changed, cst.Module)
        return changed


class _Applier(cst.CSTTransformer):
    def __init__(
        self,
        replacements: dict[int, list[Replace]],
        stretches: dict[int, list[_Stretch]],
        on_the_way: set[int],
    ) -> None:
        super().__init__()
        self._replacements = replacements
        self._stretches = stretches
        self._on_the_way = on_the_way

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._on_the_way

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel:
        if id(original_node) not in self._on_the_way:
            return updated_node
        changed: cst.CSTNode | cst.RemovalSentinel = updated_node
        stretches = self._stretches.get(id(original_node))
        if stretches is not None and isinstance(changed, cst.IndentedBlock):
            changed = changed.with_changes(body=_wrapped(list(changed.body), stretches))
        for replacement in self._replacements.get(id(original_node), ()):
            if isinstance(changed, cst.CSTNode):
                changed = replacement(changed)
        return parenthesized_children(changed) if isinstance(changed, cst.CSTNode) else changed


def _wrapped(body: list[cst.BaseStatement], stretches: Sequence[_Stretch]) -> list[cst.BaseStatement]:
    """Applies wraps from the inside out; one that starts within another and ends after it is nested in it."""
    ordered = sorted(stretches, key=lambda one: (one.first, -one.last))
    for index in range(len(ordered) - 1, -1, -1):
        one = ordered[index]
        for later in ordered[index + 1 :]:
            if later.first <= one.last:
                one.last = max(one.last, later.last)
    slots: list[list[cst.BaseStatement]] = [[statement] for statement in body]
    for one in sorted(ordered, key=lambda one: (one.first, -one.last), reverse=True):
        inside = [statement for slot in slots[one.first : one.last + 1] for statement in slot]
        slots[one.first : one.last + 1] = [list(one.wrap(inside)), *([] for _ in range(one.first, one.last))]
    return [statement for slot in slots for statement in slot]


def awaited(expression: cst.BaseExpression) -> cst.Await:
    """`await expression`, with the expression's own parentheses around the whole."""
    return cst.Await(expression=expression.with_changes(lpar=(), rpar=()), lpar=expression.lpar, rpar=expression.rpar)


def parenthesized_children(node: cst.CSTNode) -> cst.CSTNode:
    """Puts parentheses around an `await` that is a node's base: `(await f()).x`, `(await f())[0]`, `(await f())()`.

    The one place where this is done: LibCST prints them without, which compiles and awaits something else.
    """
    match node:
        case cst.Attribute(value=cst.Await(lpar=[]) as base) | cst.Subscript(value=cst.Await(lpar=[]) as base):
            return node.with_changes(value=_in_parentheses(base))
        case cst.Call(func=cst.Await(lpar=[]) as base):
            return node.with_changes(func=_in_parentheses(base))
        case cst.Await(expression=cst.Await(lpar=[]) as base):
            return node.with_changes(expression=_in_parentheses(base))
    return node


def _in_parentheses(node: cst.Await) -> cst.Await:
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def threaded(call: cst.Call, asyncio_name: str) -> cst.Await:
    """`await asyncio.to_thread(callee, arguments...)` for a call, its own arguments untouched."""
    callee = call.func
    if isinstance(callee, cst.BaseExpression) and callee.lpar:
        callee = callee.with_changes(lpar=(), rpar=())
    # arguments on lines of their own get another such line
    gap = call.whitespace_before_args
    after = gap if isinstance(gap, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
    first = cst.Arg(callee, comma=cst.Comma(whitespace_after=after) if call.args else cst.MaybeSentinel.DEFAULT)
    to_thread = cst.Attribute(cst.Name(asyncio_name), cst.Name("to_thread"))
    return awaited(call.with_changes(func=to_thread, args=(first, *call.args)))


def through_run(call: cst.BaseExpression, asyncio_name: str) -> cst.Call:
    """`asyncio.run(call)`."""
    run = cst.Attribute(cst.Name(asyncio_name), cst.Name("run"))
    return cst.Call(run, [cst.Arg(call.with_changes(lpar=(), rpar=()))], lpar=call.lpar, rpar=call.rpar)
