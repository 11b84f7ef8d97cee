"""Writes what is done with a session besides its requests as it is done with aiohttp's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import libcst as cst

from codemods.rewrite.edits import Edits
from codemods.rules.requests_aiohttp.logins import Login, NamedLogin
from codemods.rules.requests_calls.adjustments import NameOf, assignment, called, dotted
from codemods.rules.requests_calls.certificates import OwnCertificate
from codemods.rules.requests_calls.proxies import Proxy
from codemods.rules.requests_calls.session_blocks import replace_statement, take_out_statement
from codemods.rules.requests_calls.session_uses import SessionChange, SessionUse

Release = Callable[[cst.BaseExpression, str | None], None]


def add_session_use(edits: Edits, use: SessionUse, name_of: NameOf, release: Release) -> None:
    """Adds the edits of one use of a session; `release` is told of every name that goes away."""
    name_of = cache(name_of)  # asked again while edits are applied, when imports are settled
    node: cst.CSTNode | None
    match use.change:
        case SessionChange.SAME:
            return
        case SessionChange.GONE | SessionChange.VARIABLE | SessionChange.CONTEXT | SessionChange.CERTIFICATE:
            _replace_statement(edits, use, name_of)
            return
        case SessionChange.HEADERS | SessionChange.LOGIN | SessionChange.COOKIE:
            node = edits.tree.at(use.node, cst.BaseSmallStatement)  # type: ignore[type-abstract]
        case _:
            node = edits.tree.expression(use.node)
    assert node is not None, use
    if use.change is SessionChange.LOGIN:
        assert isinstance(node, cst.Assign)
        name_of("aiohttp")
        for gone in Login().gone(cst.Arg(node.value)):
            release(gone, None)
    edits.replace(node, lambda updated: _WRITERS[use.change](updated, name_of))


def _replace_statement(edits: Edits, use: SessionUse, name_of: NameOf) -> None:
    if use.change is SessionChange.GONE:
        take_out_statement(edits, use)
        return
    if use.change is not SessionChange.VARIABLE:
        name_of("ssl")
    replace_statement(edits, use, lambda value: list(_set_up(use, value, name_of)))


def _set_up(use: SessionUse, value: cst.BaseExpression, name_of: NameOf) -> Iterator[cst.SimpleStatementLine]:
    """The statements that keep in a variable what is set."""
    assert use.variable is not None
    name = cst.Name(use.variable)
    if use.change is SessionChange.CONTEXT:
        yield assignment(name, called(dotted(f"{name_of('ssl')}.create_default_context"), cafile=value))
    elif use.change is SessionChange.CERTIFICATE:
        for statement in OwnCertificate(use.variable, "ssl").statements({"cert": value}, name_of):
            assert isinstance(statement, cst.SimpleStatementLine)
            yield statement
    elif use.argument == "proxies":
        yield assignment(name, _proxy(value))
    else:
        yield assignment(name, value)


def _proxy(proxies: cst.BaseExpression) -> cst.BaseExpression:
    (argument,) = Proxy().written(cst.Arg(proxies), str)
    return argument.value


def _headers(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    assert isinstance(node, cst.Assign)
    return cst.Expr(called(cst.Attribute(node.targets[0].target, cst.Name("update")), node.value))


def _login(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    """`session.headers["Authorization"] = aiohttp.encode_basic_auth(user, password, "latin1")`."""
    assert isinstance(node, cst.Assign)
    target = node.targets[0].target
    assert isinstance(target, cst.Attribute)
    header = _login_of(node.value).header(cst.Arg(node.value), name_of)
    assert isinstance(header, cst.DictElement)
    item = cst.Subscript(target.with_changes(attr=cst.Name("headers")), [cst.SubscriptElement(cst.Index(header.key))])
    return cst.Assign([cst.AssignTarget(item)], header.value)


def _login_of(value: cst.BaseExpression) -> Login:
    is_visible = isinstance(value, cst.Tuple | cst.Call)
    return Login() if is_visible else NamedLogin(may_be_none=False)


def _jar(cookies: cst.BaseExpression) -> cst.Attribute:
    assert isinstance(cookies, cst.Attribute)
    return cookies.with_changes(attr=cst.Name("cookie_jar"))


def _cookie(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    assert isinstance(node, cst.Assign)
    target = node.targets[0].target
    assert isinstance(target, cst.Subscript)
    key = target.slice[0].slice
    assert isinstance(key, cst.Index)
    return cst.Expr(_update(target.value, key.value, node.value))


def _cookie_call(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    assert isinstance(node, cst.Call)
    assert isinstance(node.func, cst.Attribute)
    made = _update(node.func.value, node.args[0].value, node.args[1].value)
    return made.with_changes(lpar=node.lpar, rpar=node.rpar)


def _update(cookies: cst.BaseExpression, name: cst.BaseExpression, value: cst.BaseExpression) -> cst.Call:
    method = cst.Attribute(_jar(cookies), cst.Name("update_cookies"))
    return called(method, cst.Dict([cst.DictElement(name, value)]))


def _cookies_update(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    assert isinstance(node, cst.Attribute)
    return node.with_changes(value=_jar(node.value), attr=cst.Name("update_cookies"))


def _every_cookie(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    """`{one.key: one.value for one in session.cookie_jar}`."""
    if isinstance(node, cst.Call):
        assert isinstance(node.func, cst.Attribute)
        cookies = node.func.value
    else:
        assert isinstance(node, cst.Attribute)
        cookies = node
    one = cst.Name("one")
    return cst.DictComp(
        cst.Attribute(one, cst.Name("key")), cst.Attribute(one, cst.Name("value")), cst.CompFor(one, _jar(cookies))
    )


def _renamed_jar(node: cst.CSTNode, name_of: NameOf) -> cst.CSTNode:
    assert isinstance(node, cst.Attribute)
    return _jar(node)


_WRITERS: dict[SessionChange, Callable[[cst.CSTNode, NameOf], cst.CSTNode]] = {
    SessionChange.HEADERS: _headers,
    SessionChange.LOGIN: _login,
    SessionChange.COOKIE: _cookie,
    SessionChange.COOKIE_CALL: _cookie_call,
    SessionChange.COOKIES_UPDATE: _cookies_update,
    SessionChange.JAR: _renamed_jar,
    SessionChange.EVERY_COOKIE: _every_cookie,
}
