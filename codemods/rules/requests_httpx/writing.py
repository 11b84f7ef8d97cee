"""Writes the requests of httpx that forms describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import libcst as cst

from codemods.rewrite.edits import Edits, awaited, without_parentheses
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.adjustments import (
    LEFT_OUT,
    PASSED,
    NameOf,
    called,
    dotted,
    keyword_argument,
)
from codemods.rules.requests_calls.arguments import by_name, named_arguments
from codemods.rules.requests_calls.handling import NativeResponse, ResponseUse
from codemods.rules.requests_calls.prepared import Prepared
from codemods.rules.requests_calls.received import ReceivedForm
from codemods.rules.requests_calls.received_edits import add_class
from codemods.rules.requests_calls.session_blocks import async_with, trailing_comment, with_session_arguments
from codemods.rules.requests_httpx.arguments import CheckedArguments, JsonText
from codemods.rules.requests_httpx.forms import RequestForm, Shape
from codemods.rules.requests_httpx.session_edits import add_session_edits
from codemods.rules.requests_httpx.strict import add_strict_header
from codemods.rules.requests_httpx.uses import add_use, guarded_raise, reading
from codemods.rules.rule import Refusal


def add_edits(edits: Edits, imports: FileImports, form: NativeResponse, shared: str | None) -> None:
    """Adds the edits of one request; `shared` is the variable that holds a client made elsewhere."""
    for span in form.annotations if isinstance(form, RequestForm | ReceivedForm) else ():
        add_class(edits, imports, span, "httpx", "Response")
    if isinstance(form, ReceivedForm):
        _add_received(edits, imports, form)
        return
    assert isinstance(form, RequestForm)
    if shared is not None:
        form = replace(form, client=shared, is_shared=True)
    if form.opens is not None:
        add_session_edits(edits, imports, form.opens)
    assert form.arguments is not None
    tree = edits.tree
    call = tree.at(form.call, cst.Call)
    assert call is not None, form
    path = tree.path(call)
    statement = next(
        node for node in reversed(path) if isinstance(node, cst.BaseStatement) and tree.span(node) == form.statement
    )
    block = path[path.index(statement) - 1]
    if not form.is_in_session:
        imports.release(call.func, "httpx")
    adjustments = dict(form.arguments.adjustments)
    for name, argument in by_name(call, form.verb):
        for gone in adjustments.get(name, PASSED).gone(argument):
            imports.release(gone, None)
    name_of = cache(lambda module: imports.name_of(module, call))
    if any(isinstance(one, Prepared) for one in adjustments.values()):
        name_of("requests")  # before it is decided which imports go
    writer = _Writer(form, form.arguments, call, name_of)
    match form.shape:
        case Shape.IN_PLACE:
            edits.replace(call, writer.in_place)
            wrap = writer.around
        case Shape.LIFT:
            edits.replace(call, writer.capture)
            wrap = writer.in_front
        case Shape.WITH:
            wrap = writer.instead_of_with
        case Shape.BLOCK:
            wrap = writer.block
    _add_reads(edits, form)
    for use in form.uses:
        json = (lambda: name_of("json")) if form.decodes_text else None
        add_use(edits, use, json, is_streamed=form.is_streamed)
        if form.is_strict and use.use is ResponseUse.HEADERS:
            add_strict_header(edits, use)
    if form.raises_at_once or not (
        form.is_in_session and form.shape is Shape.IN_PLACE
    ):  # else nothing has to stand around it
        assert isinstance(block, cst.IndentedBlock)
        last = next(node for node in block.body if tree.span(node) == form.last)
        edits.wrap(block, statement, last, wrap)


def _add_received(edits: Edits, imports: FileImports, form: ReceivedForm) -> None:
    """Adds the edits of a response that comes from another function."""
    node = edits.tree.expression(form.call)
    assert node is not None, form
    for use in form.uses:
        json = (lambda: imports.name_of("json", node)) if form.decodes_text else None
        add_use(edits, use, json, is_streamed=False)


def _add_reads(edits: Edits, form: RequestForm) -> None:
    """Has the body of a stream read before each statement that asks for it."""
    known: set[int] = set()
    for use in form.uses:
        if use.use is not ResponseUse.READ:
            continue
        node = edits.tree.expression(use.node)
        assert node is not None, use
        path = edits.tree.path(node)
        at = max(index for index, one in enumerate(path) if isinstance(one, cst.IndentedBlock))
        block, statement = path[at], path[at + 1]
        assert isinstance(block, cst.IndentedBlock)
        assert isinstance(statement, cst.BaseStatement)
        if id(statement) not in known:
            edits.wrap(block, statement, statement, partial(_behind_read, form.response))
            known.add(id(statement))


def _behind_read(response: str, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
    first, *rest = statements
    return _with_lines([reading(cst.Name(response)), first, *rest], first)


class _Writer:
    """Writes one request, and the block of its client around statements whose inner edits are done."""

    def __init__(self, form: RequestForm, arguments: CheckedArguments, call: cst.Call, name_of: NameOf) -> None:
        self._form = form
        self._arguments = arguments
        self._call = call
        self._name_of = name_of
        self._httpx = name_of("httpx")
        self._lifted: cst.Call | None = None

    def in_place(self, updated: cst.CSTNode) -> cst.CSTNode:
        """`await client.get(url)`."""
        assert isinstance(updated, cst.Call)
        return awaited(self._request(updated))

    def capture(self, updated: cst.CSTNode) -> cst.CSTNode:
        """Keeps the call, and leaves the response's name in its place."""
        assert isinstance(updated, cst.Call)
        self._lifted = updated
        return cst.Name(self._form.response, lpar=updated.lpar, rpar=updated.rpar)

    def around(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """The statements inside the block of a client."""
        first, *rest = statements
        return self._in_client([_without_leading_lines(first), *self._raising(), *rest], first)

    def in_front(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """The response, made in the block of a client in front of the statements."""
        assert self._lifted is not None
        first, *rest = statements
        if self._form.is_streamed:
            inside = [_without_leading_lines(first), *rest]
            return self._in_client([self._stream(self._lifted, inside)], first)
        line = self._assigned(self._lifted)
        if _is_just(first, self._form.response):
            comment = cst.ensure_type(first, cst.SimpleStatementLine).trailing_whitespace
            line = line.with_changes(trailing_whitespace=comment)
            return [*self._in_client([line, *self._raising()], first), *rest]
        return [*self._in_client([line, *self._raising()], first), _without_leading_lines(first), *rest]

    def _raising(self) -> Sequence[cst.BaseStatement]:
        return [guarded_raise(cst.Name(self._form.response))] if self._form.raises_at_once else []

    def instead_of_with(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """The statements of a `with` in the block of a client, behind the response."""
        (statement,) = statements
        assert isinstance(statement, cst.With)
        call = statement.items[0].item
        assert isinstance(call, cst.Call)
        assert isinstance(statement.body, cst.IndentedBlock)
        if self._form.is_shared or self._form.is_streamed:
            lines = [] if self._form.is_streamed else [reading(cst.Name(self._form.response))]
            body = statement.body.with_changes(body=[*lines, *self._raising(), *statement.body.body])
            item = statement.items[0].with_changes(item=self._request(call, is_stream=True))
            changed = statement.with_changes(items=[item], body=body, asynchronous=cst.Asynchronous())
            return self._in_client([changed.with_changes(leading_lines=())], statement)
        body = statement.body.with_changes(body=[self._assigned(call), *self._raising(), *statement.body.body])
        item = cst.WithItem(self._client(), cst.AsName(cst.Name(self._form.client)))
        changed = statement.with_changes(items=[item], body=body, asynchronous=cst.Asynchronous())
        return _with_lines([*self._before(), changed], statement)

    def block(self, statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        """`async with client.stream("GET", url) as r:` around the statements behind an assignment."""
        line, *inside = statements
        assert isinstance(line, cst.SimpleStatementLine)
        assign = line.body[0]
        assert isinstance(assign, cst.Assign)
        assert isinstance(assign.value, cst.Call)
        return self._in_client([self._stream(assign.value, inside, trailing_comment(line))], line)

    def _stream(
        self, call: cst.Call, inside: Sequence[cst.BaseStatement], comment: cst.TrailingWhitespace | None = None
    ) -> cst.With:
        return async_with(self._request(call, is_stream=True), self._form.response, inside, comment)

    def _assigned(self, call: cst.Call) -> cst.SimpleStatementLine:
        target = cst.AssignTarget(cst.Name(self._form.response))
        return cst.SimpleStatementLine([cst.Assign([target], awaited(self._request(call)))])

    def _in_client(
        self, inside: Sequence[cst.BaseStatement], original: cst.BaseStatement
    ) -> Sequence[cst.BaseStatement]:
        if self._form.is_shared:
            return _with_lines([*self._before(), *inside], original)
        item = cst.WithItem(self._client(), cst.AsName(cst.Name(self._form.client)))
        made = cst.With([item], cst.IndentedBlock(list(inside)), asynchronous=cst.Asynchronous())
        return _with_lines([*self._before(), made], original)

    def _before(self) -> Iterator[cst.BaseStatement]:
        """What has to be done before the client is made."""
        arguments = named_arguments(self._call, self._form.verb)
        assert not isinstance(arguments, Refusal)
        for name, adjustment in self._arguments.adjustments:
            assert name in arguments
            yield from adjustment.statements(arguments, self._name_of)

    def _client(self) -> cst.Call:
        given = [
            _last(written)
            for name, argument in by_name(self._call, self._form.verb)
            if name in self._arguments.of_the_client
            for written in dict(self._arguments.adjustments)[name].written(argument, self._name_of)
        ]
        settings = [keyword_argument(name, cst.parse_expression(text)) for name, text in self._arguments.settings]
        return cst.Call(dotted(f"{self._httpx}.AsyncClient"), [*settings, *given])

    def _request(self, call: cst.Call, *, is_stream: bool = False) -> cst.Call:
        method = self._arguments.method
        name = "request" if method else self._form.verb
        if is_stream:
            name, method = "stream", method or (None if name == "request" else name.upper())
        function = cst.Attribute(dotted(self._form.client), cst.Name(name))
        arguments = list(self._request_arguments(call))
        if method is not None:
            comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            arguments.insert(0, cst.Arg(cst.SimpleString(f'"{method}"'), comma=comma))
        last = call.args[-1].comma if call.args else cst.MaybeSentinel.DEFAULT
        if arguments and len(arguments) != len(call.args) + (method is not None):
            arguments[-1] = arguments[-1].with_changes(comma=last)
        return without_parentheses(call.with_changes(func=function, args=arguments))  # type: ignore[return-value]

    @property
    def _stays(self) -> bool:
        """Whether the request follows no redirects, which no argument of its own says."""
        adjustments = dict(self._arguments.adjustments)
        follows = "follow_redirects" in dict(self._arguments.settings)
        return not follows and adjustments.get("allow_redirects", LEFT_OUT) is LEFT_OUT

    def _request_arguments(self, call: cst.Call) -> Iterator[cst.Arg]:
        given = self._own_arguments(call)
        if not self._arguments.merges_params:
            given = with_session_arguments(list(given), self._form.of_session)
        yield from given

    def _own_arguments(self, call: cst.Call) -> Iterator[cst.Arg]:
        adjustments = dict(self._arguments.adjustments)
        named = dict(by_name(call, self._form.verb))
        lacks_type = any(isinstance(one, JsonText) and not one.has_type for one in adjustments.values())
        for name, argument in named.items():
            if name in self._arguments.of_the_client or (name == "params" and self._arguments.merges_params):
                continue
            adjustment = adjustments.get(name, PASSED)
            if isinstance(adjustment, Prepared):
                yield argument.with_changes(value=adjustment.prepared(named, self._name_of))
                continue
            for written in adjustment.written(argument, self._name_of):
                if name == "url" and self._arguments.merges_params:
                    yield written.with_changes(value=self._merged(written.value, named))
                elif name == "headers" and lacks_type:
                    yield written.with_changes(value=_with_type(written.value))
                else:
                    yield written
        if self._form.is_shared and self._stays:
            yield keyword_argument("follow_redirects", cst.Name("False"))
        if lacks_type and adjustments.get("headers", LEFT_OUT) is LEFT_OUT:
            yield keyword_argument("headers", _with_type(cst.Dict([])))

    def _merged(self, url: cst.BaseExpression, named: Mapping[str, cst.Arg]) -> cst.Call:
        """`httpx.URL(url).copy_merge_params(params)`."""
        adjustment = dict(self._arguments.adjustments).get("params", PASSED)
        own = adjustment.written(named["params"], self._name_of) if "params" in named else []
        (params,) = with_session_arguments([_last(one) for one in own], self._form.of_session)
        made = called(dotted(f"{self._httpx}.URL"), url)
        return called(cst.Attribute(made, cst.Name("copy_merge_params")), params.value)


def _with_type(headers: cst.BaseExpression) -> cst.Dict:
    """Headers with the type of JSON at the end."""
    known = headers.elements if isinstance(headers, cst.Dict) else [cst.StarredDictElement(headers)]
    told = cst.DictElement(cst.SimpleString('"Content-Type"'), cst.SimpleString('"application/json"'))
    return cst.Dict([*known, told])


def _last(argument: cst.Arg) -> cst.Arg:
    """An argument without what stood around it."""
    return argument.with_changes(
        comma=cst.MaybeSentinel.DEFAULT,
        whitespace_after_arg=cst.SimpleWhitespace(""),
    )


def _with_lines(made: list[cst.BaseStatement], original: cst.BaseStatement) -> list[cst.BaseStatement]:
    """Statements in the place of another one: what stands above it stays above the first."""
    lines = tuple(getattr(original, "leading_lines", ()))
    return [
        made[0].with_changes(leading_lines=lines),
        *(_without_leading_lines(one) if one is made[-1] else one for one in made[1:]),
    ]


def _is_just(statement: cst.BaseStatement, name: str) -> bool:
    """Whether nothing is left of a statement but a name."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Name(value=found))]):
            return found == name
    return False


def _without_leading_lines(statement: cst.BaseStatement) -> cst.BaseStatement:
    return statement.with_changes(leading_lines=())
