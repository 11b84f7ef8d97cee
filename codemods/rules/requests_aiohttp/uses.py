"""Writes what is done with a response as it is done with aiohttp's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import libcst as cst

from codemods.rewrite.edits import Edits, awaited
from codemods.rules.requests_aiohttp.response import DECODES
from codemods.rules.requests_aiohttp.shapes import RequestForm
from codemods.rules.requests_aiohttp.strict import joined, replacing
from codemods.rules.requests_calls.adjustments import NameOf, keyword_argument
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.handling import NativeResponse, PlacedUse, ResponseUse
from codemods.rules.requests_calls.header_lookups import add_lookup, quote_at
from codemods.rules.requests_calls.received import ReceivedForm
from codemods.rules.requests_calls.streams import STREAMS, chunk_size

_REDIRECTS = {
    ResponseUse.IS_REDIRECT: ("301", "302", "303", "307", "308"),
    ResponseUse.IS_PERMANENT_REDIRECT: ("301", "308"),
}
_CHUNK_OF_A_RESPONSE = "128"
"""What requests takes at a time where the response itself is iterated (`Response.__iter__`)."""


def add_use(edits: Edits, use: PlacedUse, form: RequestForm | ReceivedForm, name_of: NameOf) -> None:
    """Adds the edits of one use of the response of a form."""
    node = edits.tree.expression(use.node)
    assert node is not None, use
    if use.use is ResponseUse.ENCODING:
        _leave_out(edits, node)
        return
    if use.use in STREAMS:
        _iterate(edits, node, use.use)
    how = _encoding(edits, form)
    if isinstance(form, RequestForm) and form.is_strict:
        how = [*how, replacing(quote_at(edits.tree.path(node)))]
        if use.use is ResponseUse.HEADERS:
            add_lookup(edits, node, joined)
    outer = edits.tree.path(node)[-2]
    is_whole_test = isinstance(outer, cst.If | cst.While | cst.IfExp | cst.Assert) and outer.test is node

    def replacement(updated: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(updated, cst.BaseExpression)
        if use.use is ResponseUse.CONTENT and isinstance(form, RequestForm) and form.content is not None:
            return cst.Name(form.content, lpar=updated.lpar, rpar=updated.rpar)
        if use.use is ResponseUse.TEXT:
            return awaited(_called(updated, how))
        if use.use in DECODES:
            assert isinstance(updated, cst.Call)
            decodes_text = form.decodes_text or use.use is ResponseUse.JSON_GIVEN
            return _decoded_text(updated, name_of("json"), how) if decodes_text else _json(updated, how)
        if use.use is ResponseUse.TRUTH_OR_NONE:
            return _succeeded(updated, is_whole_test)
        return _WRITERS[use.use](updated) if use.use in _WRITERS else updated

    edits.replace(node, replacement)


def _encoding(edits: Edits, form: NativeResponse) -> Sequence[cst.Arg]:
    """The encoding that is set on a response, as an argument."""
    for one in form.uses:
        if one.use is ResponseUse.ENCODING:
            target = edits.tree.at(one.node, cst.Attribute)
            assert target is not None
            assign = edits.tree.path(target)[-3]
            assert isinstance(assign, cst.Assign)
            return [keyword_argument("encoding", assign.value)]
    return []


def _leave_out(edits: Edits, target: cst.BaseExpression) -> None:
    """Takes an assignment away."""
    path = edits.tree.path(target)
    block, line = path[-5], path[-4]
    assert isinstance(block, cst.IndentedBlock)
    assert isinstance(line, cst.SimpleStatementLine)
    edits.take_out(block, line)


def _iterate(edits: Edits, node: cst.BaseExpression, use: ResponseUse) -> None:
    """Makes the loop over a body an asynchronous one."""
    loop = edits.tree.path(node)[-2]

    def replacement(updated: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(updated, cst.For)
        changed = updated.with_changes(asynchronous=cst.Asynchronous())
        if use is ResponseUse.LINES:
            assert isinstance(updated.target, cst.Name)
            assert isinstance(updated.body, cst.IndentedBlock)
            name = cst.Name(updated.target.value)
            ends = cst.Arg(cst.SimpleString(r'b"\r\n"'))
            stripped = cst.Call(cst.Attribute(name, cst.Name("rstrip")), [ends])
            first = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(name)], stripped)])
            changed = changed.with_changes(body=updated.body.with_changes(body=[first, *updated.body.body]))
        return changed

    edits.replace(loop, replacement)


def _called(method: cst.BaseExpression, arguments: Sequence[cst.Arg] = ()) -> cst.Call:
    """A call of a method, with the method's parentheses around the whole."""
    return cst.Call(method.with_changes(lpar=(), rpar=()), arguments, lpar=method.lpar, rpar=method.rpar)


def _succeeded(node: cst.BaseExpression, is_whole_test: bool) -> cst.BaseExpression:
    """`r is not None and r.ok` for the truth of `r`."""
    bare = node.with_changes(lpar=(), rpar=())
    is_there = cst.Comparison(bare, [cst.ComparisonTarget(cst.IsNot(), cst.Name("None"))])
    both = cst.BooleanOperation(is_there, cst.And(), cst.Attribute(bare, cst.Name("ok")))
    if is_whole_test:
        return both.with_changes(lpar=node.lpar, rpar=node.rpar)
    return both.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _json(node: cst.Call, encoding: Sequence[cst.Arg]) -> cst.BaseExpression:
    return awaited(node.with_changes(args=encoding) if encoding else node)


def _decoded_text(node: cst.Call, json: str, encoding: Sequence[cst.Arg]) -> cst.BaseExpression:
    """`json.loads(await r.text())` for `r.json()`, with its own arguments behind."""
    assert isinstance(node.func, cst.Attribute)
    text = cst.Await(cst.Call(node.func.with_changes(attr=cst.Name("text")), encoding))
    own = [cst.Arg(text, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))), *node.args]
    arguments = own if node.args else [cst.Arg(text)]
    return node.with_changes(func=cst.Attribute(cst.Name(json), cst.Name("loads")), args=arguments)


def _renamed(name: str) -> Callable[[cst.BaseExpression], cst.BaseExpression]:
    return lambda node: node.with_changes(attr=cst.Name(name))


def _read(node: cst.BaseExpression) -> cst.BaseExpression:
    return awaited(_called(node.with_changes(attr=cst.Name("read"))))


def _text_of(node: cst.BaseExpression) -> cst.BaseExpression:
    """`str(node)`."""
    return cst.Call(cst.Name("str"), [cst.Arg(node.with_changes(lpar=(), rpar=()))], lpar=node.lpar, rpar=node.rpar)


def _truth(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Attribute(node, cst.Name("ok"))


def _is_redirect(use: ResponseUse) -> Callable[[cst.BaseExpression], cst.BaseExpression]:
    """`("location" in r.headers and r.status in (301, 308))`."""

    def written(node: cst.BaseExpression) -> cst.BaseExpression:
        assert isinstance(node, cst.Attribute)
        has_location = _is_in(cst.SimpleString('"Location"'), cst.Attribute(node.value, cst.Name("headers")))
        codes = cst.Tuple([cst.Element(cst.Integer(one)) for one in _REDIRECTS[use]])
        has_status = _is_in(cst.Attribute(node.value, cst.Name("status")), codes)
        return _in_parentheses(cst.BooleanOperation(has_location, cst.And(), has_status), node)

    return written


def _is_in(value: cst.BaseExpression, container: cst.BaseExpression) -> cst.Comparison:
    return cst.Comparison(value, [cst.ComparisonTarget(cst.In(), container)])


def _in_parentheses(made: cst.BaseExpression, instead_of: cst.BaseExpression) -> cst.BaseExpression:
    return made.with_changes(
        lpar=instead_of.lpar or [cst.LeftParen()],
        rpar=instead_of.rpar or [cst.RightParen()],
    )


def _cookie(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Attribute(node.with_changes(lpar=(), rpar=()), cst.Name("value"), lpar=node.lpar, rpar=node.rpar)


def _cookie_or_else(node: cst.BaseExpression) -> cst.BaseExpression:
    """`(r.cookies["id"].value if "id" in r.cookies else None)`."""
    assert isinstance(node, cst.Call)
    assert isinstance(node.func, cst.Attribute)
    cookies, name = node.func.value, node.args[0].value
    found = cst.Subscript(cookies, [cst.SubscriptElement(cst.Index(name))])
    otherwise = node.args[1].value if len(node.args) > 1 else cst.Name("None")
    return _in_parentheses(
        cst.IfExp(test=_is_in(name, cookies), body=cst.Attribute(found, cst.Name("value")), orelse=otherwise), node
    )


def _every_cookie(node: cst.BaseExpression) -> cst.BaseExpression:
    """`{name: one.value for name, one in r.cookies.items()}`."""
    assert isinstance(node, cst.Call)
    cookies = node.args[0].value if node.args else node.func.value  # type: ignore[attr-defined]
    pair = cst.Tuple([cst.Element(cst.Name("name")), cst.Element(cst.Name("one"))], lpar=(), rpar=())
    items = cst.CompFor(pair, _called(cst.Attribute(cookies, cst.Name("items"))))
    return cst.DictComp(cst.Name("name"), cst.Attribute(cst.Name("one"), cst.Name("value")), items)


def _request(node: cst.BaseExpression) -> cst.BaseExpression:
    assert isinstance(node, cst.Attribute)
    assert isinstance(node.value, cst.Attribute)
    return node.with_changes(value=node.value.with_changes(attr=cst.Name("request_info")))


def _request_url(node: cst.BaseExpression) -> cst.BaseExpression:
    return _text_of(_request(node).with_changes(attr=cst.Name("real_url")))


def _chunks(node: cst.BaseExpression) -> cst.BaseExpression:
    """`r.content.iter_chunked(size)` for `r.iter_content(size)`, and for `r` itself."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return _content_method(node, "iter_chunked", cst.Integer(_CHUNK_OF_A_RESPONSE))
    size = chunk_size(node)
    assert size is not None
    if is_name(size, "None"):
        return _content_method(node.func.value, "iter_any", None)
    return _content_method(node.func.value, "iter_chunked", size)


def _content_method(response: cst.BaseExpression, name: str, size: cst.BaseExpression | None) -> cst.Call:
    method = cst.Attribute(cst.Attribute(response, cst.Name("content")), cst.Name(name))
    return cst.Call(method, [cst.Arg(size)] if size is not None else [])


def _lines(node: cst.BaseExpression) -> cst.BaseExpression:
    assert isinstance(node, cst.Call)
    assert isinstance(node.func, cst.Attribute)
    return node.func.with_changes(attr=cst.Name("content"))


_WRITERS: Mapping[ResponseUse, Callable[[cst.BaseExpression], cst.BaseExpression]] = {
    ResponseUse.STATUS: _renamed("status"),
    ResponseUse.CONTENT: _read,
    ResponseUse.URL: lambda node: _text_of(node.with_changes(attr=cst.Name("real_url"))),
    ResponseUse.TRUTH: _truth,
    ResponseUse.IS_REDIRECT: _is_redirect(ResponseUse.IS_REDIRECT),
    ResponseUse.IS_PERMANENT_REDIRECT: _is_redirect(ResponseUse.IS_PERMANENT_REDIRECT),
    ResponseUse.COOKIE: _cookie,
    ResponseUse.COOKIE_OR_ELSE: _cookie_or_else,
    ResponseUse.EVERY_COOKIE: _every_cookie,
    ResponseUse.LINK: _text_of,
    ResponseUse.REQUEST: _request,
    ResponseUse.REQUEST_URL: _request_url,
    ResponseUse.CHUNKS: _chunks,
    ResponseUse.LINES: _lines,
}
"""What writes a use, by its kind: it gets the node that the use is, its inner edits done."""
