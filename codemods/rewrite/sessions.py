"""Writes the sessions that calls share: where they are opened, who takes them, and what hands them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from codemods.model import Span
from codemods.rewrite.edits import Edits, with_own_parentheses
from codemods.rewrite.import_place import leading_lines
from codemods.tree import Tree

_BLANK = cst.SimpleWhitespace(" ")
_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def statements_at(tree: Tree, *spans: Span) -> tuple[cst.IndentedBlock, cst.BaseStatement, cst.BaseStatement]:
    """The block that holds two statements, and these."""
    for block in tree.all(cst.IndentedBlock):
        known = {tree.span(one): one for one in block.body}
        if all(span in known for span in spans):
            return block, known[spans[0]], known[spans[-1]]
    raise LookupError(f"no statement of a block stands in line {spans[0].line}")


def add_opening(
    edits: Edits, block: cst.IndentedBlock, first: cst.BaseStatement, last: cst.BaseStatement, made: str, name: str
) -> None:
    """Puts the statements from one to another into `async with made as name:`.

    Added behind all other edits of a module: what starts with the same statement goes inside.
    """

    def wrapped(inside: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        lines = leading_lines(inside[0])
        body = [inside[0].with_changes(leading_lines=()), *inside[1:]]
        item = cst.WithItem(cst.parse_expression(made), cst.AsName(cst.Name(name)))
        return [cst.With([item], cst.IndentedBlock(body), asynchronous=cst.Asynchronous(), leading_lines=lines)]

    edits.wrap(block, first, last, wrapped)


def add_making(
    edits: Edits, block: cst.IndentedBlock, first: cst.BaseStatement, last: cst.BaseStatement, *, is_with: bool
) -> None:
    """Puts the statements behind one that makes an object, up to the last that uses it, into `async with`.

    Added behind all other edits of a module, as that of a session is. What it makes is made by the header if nothing
    has to be done with it before. `is_with` says that it is made by a `with` statement already.
    """
    if is_with:
        edits.replace(first, lambda node: node.with_changes(asynchronous=cst.Asynchronous()))
        return

    def wrapped(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        made, *inside = statements
        match made:
            case cst.SimpleStatementLine(
                body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name() as name)], value=value)]
            ):
                item = cst.WithItem(value, cst.AsName(name))
                comment = made.trailing_whitespace
                block = cst.IndentedBlock(inside, header=comment)
                lines = leading_lines(made)
                return [cst.With([item], block, asynchronous=cst.Asynchronous(), leading_lines=lines)]
        assert isinstance(first, cst.SimpleStatementLine)
        kept = cst.WithItem(_target(first))
        return [made, cst.With([kept], cst.IndentedBlock(inside), asynchronous=cst.Asynchronous())]

    edits.wrap(block, first, last, wrapped)


def _target(statement: cst.SimpleStatementLine) -> cst.BaseExpression:
    """The variable that an assignment is to."""
    match statement.body[0]:
        case cst.Assign(targets=[cst.AssignTarget(target=name)]) | cst.AnnAssign(target=name):
            return name
    raise AssertionError(statement)


def add_parameter(edits: Edits, function: cst.FunctionDef, name: str, kind: str) -> None:
    """Gives a function one more parameter, by keyword only."""

    def changed(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.FunctionDef)
        return _with_parameter(node, name, kind)

    edits.replace(function, changed)


def _with_parameter(function: cst.FunctionDef, name: str, kind: str) -> cst.FunctionDef:
    gap = function.whitespace_before_params
    made = cst.Param(cst.Name(name), annotation=cst.Annotation(cst.parse_expression(kind)), star="")
    star = cst.ParamStar(cst.Comma(whitespace_after=_between(gap)))
    old = function.params
    found = _last_of(old)
    if found is None:
        return function.with_changes(params=old.with_changes(star_arg=star, kwonly_params=[made]))
    field, last = found
    space = "whitespace_after" if isinstance(last, cst.ParamSlash) else "whitespace_after_param"
    ended = last.with_changes(comma=_separator(last.comma, gap), **{space: cst.SimpleWhitespace("")})
    made = made.with_changes(comma=_moved(last.comma), whitespace_after_param=getattr(last, space))
    before = getattr(old, field)
    changes: dict[str, Any] = {field: [*before[:-1], ended] if isinstance(before, Sequence) else ended}
    if not isinstance(old.star_arg, cst.Param | cst.ParamStar):
        changes["star_arg"] = star
    changes["kwonly_params"] = [*changes.get("kwonly_params", ()), made]
    return function.with_changes(params=old.with_changes(**changes))


def _last_of(parameters: cst.Parameters) -> tuple[str, cst.Param | cst.ParamSlash] | None:
    """The last of some parameters without `**`, or the slash behind it, and the field that holds it."""
    if parameters.kwonly_params:
        return "kwonly_params", parameters.kwonly_params[-1]
    if isinstance(parameters.star_arg, cst.Param):
        return "star_arg", parameters.star_arg
    if parameters.params:
        return "params", parameters.params[-1]
    if isinstance(parameters.posonly_ind, cst.ParamSlash):
        return "posonly_ind", parameters.posonly_ind
    return None


def add_handing(edits: Edits, call: cst.Call, parameter: str, name: str) -> None:
    """Gives a call one more argument by keyword. Added before what awaits the call."""

    def changed(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.Call)
        made = cst.Arg(cst.Name(name), keyword=cst.Name(parameter), equal=_TIGHT)
        if not node.args:
            return node.with_changes(args=[made])
        *others, last = node.args
        made = made.with_changes(comma=_moved(last.comma), whitespace_after_arg=last.whitespace_after_arg)
        ended = with_own_parentheses(last).with_changes(
            comma=_separator(last.comma, node.whitespace_before_args), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        return node.with_changes(args=[*others, ended, made])

    edits.replace(call, changed)


def _between(gap: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """What stands between two things in brackets: a line end where each has a line of its own."""
    if isinstance(gap, cst.ParenthesizedWhitespace):
        return gap.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=())
    return _BLANK


def _separator(comma: cst.Comma | cst.MaybeSentinel, gap: cst.BaseParenthesizableWhitespace) -> cst.Comma:
    """The comma behind what was the last thing; a comment behind it stays there."""
    between = _between(gap)
    if isinstance(comma, cst.Comma) and isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
        if isinstance(between, cst.ParenthesizedWhitespace):
            old = comma.whitespace_after
            return comma.with_changes(
                whitespace_after=between.with_changes(first_line=old.first_line, empty_lines=old.empty_lines)
            )
        return comma
    return cst.Comma(whitespace_after=between)


def _moved(comma: cst.Comma | cst.MaybeSentinel) -> cst.Comma | cst.MaybeSentinel:
    """The comma that was behind the last thing, without the comment that is not about the new one."""
    if isinstance(comma, cst.Comma) and isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
        plain = comma.whitespace_after.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=())
        return comma.with_changes(whitespace_after=plain)
    return comma
