"""Writes the blocks of aiohttp that a request's form describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import libcst as cst

from codemods.rewrite.edits import Edits, Wrap, awaited, without_parentheses
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_aiohttp.adjust import convert_arguments, gone_names, statements_before
from codemods.rules.requests_aiohttp.session_edits import add_session_use
from codemods.rules.requests_aiohttp.settings import new_session
from codemods.rules.requests_aiohttp.shapes import RequestForm, Shape
from codemods.rules.requests_aiohttp.uses import add_use
from codemods.rules.requests_calls.adjustments import NameOf, dotted
from codemods.rules.requests_calls.handling import NativeResponse
from codemods.rules.requests_calls.kept_edits import add_kept_session
from codemods.rules.requests_calls.kept_sessions import KeptForm
from codemods.rules.requests_calls.prepared import Prepared
from codemods.rules.requests_calls.received import ReceivedForm
from codemods.rules.requests_calls.received_edits import add_class
from codemods.rules.requests_calls.session_blocks import (
    NewSession,
    add_session_block,
    async_with,
    leading_lines,
    trailing_comment,
    with_session_arguments,
)
from codemods.rules.requests_calls.sessions import SessionForm


def add_edits(edits: Edits, imports: FileImports, form: NativeResponse, shared: str | None) -> None:
    """Adds the edits of one request, and those of the session that it is the first of.

    `shared` is the variable that holds a session opened elsewhere.
    """
    for span in form.annotations if isinstance(form, RequestForm | ReceivedForm) else ():
        add_class(edits, imports, span, "aiohttp", "ClientResponse")
    if isinstance(form, ReceivedForm):
        received = edits.tree.expression(form.call)
        assert received is not None, form
        for done in form.uses:
            add_use(edits, done, form, lambda module: imports.name_of(module, received))
        return
    assert isinstance(form, RequestForm)
    if shared is not None:
        form = replace(form, session=shared, is_shared=True)
    if form.opens is not None:
        if isinstance(form.opens, KeptForm):
            made = edits.tree.at(form.opens.made, cst.Call)
            assert made is not None, form
            imports.release(made.func, "aiohttp")
            session = new_session(imports.name_of("aiohttp", made), form.opens.settings)
            add_kept_session(edits, form.opens, imports, NewSession("aiohttp", session))
            for use in form.opens.uses:
                add_session_use(edits, use, lambda module: imports.name_of(module, made), imports.release)
        else:
            add_session_edits(edits, imports, form.opens)
    call = edits.tree.at(form.call, cst.Call)
    assert call is not None, form
    _add_request_edits(edits, form, lambda module: imports.name_of(module, call), imports.release)


def _add_request_edits(
    edits: Edits, form: RequestForm, name_of: NameOf, release: Callable[[cst.BaseExpression, str | None], None]
) -> None:
    """`release` is told of every name that goes away, with the module that takes its place if one does."""
    tree = edits.tree
    call = tree.at(form.call, cst.Call)
    assert call is not None, form
    path = tree.path(call)
    statements = [node for node in path if isinstance(node, cst.BaseStatement)]
    first = next(node for node in reversed(statements) if tree.span(node) == form.statement)
    block = path[path.index(first) - 1]
    assert isinstance(block, cst.IndentedBlock)
    last = next(node for node in block.body if tree.span(node) == form.last)
    if not form.is_in_session:
        release(call.func, "aiohttp")
    for gone in gone_names(call, form.verb, dict(form.adjustments)):
        release(gone, None)
    name_of = cache(name_of)  # asked again while edits are applied, when imports are settled
    if any(isinstance(one, Prepared) for _, one in form.adjustments):
        name_of("requests")
    writer = _Writer(form, name_of)
    wrap: Wrap
    match form.shape:
        case Shape.LIFT:
            edits.replace(call, writer.capture)  # before the uses: one of them may be the call itself
            wrap = writer.lift
        case Shape.PASS:
            edits.replace(call, writer.capture)
            wrap = writer.in_front
        case Shape.KEEP:
            wrap = writer.keep
        case Shape.BLOCK:
            wrap = writer.block
        case Shape.WITH:
            wrap = writer.with_statement
    for use in form.uses:
        add_use(edits, use, form, name_of)
    edits.wrap(block, first, last, wrap)


class _Writer:
    """Writes one request's block around statements whose inner edits are done."""

    def __init__(self, form: RequestForm, name_of: NameOf) -> None:
        self._form = form
        self._name_of = name_of
        self._aiohttp = name_of("aiohttp")
        self._lifted: cst.Call | None = None

    def capture(self, updated: cst.CSTNode) -> cst.CSTNode:
        """Keeps the call, and leaves the response's name in its place."""
        assert isinstance(updated, cst.Call)
        self._lifted = updated
        return cst.Name(self._form.response, lpar=updated.lpar, rpar=updated.rpar)

    def lift(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """The statement that held the call, inside the block that makes the response."""
        assert self._lifted is not None
        inside = [_without_leading_lines(one) for one in statements] if self._form.uses else [self._read()]
        if self._form.uses and self._form.reads_first:
            inside = [self._read(), *inside]
        comment = None if self._form.uses else trailing_comment(statements[0])
        return self._with(self._lifted, inside, statements[0], comment)

    def in_front(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """`response = await session.get(url)` and a read in front of the statement that held the call."""
        assert self._lifted is not None
        first, *rest = statements
        made = _assignment(self._form.response, awaited(self._session_call(self._lifted)))
        lines = self._in_session([*self._before(self._lifted), made, self._read()], first)
        return [*lines, _without_leading_lines(first), *rest]

    def block(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """`async with session.get(url) as r:` around the statements after the assignment."""
        inside = statements[1:] or [self._read()]
        if self._form.reads_first:
            inside = [self._read(), *statements[1:]]
        return self._with(_assigned_call(statements[0]), inside, statements[0], trailing_comment(statements[0]))

    def with_statement(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """`async with session.get(url) as r:` for `with requests.get(url) as r:`."""
        statement = statements[0]
        assert isinstance(statement, cst.With)
        item = statement.items[0]
        assert isinstance(item.item, cst.Call)
        body = statement.body
        if self._form.reads_first:
            assert isinstance(body, cst.IndentedBlock)
            body = body.with_changes(body=[self._read(), *body.body])
        changed = statement.with_changes(
            items=[item.with_changes(item=self._session_call(item.item))],
            body=body,
            asynchronous=cst.Asynchronous(),
            leading_lines=(),
        )
        return self._in_session([*self._before(item.item), changed], statement)

    def keep(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """`r = await session.get(url)` and a read, so that the response can be used anywhere after.

        Where it matters that the name is bound only when nothing failed, the response has another name until then.
        """
        statement = statements[0]
        assert isinstance(statement, cst.SimpleStatementLine)
        assign = statement.body[0]
        if isinstance(assign, cst.Return):
            return self._returned(statement, assign)
        assert isinstance(assign, cst.Assign)
        made = awaited(self._session_call(_assigned_call(statement)))
        changed = assign.with_changes(value=made)
        name = self._form.response
        if self._form.bound_as is not None:
            changed = changed.with_changes(targets=[cst.AssignTarget(cst.Name(name))])
        line = statement.with_changes(body=[changed], leading_lines=())
        lines = [*self._before(_assigned_call(statement)), line, self._read()]
        if self._form.bound_as is not None:
            lines.append(_assignment(self._form.bound_as, cst.Name(name)))
        return self._in_session(lines, statement)

    def _returned(self, statement: cst.SimpleStatementLine, line: cst.Return) -> Sequence[cst.BaseStatement]:
        """`return response` behind the lines that make the response and read it."""
        call = line.value
        assert isinstance(call, cst.Call)
        name = cst.Name(self._form.response)
        made = _assignment(self._form.response, awaited(self._session_call(call)))
        last = statement.with_changes(body=[line.with_changes(value=name)], leading_lines=())
        return self._in_session([*self._before(call), made, self._read(), last], statement)

    def _read(self) -> cst.SimpleStatementLine:
        read = cst.Await(cst.Call(cst.Attribute(cst.Name(self._form.response), cst.Name("read"))))
        if self._form.content is not None:
            return _assignment(self._form.content, read)
        return cst.SimpleStatementLine([cst.Expr(read)])

    def _session_call(self, call: cst.Call) -> cst.BaseExpression:
        method = cst.Attribute(dotted(self._form.session), cst.Name(self._form.verb))
        arguments = convert_arguments(
            call,
            self._form.verb,
            dict(self._form.adjustments),
            self._name_of,
            self._form.added,
        )
        given = with_session_arguments(tuple(arguments), self._form.of_session)
        return without_parentheses(call.with_changes(func=method, args=_with_commas(call, tuple(given))))

    def _with(
        self,
        call: cst.Call,
        inside: Sequence[cst.BaseStatement],
        original: cst.BaseStatement,
        comment: cst.TrailingWhitespace | None,
    ) -> Sequence[cst.BaseStatement]:
        response = async_with(self._session_call(call), self._form.response, inside, comment)
        return self._in_session([*self._before(call), response], original)

    def _before(self, call: cst.Call) -> Sequence[cst.BaseStatement]:
        return list(statements_before(call, self._form.verb, dict(self._form.adjustments), self._name_of))

    def _in_session(
        self, inside: Sequence[cst.BaseStatement], original: cst.BaseStatement
    ) -> Sequence[cst.BaseStatement]:
        """Statements inside the block of a session, which is there already where the program makes its own."""
        lines = leading_lines(original)
        if self._form.is_in_session or self._form.is_shared:
            return [inside[0].with_changes(leading_lines=lines), *inside[1:]]
        return [async_with(new_session(self._aiohttp, self._form.settings), self._form.session, inside, None, lines)]


def add_session_edits(edits: Edits, imports: FileImports, form: SessionForm) -> None:
    """Adds the edits of a session that a function makes, and of all that is done with it but its requests."""
    made = edits.tree.at(form.made, cst.Call)
    assert made is not None, form
    imports.release(made.func, "aiohttp")
    session = new_session(imports.name_of("aiohttp", made), form.settings)
    add_session_block(edits, form, NewSession("aiohttp", session))
    for use in form.uses:
        add_session_use(edits, use, lambda module: imports.name_of(module, made), imports.release)


def _with_commas(call: cst.Call, arguments: tuple[cst.Arg, ...]) -> tuple[cst.Arg, ...]:
    """Arguments separated as those of the original call are: one that was last may be so no more."""
    if not arguments or not call.args:
        return arguments
    last, default = call.args[-1].comma, cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    between = next((one.comma for one in call.args[:-1] if isinstance(one.comma, cst.Comma)), default)
    own = [isinstance(one.comma, cst.Comma) and one.comma is not last for one in arguments[:-1]]
    separated = [
        one if has_own else one.with_changes(comma=between) for one, has_own in zip(arguments[:-1], own, strict=True)
    ]
    return (*separated, arguments[-1].with_changes(comma=last))


def _assignment(name: str, value: cst.BaseExpression) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], value)])


def _assigned_call(statement: cst.BaseStatement) -> cst.Call:
    assert isinstance(statement, cst.SimpleStatementLine)
    assign = statement.body[0]
    assert isinstance(assign, cst.Assign)
    assert isinstance(assign.value, cst.Call)
    return assign.value


def _without_leading_lines(statement: cst.BaseStatement) -> cst.BaseStatement:
    return statement.with_changes(leading_lines=())
