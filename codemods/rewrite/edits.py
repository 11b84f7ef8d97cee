"""The edits of one module, by the nodes they replace, and the one pass that applies them.

Only nodes on the way to an edit are visited and rebuilt: what no edit touches keeps its very node, and the cost
follows the edits instead of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.tree import Tree

Body = cst.IndentedBlock | cst.Module
Replace = Callable[[cst.CSTNode], cst.CSTNode]
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
        self._left: dict[int, list[cst.EmptyLine]] = {}
        """By block, the comments of what was taken out of its end."""
        self._on_the_way: set[int] = set()

    def replace(self, node: cst.CSTNode, replacement: Replace) -> None:
        """Has a node replaced by what a function makes of it, its inner edits done."""
        self.replace_last(self.tree.path(node), replacement)

    def replace_last(self, path: Sequence[cst.CSTNode], replacement: Replace) -> None:
        """Has the last node of a path, which starts at the module, replaced: of any kind, those without a place too."""
        self._replacements.setdefault(id(path[-1]), []).append(replacement)
        self._on_the_way.update(id(one) for one in path)

    def wrap(self, block: Body, first: cst.BaseStatement, last: cst.BaseStatement, wrap: Wrap) -> None:
        """Has the statements of a body from one to another replaced by what a function makes of them.

        One stretch that starts within another and ends after it is nested in it.
        """
        body = list(block.body)
        self._stretches.setdefault(id(block), []).append(_Stretch(body.index(first), body.index(last), wrap))
        self._mark(block)

    def remove(self, block: Body, statement: cst.BaseStatement) -> None:
        """Takes a statement out of a body."""
        self.wrap(block, statement, statement, lambda statements: ())

    def take_out(self, block: cst.IndentedBlock, statement: cst.SimpleStatementLine) -> None:
        """Takes a statement, which is not the only one, out of a block; its comments go to what is behind it."""
        lines = [*statement.leading_lines]
        if statement.trailing_whitespace.comment is not None:
            lines.append(cst.EmptyLine(comment=statement.trailing_whitespace.comment))
        if id(block) not in self._left:
            self._left[id(block)] = []
            self.replace(block, lambda node: node.with_changes(footer=[*left, *_block(node).footer]))
        left = self._left[id(block)]

        def without(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
            if len(statements) == 1:  # nothing is behind it, or that was taken out as well
                left[:0] = lines  # the last one comes first here
                return []
            _, first, *rest = statements
            return [first.with_changes(leading_lines=[*lines, *getattr(first, "leading_lines", ())]), *rest]

        self.wrap(block, statement, next(iter(_behind(block, statement)), statement), without)

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
        changed = self.tree.module.visit(_Applier(self.tree, self._replacements, self._stretches, self._on_the_way))
        assert isinstance(changed, cst.Module)
        return changed


class _Applier(cst.CSTTransformer):
    def __init__(
        self,
        tree: Tree,
        replacements: dict[int, list[Replace]],
        stretches: dict[int, list[_Stretch]],
        on_the_way: set[int],
    ) -> None:
        super().__init__()
        self._tree = tree
        self._replacements = replacements
        self._stretches = stretches
        self._on_the_way = on_the_way

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._on_the_way

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        if id(original_node) not in self._on_the_way:
            return updated_node
        changed = updated_node
        stretches = self._stretches.get(id(original_node))
        if stretches is not None and isinstance(changed, cst.IndentedBlock | cst.Module):
            changed = changed.with_changes(body=_wrapped(changed.body, stretches))
        # what a replacement puts this node into is made of the node as it is to be printed
        changed = parenthesized_children(changed)
        for replacement in self._replacements.get(id(original_node), ()):
            changed = replacement(changed)
        if isinstance(changed, cst.Await) and not changed.lpar and self._is_tight(original_node):
            changed = _in_parentheses(changed)
        return parenthesized_children(changed)

    def _is_tight(self, node: cst.CSTNode) -> bool:
        """Whether a word stands right before or behind a node: `f()if x`, which needs no space and `await` does."""
        start, end = self._tree.offsets(node)
        code = self._tree.code
        return code[start - 1 : start].isalnum() or code[end : end + 1].isalnum()


def _behind(block: cst.IndentedBlock, statement: cst.BaseStatement) -> Sequence[cst.BaseStatement]:
    body = list(block.body)
    return body[body.index(statement) + 1 :]


def _block(node: cst.CSTNode) -> cst.IndentedBlock:
    return cst.ensure_type(node, cst.IndentedBlock)


def _wrapped(body: Sequence[cst.BaseStatement], stretches: Sequence[_Stretch]) -> list[cst.BaseStatement]:
    """Applies wraps from the last start to the first, so that what is inside is done before what is around it."""
    slots: list[list[cst.BaseStatement]] = [[statement] for statement in body]
    for one in sorted(stretches, key=lambda one: (one.first, -one.last), reverse=True):
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
    callee = without_parentheses(call.func)
    # arguments on lines of their own get another such line
    gap = call.whitespace_before_args
    after: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    if isinstance(gap, cst.ParenthesizedWhitespace):
        after = gap.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=())
    first = cst.Arg(callee, comma=cst.Comma(whitespace_after=after) if call.args else cst.MaybeSentinel.DEFAULT)
    rest = [with_own_parentheses(argument) for argument in call.args]
    to_thread = cst.Attribute(cst.Name(asyncio_name), cst.Name("to_thread"))
    return awaited(call.with_changes(func=to_thread, args=(first, *rest)))


def without_parentheses(expression: cst.BaseExpression) -> cst.BaseExpression:
    """An expression without the parentheses around it, unless they hold a comment."""
    if any(_holds_comment(one.whitespace_after) for one in expression.lpar):
        return expression
    if any(_holds_comment(one.whitespace_before) for one in expression.rpar):
        return expression
    return expression.with_changes(lpar=(), rpar=())


def _holds_comment(space: cst.BaseParenthesizableWhitespace) -> bool:
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return False
    return space.first_line.comment is not None or any(line.comment is not None for line in space.empty_lines)


def with_own_parentheses(argument: cst.Arg) -> cst.Arg:
    """A generator expression borrows the parentheses of a call as long as it is the only argument."""
    if isinstance(argument.value, cst.GeneratorExp) and not argument.value.lpar:
        value = argument.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return argument.with_changes(value=value)
    return argument


def through_run(call: cst.BaseExpression, asyncio_name: str) -> cst.Call:
    """`asyncio.run(call)`."""
    run = cst.Attribute(cst.Name(asyncio_name), cst.Name("run"))
    return cst.Call(run, [cst.Arg(call.with_changes(lpar=(), rpar=()))], lpar=call.lpar, rpar=call.rpar)
