"""Order of evaluation: is an expression evaluated before everything with effects in its statement, and always?

Source: the Python language reference, sections 6.16 (evaluation order) and 7.2 (assignment statements).
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst


def is_evaluated_first(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path, which starts at its statement, can be evaluated in front of the statement."""
    return all(_comes_first(path[index], path[index + 1]) for index in range(len(path) - 1))


def _comes_first(parent: cst.CSTNode, child: cst.CSTNode) -> bool:
    """Whether `child` is evaluated whenever `parent` is, and nothing with effects in `parent` comes before it."""
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
            return parent.left is child or (is_first and is_pure(parent.left))
        case cst.ListComp() | cst.SetComp() | cst.DictComp() | cst.GeneratorExp():
            return parent.for_in is child
        case cst.CompFor():
            return parent.iter is child
        case cst.Lambda() | cst.Assert() | cst.Yield() | cst.NamedExpr():
            return False
        case cst.If() | cst.For() | cst.SimpleStatementLine():
            return True  # only the head of a compound statement is asked about
    return _all_pure_before(parent, child)


def _all_pure_before(parent: cst.CSTNode, child: cst.CSTNode) -> bool:
    for node in parent.children:
        if node is child:
            return True
        if not is_pure(node):
            return False
    return True


def is_pure(node: cst.CSTNode) -> bool:
    """Whether evaluating a node has no effect that a request could observe or change the order of."""
    match node:
        case cst.Name() | cst.BaseNumber() | cst.SimpleString() | cst.ConcatenatedString() | cst.Ellipsis():
            return True
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
