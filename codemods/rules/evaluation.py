"""Order of evaluation: is an expression evaluated before everything with effects in its statement, and always?

Source: the Python language reference, sections 6.16 (evaluation order) and 7.2 (assignment statements).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

import libcst as cst


def is_evaluated_first(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the call at the end of a path, which starts at its statement, can be made in front of the statement."""
    call = path[-1]
    has_effects = isinstance(call, cst.Call) and not all(is_pure(argument) for argument in call.args)
    # what its arguments do may change what an attribute before it holds
    is_harmless = _is_fixed if has_effects else is_pure
    return all(_comes_first(path[index], path[index + 1], is_harmless) for index in range(len(path) - 1))


def _comes_first(parent: cst.CSTNode, child: cst.CSTNode, is_harmless: Callable[[cst.CSTNode], bool]) -> bool:
    """Whether `child` is evaluated whenever `parent` is, and only harmless things in `parent` come before it."""
    match parent:
        case cst.Assign():
            return True  # the targets follow the value
        case cst.AnnAssign():
            return parent.value is child and isinstance(parent.target, cst.Name)
        case cst.AugAssign():
            return parent.value is child and isinstance(parent.target, cst.Name)
        case cst.IfExp():
            return parent.test is child
        case cst.BooleanOperation():
            return parent.left is child
        case cst.Comparison():
            # `a < b < request` asks for the request only when `a < b`
            is_first = bool(parent.comparisons) and parent.comparisons[0] is child
            return parent.left is child or (is_first and is_harmless(parent.left))
        case cst.ListComp() | cst.SetComp() | cst.DictComp() | cst.GeneratorExp():
            return parent.for_in is child
        case cst.CompFor():
            return parent.iter is child
        case cst.Lambda() | cst.Assert() | cst.Yield() | cst.NamedExpr():
            return False
        case cst.If() | cst.For() | cst.SimpleStatementLine():
            return True  # only the head of a compound statement is asked about
        case cst.Call():
            if parent.func is child:
                return True
            before: Sequence[cst.CSTNode] = parent.args
            if not is_pure(parent.func):
                return False
        case _:
            before = parent.children
    return all(is_harmless(node) for node in takewhile(lambda node: node is not child, before))


def _is_fixed(node: cst.CSTNode) -> bool:
    """Whether a node is pure, and nothing that runs after it can change what it gives."""
    match node:
        case cst.Attribute():
            return False
        case cst.Arg() | cst.Element() | cst.Index():
            return is_pure(node) and _is_fixed(node.value)
        case cst.SubscriptElement():
            return _is_fixed(node.slice)
        case cst.DictElement():
            return _is_fixed(node.key) and _is_fixed(node.value)
        case cst.Tuple() | cst.List():
            return all(_is_fixed(element) for element in node.elements)
    return is_pure(node)


def is_pure(node: cst.CSTNode) -> bool:
    """Whether evaluating a node has no effect that a request could observe or change the order of."""
    match node:
        case cst.Name() | cst.BaseNumber() | cst.SimpleString() | cst.Ellipsis():
            return True
        case cst.ConcatenatedString():
            return is_pure(node.left) and is_pure(node.right)
        case cst.Arg(star="*" | "**"):
            return False
        case cst.Attribute():
            return is_pure(node.value)
        case cst.Arg() | cst.Element() | cst.Index():
            return is_pure(node.value)
        case cst.SubscriptElement():
            return is_pure(node.slice)
        case cst.DictElement():
            return is_pure(node.key) and is_pure(node.value)
        case cst.Tuple() | cst.List():
            return all(is_pure(element) for element in node.elements)
        case cst.FormattedStringText():
            return True
        case cst.BaseExpression() | cst.FormattedStringExpression():
            return False
    return True  # whitespace, operators, parentheses


class _CallFinder(cst.CSTVisitor):
    def __init__(self) -> None:
        self.is_found = False

    def on_visit(self, node: cst.CSTNode) -> bool:
        self.is_found |= isinstance(node, cst.Call | cst.Await | cst.Yield | cst.NamedExpr | cst.BaseComp)
        return not self.is_found


def holds_call(node: cst.CSTNode) -> bool:
    """Whether a call, or what else may do anything at all, is within an expression."""
    finder = _CallFinder()
    node.visit(finder)
    return finder.is_found
