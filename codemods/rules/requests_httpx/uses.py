"""Writes what is done with a response as it is done with httpx's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from codemods.rewrite.edits import Edits, awaited, parenthesized_children
from codemods.rules.requests_calls.adjustments import assignment, called, expression
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.streams import chunk_size

_BINDS_LESS = (
    *(cst.If, cst.While, cst.IfExp, cst.Assert, cst.Return, cst.Arg, cst.Assign, cst.AnnAssign, cst.BooleanOperation),
    *(cst.FormattedStringExpression, cst.Expr, cst.Element, cst.DictElement, cst.CompIf, cst.NamedExpr),
)
"""What needs no parentheses around a `not`."""

_CHUNK_OF_A_RESPONSE = "128"
"""The size of the chunks that a loop over a response gives. Source: requests 2.34 `requests/models.py`."""

_RENAMED = {
    ResponseUse.REASON: "reason_phrase",
    ResponseUse.IS_REDIRECT: "has_redirect_location",
}


def add_use(edits: Edits, use: PlacedUse, json: Callable[[], str] | None, *, is_streamed: bool) -> None:
    """Adds the edits of one use of a response.

    `json` gives the name of that module, where JSON has to be decoded from the text; `is_streamed` says that the body
    is not there by itself.
    """
    node = edits.tree.expression(use.node)
    assert node is not None, use
    match use.use:
        case ResponseUse.OK | ResponseUse.TRUTH:
            _add_success(edits, node, use.use)
        case ResponseUse.RAISE:
            _add_guard(edits, node, is_streamed=is_streamed)
        case ResponseUse.CHUNKS | ResponseUse.LINES:
            _add_loop(edits, node, use.use)
        case ResponseUse.CLOSE:
            edits.replace(node, lambda updated: awaited(_renamed_call(updated, "aclose")))
        case ResponseUse.TRUTH_OR_NONE:
            needs_none = not _is_free(edits, node, but=(cst.BooleanOperation,))
            edits.replace(node, lambda updated: _succeeded(updated, needs_none))
        case ResponseUse.URL | ResponseUse.REQUEST_URL:
            edits.replace(node, _text_of)
        case ResponseUse.JSON | ResponseUse.JSON_GIVEN if json is not None:
            module = json()
            edits.replace(node, lambda updated: _decoded_text(updated, module))
        case ResponseUse.EVERY_COOKIE:
            edits.replace(node, _every_cookie)
        case ResponseUse.REASON | ResponseUse.IS_REDIRECT as renamed:
            edits.replace(node, lambda updated: _renamed(updated, _RENAMED[renamed]))


def _is_free(edits: Edits, node: cst.CSTNode, but: tuple[type[cst.CSTNode], ...] = ()) -> bool:
    """Whether a node stands where an operator that binds little needs no parentheses."""
    outer = edits.tree.path(node)[-2]
    return isinstance(outer, _BINDS_LESS) and not isinstance(outer, but)


def _add_success(edits: Edits, node: cst.BaseExpression, use: ResponseUse) -> None:
    """`not r.is_error`, and `r.is_error` for the opposite."""
    outer = edits.tree.path(node)[-2]

    def is_error(updated: cst.CSTNode) -> cst.BaseExpression:
        if use is ResponseUse.OK:
            return _renamed(updated, "is_error")
        assert isinstance(updated, cst.BaseExpression)
        made = parenthesized_children(cst.Attribute(updated.with_changes(lpar=(), rpar=()), cst.Name("is_error")))
        assert isinstance(made, cst.Attribute)
        return made

    if isinstance(outer, cst.UnaryOperation) and isinstance(outer.operator, cst.Not):

        def opposite(updated: cst.CSTNode) -> cst.CSTNode:
            assert isinstance(updated, cst.UnaryOperation)
            return is_error(updated.expression).with_changes(lpar=updated.lpar, rpar=updated.rpar)

        edits.replace(outer, opposite)
        return
    is_free = _is_free(edits, node)

    def replacement(updated: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(updated, cst.BaseExpression)
        bare = is_error(updated).with_changes(lpar=(), rpar=())
        return _in_parentheses(cst.UnaryOperation(cst.Not(), bare), updated, is_needed=not is_free)

    edits.replace(node, replacement)


def _succeeded(updated: cst.CSTNode, needs_parentheses: bool) -> cst.CSTNode:
    """`r is not None and not r.is_error` for the truth of `r`."""
    assert isinstance(updated, cst.Name)
    bare = updated.with_changes(lpar=(), rpar=())
    is_there = cst.Comparison(bare, [cst.ComparisonTarget(cst.IsNot(), cst.Name("None"))])
    is_fine = cst.UnaryOperation(cst.Not(), cst.Attribute(bare, cst.Name("is_error")))
    return _in_parentheses(cst.BooleanOperation(is_there, cst.And(), is_fine), updated, is_needed=needs_parentheses)


def _in_parentheses(made: cst.BaseExpression, instead_of: cst.BaseExpression, *, is_needed: bool) -> cst.BaseExpression:
    if instead_of.lpar or not is_needed:
        return made.with_changes(lpar=instead_of.lpar, rpar=instead_of.rpar)
    return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _add_guard(edits: Edits, node: cst.BaseExpression, *, is_streamed: bool) -> None:
    """`if r.is_error:` before `r.raise_for_status()`, which raises for redirects, too, in httpx.

    A stream is read then, since handlers ask for the body of the exception's response.
    """
    path = edits.tree.path(node)
    line, block = path[-3], path[-4]
    assert isinstance(line, cst.SimpleStatementLine)
    assert isinstance(block, cst.IndentedBlock)

    def guarded(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        (statement,) = statements
        assert isinstance(statement, cst.SimpleStatementLine)
        only = statement.body[0]
        assert isinstance(only, cst.Expr)
        assert isinstance(only.value, cst.Call)
        assert isinstance(only.value.func, cst.Attribute)
        response = only.value.func.value
        test = cst.Attribute(response, cst.Name("is_error"))
        read = [reading(response)] if is_streamed else []
        inside = cst.IndentedBlock([*read, statement.with_changes(leading_lines=())])
        return [cst.If(test, inside, leading_lines=statement.leading_lines)]

    edits.wrap(block, line, line, guarded)


def reading(response: cst.BaseExpression) -> cst.SimpleStatementLine:
    """`await r.aread()`."""
    return expression(cst.Await(called(cst.Attribute(response, cst.Name("aread")))))


def guarded_raise(response: cst.BaseExpression) -> cst.If:
    """`if r.is_error: r.raise_for_status()`."""
    raises = expression(called(cst.Attribute(response, cst.Name("raise_for_status"))))
    return cst.If(cst.Attribute(response, cst.Name("is_error")), cst.IndentedBlock([raises]))


def _add_loop(edits: Edits, node: cst.BaseExpression, use: ResponseUse) -> None:
    """Makes the loop over a body an asynchronous one."""
    loop = edits.tree.path(node)[-2]

    def replacement(updated: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(updated, cst.For)
        changed = updated.with_changes(asynchronous=cst.Asynchronous())
        if use is not ResponseUse.LINES:
            return changed
        assert isinstance(updated.target, cst.Name)
        assert isinstance(updated.body, cst.IndentedBlock)
        assert isinstance(updated.iter, cst.Call)
        name, response = cst.Name(updated.target.value), cst.ensure_type(updated.iter.func, cst.Attribute).value
        encoding = cst.Attribute(response, cst.Name("encoding"))
        first = assignment(name, called(cst.Attribute(name, cst.Name("encode")), encoding))
        return changed.with_changes(body=updated.body.with_changes(body=[first, *updated.body.body]))

    edits.replace(node, _lines if use is ResponseUse.LINES else _chunks)
    edits.replace(loop, replacement)


def _chunks(updated: cst.CSTNode) -> cst.CSTNode:
    """`r.aiter_bytes(size)` for `r.iter_content(size)`, and for `r` itself."""
    if not isinstance(updated, cst.Call) or not isinstance(updated.func, cst.Attribute):
        assert isinstance(updated, cst.BaseExpression)
        return called(cst.Attribute(updated, cst.Name("aiter_bytes")), cst.Integer(_CHUNK_OF_A_RESPONSE))
    size = chunk_size(updated)
    assert size is not None
    given = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in updated.args if one.value is size]
    arguments = [] if is_name(size, "None") else given or [cst.Arg(size)]
    return updated.with_changes(func=updated.func.with_changes(attr=cst.Name("aiter_bytes")), args=arguments)


def _lines(updated: cst.CSTNode) -> cst.CSTNode:
    return called(_renamed(cst.ensure_type(updated, cst.Call).func, "aiter_lines"))


def _renamed(updated: cst.CSTNode, name: str) -> cst.BaseExpression:
    attribute = parenthesized_children(updated)
    assert isinstance(attribute, cst.Attribute)
    return attribute.with_changes(attr=cst.Name(name))


def _renamed_call(updated: cst.CSTNode, name: str) -> cst.Call:
    assert isinstance(updated, cst.Call)
    return updated.with_changes(func=_renamed(updated.func, name))


def _text_of(updated: cst.CSTNode) -> cst.CSTNode:
    """`str(node)`."""
    assert isinstance(updated, cst.BaseExpression)
    bare = parenthesized_children(updated.with_changes(lpar=(), rpar=()))
    assert isinstance(bare, cst.BaseExpression)
    return cst.Call(cst.Name("str"), [cst.Arg(bare)], lpar=updated.lpar, rpar=updated.rpar)


def _decoded_text(updated: cst.CSTNode, json: str) -> cst.CSTNode:
    """`json.loads(r.text)` for `r.json()`, with its own arguments behind."""
    assert isinstance(updated, cst.Call)
    text = cst.Arg(_renamed(updated.func, "text"))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    arguments = [text.with_changes(comma=comma), *updated.args] if updated.args else [text]
    return updated.with_changes(func=cst.Attribute(cst.Name(json), cst.Name("loads")), args=arguments)


def _every_cookie(updated: cst.CSTNode) -> cst.CSTNode:
    """`dict(r.cookies)`, which may be there already."""
    assert isinstance(updated, cst.Call)
    if updated.args:
        return updated
    assert isinstance(updated.func, cst.Attribute)
    return updated.with_changes(func=cst.Name("dict"), args=[cst.Arg(updated.func.value)])
