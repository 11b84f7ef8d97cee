"""Writes the block of a session that a function makes, what closes it, and what is set on it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.model import Span
from codemods.rewrite.edits import Edits, awaited
from codemods.rules.requests_calls.adjustments import keyword_argument
from codemods.rules.requests_calls.session_uses import SessionUse
from codemods.rules.requests_calls.sessions import SessionForm


@dataclass(frozen=True, slots=True)
class NewSession:
    """How a library's session is made and closed."""

    module: str
    """The library."""
    made: cst.Call
    close: str = "close"
    """The method that closes it."""
    before: Sequence[cst.BaseStatement] = ()
    """What has to be done before it is made."""


def add_session_block(edits: Edits, form: SessionForm, session: NewSession) -> None:
    """Adds the edits of a session that a function makes: the block that holds it, and what closes it."""
    tree = edits.tree
    call = tree.at(form.made, cst.Call)
    assert call is not None, form
    path = tree.path(call)
    statement = next(node for node in reversed(path) if isinstance(node, cst.BaseStatement))
    block = path[path.index(statement) - 1]
    assert isinstance(block, cst.IndentedBlock)
    last = next(node for node in block.body if tree.span(node) == form.last)
    for span in form.closes:
        _add_close(edits, span, block if statement is not last else None, session.close)
    if form.is_with:
        edits.replace(call, lambda node: session.made)
        edits.replace(statement, lambda node: node.with_changes(asynchronous=cst.Asynchronous()))
        edits.wrap(block, statement, statement, lambda statements: behind(session.before, statements))
        return

    def wrapped(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        lines, comment = leading_lines(statements[0]), trailing_comment(statements[0])
        return behind(session.before, [async_with(session.made, form.name, statements[1:], comment, lines)])

    edits.wrap(block, statement, last, wrapped)


def behind(before: Sequence[cst.BaseStatement], statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
    """Statements behind others, which take over what stands above them."""
    if not before:
        return statements
    first, *rest = statements
    head, *others = before
    moved = first.with_changes(leading_lines=())
    return [head.with_changes(leading_lines=leading_lines(first)), *others, moved, *rest]


def _add_close(edits: Edits, span: Span, block: cst.IndentedBlock | None, close: str) -> None:
    """Takes a close out that the end of the block makes needless, or awaits it."""
    call = edits.tree.at(span, cst.Call)
    assert call is not None, span
    path = edits.tree.path(call)
    line = path[-3]
    assert isinstance(line, cst.SimpleStatementLine)
    comments = [line.trailing_whitespace.comment, *(one.comment for one in line.leading_lines)]
    if path[-4] is block and len(line.body) == 1 and not any(comments):
        edits.remove(block, line)
    else:
        edits.replace(call, lambda node: awaited(renamed_call(node, close)))


def class_in_place_of(annotation: cst.CSTNode, named: cst.BaseExpression) -> cst.BaseExpression:
    """A class in the place of what names that of requests' sessions, in quotes if that is."""
    if isinstance(annotation, cst.SimpleString):
        return cst.SimpleString(f"{annotation.quote}{cst.Module([]).code_for_node(named)}{annotation.quote}")
    return named


def renamed_call(node: cst.CSTNode, name: str) -> cst.Call:
    """A call of a method that has another name."""
    call = cst.ensure_type(node, cst.Call)
    return call.with_changes(func=cst.ensure_type(call.func, cst.Attribute).with_changes(attr=cst.Name(name)))


def async_with(
    item: cst.BaseExpression,
    name: str,
    inside: Sequence[cst.BaseStatement],
    header: cst.TrailingWhitespace | None,
    lines: Sequence[cst.EmptyLine] = (),
) -> cst.With:
    """`async with item as name:` around statements; `header` is what stands behind the colon."""
    as_name = cst.AsName(cst.Name(name))
    body = cst.IndentedBlock(list(inside))
    if header is not None:
        body = body.with_changes(header=header)
    return cst.With([cst.WithItem(item, as_name)], body, asynchronous=cst.Asynchronous(), leading_lines=lines)


def leading_lines(statement: cst.BaseStatement) -> Sequence[cst.EmptyLine]:
    """What stands above a statement."""
    lines = getattr(statement, "leading_lines", ())
    return tuple(lines)


def trailing_comment(statement: cst.BaseStatement) -> cst.TrailingWhitespace | None:
    """The comment behind a statement whose line goes away."""
    if isinstance(statement, cst.SimpleStatementLine) and statement.trailing_whitespace.comment is not None:
        return statement.trailing_whitespace
    return None


def take_out_statement(edits: Edits, use: SessionUse) -> None:
    """Has the statement of a use go away."""
    edits.take_out(*_place(edits, use))


def replace_statement(
    edits: Edits, use: SessionUse, made: Callable[[cst.BaseExpression], Sequence[cst.SimpleStatementLine]]
) -> None:
    """Has the statement of a use replaced by what a function makes of the value that it sets."""
    block, line = _place(edits, use)

    def written(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        (one,) = statements
        assert isinstance(one, cst.SimpleStatementLine)
        lines = list(made(value_set(one.body[0])))
        lines[0] = lines[0].with_changes(leading_lines=one.leading_lines)
        lines[-1] = lines[-1].with_changes(trailing_whitespace=one.trailing_whitespace)
        return lines

    edits.wrap(block, line, line, written)


def _place(edits: Edits, use: SessionUse) -> tuple[cst.IndentedBlock, cst.SimpleStatementLine]:
    node = edits.tree.at(use.node, cst.BaseSmallStatement)  # type: ignore[type-abstract]
    assert node is not None, use
    path = edits.tree.path(node)
    block, line = path[-3], path[-2]
    assert isinstance(block, cst.IndentedBlock)
    assert isinstance(line, cst.SimpleStatementLine)
    return block, line


def value_set(statement: cst.CSTNode) -> cst.BaseExpression:
    """What is assigned, or given to `update()`; one item as a dict of it."""
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(slice=[cst.SubscriptElement(cst.Index(key))]))]):
            return cst.Dict([cst.DictElement(key, statement.value)])
        case cst.Assign(value=value):
            return value
        case cst.Expr(value=cst.Call(args=[cst.Arg(value=cst.Dict() as value)])):
            return value
        case cst.Expr(value=cst.Call(args=[cst.Arg(value=value)])):
            return cst.Dict([cst.StarredDictElement(value)])  # update() copies
    raise AssertionError(statement)


def with_session_arguments(arguments: Sequence[cst.Arg], of_session: Sequence[tuple[str, str]]) -> Iterator[cst.Arg]:
    """The arguments of a request, and those that say what is set on its session."""
    given = dict(of_session)
    params = given.pop("params", None)
    for argument in arguments:
        if params is not None and argument.keyword is not None and argument.keyword.value == "params":
            yield argument.with_changes(value=_merged(params, argument.value))
            params = None
        else:
            yield argument
    if params is not None:
        yield keyword_argument("params", cst.Name(params))
    for keyword, value in given.items():
        yield keyword_argument(keyword, cst.parse_expression(value))


def _merged(name: str, own: cst.BaseExpression) -> cst.Dict:
    """`{**params, "page": 2}`."""
    first = cst.StarredDictElement(cst.Name(name))
    if isinstance(own, cst.Dict):
        return own.with_changes(elements=[first, *own.elements])
    return cst.Dict([first, cst.StarredDictElement(own)])
