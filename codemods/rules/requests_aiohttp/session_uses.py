"""What is done with a session besides its requests, and what takes its place.

What a session of aiohttp has under another name is done in its place. What it has not is kept in a variable, and given
to each of the requests. Source: the verified table, section 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codemods.model import Span
from codemods.rules.evaluation import is_pure
from codemods.rules.requests_aiohttp.logins import Login, NamedLogin, check_login
from codemods.rules.requests_aiohttp.settings import Setting
from codemods.rules.requests_aiohttp.wire import WIRE
from codemods.rules.requests_calls.adjustments import LEFT_OUT, Renamed
from codemods.rules.requests_calls.certificates import TrustedFile, check_certificate, check_verify
from codemods.rules.requests_calls.expressions import is_name, type_of
from codemods.rules.requests_calls.handling import is_in_f_string
from codemods.rules.requests_calls.mappings import check_mapping, check_pair
from codemods.rules.requests_calls.proxies import Proxy, check_proxies
from codemods.rules.requests_calls.session_cookies import CookieAsking, use_of_cookies
from codemods.rules.requests_calls.session_uses import (
    Path,
    SessionChange,
    SessionUse,
    Types,
    assigned,
    assignment_span,
    given_alone,
    item_assigned,
    params_kept,
    unadjusted,
    why_hooks_do_more,
    without_form,
)
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_HEADERS_NOTE = (
    "requests sends none of its own headers once session.headers is assigned; aiohttp goes on to send User-Agent, "
    "Accept and Accept-Encoding"
)
_LOGIN_NOTE = (
    "encode_basic_auth() came with aiohttp 3.14, and takes no user but a text without a colon; an authorization header "
    "of a request wins over that of the session, where requests takes session.auth"
)
_COOKIES_NOTE = (
    "a cookie that is set without a host is not sent where the server sets another of its name, and values are given "
    "without quotes; requests sends both, and keeps quotes; they are sent in another order"
)
_PROXY_NOTE = "requests takes a proxy of the environment before session.proxies; aiohttp takes what it is given"
_VERIFY_NOTE = "requests takes REQUESTS_CA_BUNDLE before session.verify; aiohttp takes what it is given"
_REDIRECTS_NOTE = "session.max_redirects is given to each request as one more: aiohttp raises when it is reached"


def use_of_session(tree: Tree, path: Path, types: Types) -> SessionUse | Refusal:
    """What is done with the session at the end of a path, by the attribute that is asked of it."""
    attribute = path[-2]
    assert isinstance(attribute, cst.Attribute)
    name = attribute.attr.value
    held = path[:-1]
    match name:
        case "headers":
            return _headers(tree, held, types)
        case "cookies":
            return _cookies(tree, held, types)
        case "params":
            return params_kept(WIRE, tree, held, types)
        case "hooks":
            return _hooks(tree, held)
        case "proxies":
            return _proxies(tree, held)
        case "auth" | "verify" | "cert" | "max_redirects" | "trust_env" | "stream":
            value = assigned(held)
            if value is None:
                return Refusal(f"has its {name} used otherwise than to assign it")
            return _SETTINGS[name](tree, value, held, types)
    return without_form(name, "aiohttp")


def _headers(tree: Tree, path: Path, types: Types) -> SessionUse | Refusal:
    """`headers.update(...)`, `headers[...] = ...`, `headers = {...}`."""
    whole = given_alone(path, "update")
    item = item_assigned(path)
    new = assigned(path)
    if item is not None:
        notes = check_pair(WIRE, "headers", *item, tree, types)
    elif (value := whole or new) is not None:
        notes = unadjusted(check_mapping(WIRE, "headers", value, tree, types))
    else:
        return Refusal("has its headers used otherwise than to set them, and aiohttp's hold no defaults,")
    if isinstance(notes, Refusal):
        return Refusal(f"sets headers that cannot be: {notes.reason},")
    if new is None:
        return SessionUse(SessionChange.SAME, tree.span(path[-1]), tuple(notes))
    if not isinstance(new, cst.Dict):
        # requests goes on to share it: what is put into it later is sent, too
        return Refusal("has its headers assigned from what may be changed elsewhere,")
    return SessionUse(SessionChange.HEADERS, assignment_span(tree, path), (*notes, _HEADERS_NOTE))


def _cookies(tree: Tree, path: Path, types: Types) -> SessionUse | Refusal:
    """What is done with the cookies at the end of a path."""
    done = use_of_cookies(tree, path, types)
    if isinstance(done, Refusal):
        return done
    if isinstance(done.does, CookieAsking):
        if is_in_f_string(path):
            return Refusal("has its cookies in an f-string, which cannot hold what takes their place,")
        return _of_jar(SessionChange.EVERY_COOKIE, tree.span(done.node), ())
    if done.place:
        return Refusal("sets a cookie of a host or a path, which aiohttp only takes as a URL,")
    notes: list[str] | Refusal = []
    if done.mapping is not None:
        notes = unadjusted(check_mapping(WIRE, "cookies", done.mapping, tree, types))
    elif done.pair is not None:
        if done.does is SessionChange.COOKIE_CALL and not is_pure(done.pair[0]):
            return Refusal("sets a cookie with arguments that cannot be seen")
        notes = check_pair(WIRE, "cookies", *done.pair, tree, types)
    if isinstance(notes, Refusal):
        return Refusal(f"sets cookies that cannot be: {notes.reason},")
    return _of_jar(done.does, tree.span(done.node), notes)


def _of_jar(change: SessionChange, node: Span, notes: Sequence[str]) -> SessionUse:
    return SessionUse(change, node, (*notes, _COOKIES_NOTE), setting=Setting.COOKIES)


def _hooks(tree: Tree, path: Path) -> SessionUse | Refusal:
    refusal = why_hooks_do_more(path)
    return refusal or SessionUse(
        SessionChange.GONE, assignment_span(tree, path), argument="hooks", keyword="raise_for_status", value="True"
    )


def _proxies(tree: Tree, path: Path) -> SessionUse | Refusal:
    value = assigned(path) or given_alone(path, "update")
    answer = check_proxies(value, _PROXY_NOTE) if value is not None else Refusal("they are not set all at once")
    if isinstance(answer, Refusal):
        return Refusal(f"has proxies that cannot be: {answer.reason},")
    if not isinstance(answer[0], Proxy):
        return Refusal("has proxies that take none away")
    return SessionUse(
        SessionChange.VARIABLE,
        assignment_span(tree, path),
        tuple(dict.fromkeys((*answer[1], _PROXY_NOTE))),
        argument="proxies",
        keyword="proxy",
        variable="proxy",
    )


def _auth(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    answer = check_login(value, type_of(tree, value, types), tree)
    if isinstance(answer, Refusal):
        return Refusal(f"has a login that cannot be: {answer.reason},")
    login, _ = answer
    if not isinstance(login, Login) or (isinstance(login, NamedLogin) and login.may_be_none):
        return Refusal("has a login that may be none, or is no user and password,")
    return SessionUse(SessionChange.LOGIN, assignment_span(tree, path), (_LOGIN_NOTE,))


def _verify(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    node = assignment_span(tree, path)
    told = (_VERIFY_NOTE,)
    answer = check_verify(value, type_of(tree, value, types), tree, "ssl")
    match answer:
        case Refusal(reason):
            return Refusal(f"has its verify set: {reason},")
        case (adjustment, _) if adjustment == LEFT_OUT:
            return SessionUse(SessionChange.GONE, node, argument="verify")
        case (Renamed(), _) if is_name(value, "False"):
            return SessionUse(SessionChange.GONE, node, told, argument="verify", keyword="ssl", value="False")
        case (Renamed(), _):
            return SessionUse(SessionChange.VARIABLE, node, told, argument="verify", keyword="ssl", variable="verify")
        case (TrustedFile(), _):
            return SessionUse(SessionChange.CONTEXT, node, told, argument="verify", keyword="ssl", variable="context")
    return Refusal("has its verify set to something that cannot be seen")


def _cert(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    answer = check_certificate({"cert": value}, "context", "ssl")
    if isinstance(answer, Refusal):
        return Refusal(f"has its cert set: {answer.reason},")
    return SessionUse(
        SessionChange.CERTIFICATE, assignment_span(tree, path), argument="cert", keyword="ssl", variable="context"
    )


def _max_redirects(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    if not isinstance(value, cst.Integer):
        return Refusal("has its max_redirects set to something that is no plain number")
    return SessionUse(
        SessionChange.GONE,
        assignment_span(tree, path),
        (_REDIRECTS_NOTE,),
        argument="max_redirects",
        keyword="max_redirects",
        value=str(value.evaluated_value + 1),
    )


def _trust_env(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    node = assignment_span(tree, path)
    if is_name(value, "False"):
        return SessionUse(SessionChange.GONE, node)
    if is_name(value, "True"):
        return SessionUse(SessionChange.GONE, node, setting=Setting.ENVIRONMENT)
    return Refusal("has its trust_env set to something that cannot be seen")


def _stream(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    return (
        SessionUse(SessionChange.GONE, assignment_span(tree, path))
        if is_name(value, "False")
        else without_form("stream", "aiohttp")
    )


_SETTINGS = {
    "auth": _auth,
    "verify": _verify,
    "cert": _cert,
    "max_redirects": _max_redirects,
    "trust_env": _trust_env,
    "stream": _stream,
}
