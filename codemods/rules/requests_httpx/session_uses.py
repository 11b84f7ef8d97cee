"""What is done with a session besides its requests, and what takes its place.

A client of httpx takes most of it as a session does, and whenever. What only a new client can be told goes to where it
is made; `params` are kept in a variable and given to each request, since those of a client take the place of what a URL
has. Sources: the verified table, section 5; httpx 0.28 `httpx/_client.py` and `httpx/_models.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.model import Parity
from codemods.rules.requests_calls.adjustments import LEFT_OUT, PASSED, Adjustment, Answer, Renamed
from codemods.rules.requests_calls.certificates import OwnCertificate, check_certificate, check_verify
from codemods.rules.requests_calls.combinations import keeps_out
from codemods.rules.requests_calls.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_calls.handling import is_in_f_string
from codemods.rules.requests_calls.mappings import are_literal, check_mapping, check_pair
from codemods.rules.requests_calls.proxies import Proxy, check_proxies
from codemods.rules.requests_calls.session_cookies import CookieAsking, CookieUse, use_of_cookies
from codemods.rules.requests_calls.session_uses import (
    Path,
    SessionChange,
    SessionUse,
    Types,
    assigned,
    assignment_span,
    given_alone,
    headers_set,
    item_assigned,
    params_kept,
    unadjusted,
    why_hooks_do_more,
    without_form,
)
from codemods.rules.requests_calls.values import Sent, mapping_is_sent, value_is_sent
from codemods.rules.requests_httpx.headers import LETTERS_NOTE, check_names, check_values
from codemods.rules.requests_httpx.logins import Login, check_login
from codemods.rules.requests_httpx.wire import WIRE
from codemods.rules.rule import Refusal
from codemods.tree import Tree

LOGIN_OF_SESSION = "auth"
"""The keyword of a use that gives the session a login."""
HEADERS_OF_SESSION = "headers"
"""That of one that may tell the type of bodies."""

_HEADERS_NOTE = (
    "requests sends none of its own headers once session.headers is assigned; httpx goes on to send User-Agent, "
    "Accept, Accept-Encoding and Connection"
)
_COOKIE_NOTE = (
    "a cookie that is there for more than one host or path raises httpx.CookieConflict, also where `in` asks for it; "
    "requests raises CookieConflictError, and says that it is there"
)
_PROXY_NOTE = "requests takes a proxy of the environment before session.proxies; httpx takes what it is given"
_VERIFY_NOTE = "requests takes REQUESTS_CA_BUNDLE before session.verify; httpx takes what it is given"
_SCHEME_NOTE = "httpx asks for a scheme in the URL of a proxy; requests adds http:// itself"


@dataclass(frozen=True, slots=True)
class AdjustedUse(SessionUse):
    """A use of which the value is written for httpx."""

    adjustment: Adjustment = PASSED


def use_of_session(tree: Tree, path: Path, types: Types, parity: Parity) -> SessionUse | Refusal:
    """What is done with the session at the end of a path, by the attribute that is asked of it."""
    attribute = path[-2]
    assert isinstance(attribute, cst.Attribute)
    name = attribute.attr.value
    held = path[:-1]
    match name:
        case "headers":
            return _headers(tree, held, types, parity)
        case "cookies":
            return _cookies(tree, held, types, parity)
        case "params":
            return params_kept(WIRE, tree, held, types)
        case "proxies":
            return _proxies(tree, held)
        case "hooks":
            refusal = why_hooks_do_more(held)
            return refusal or SessionUse(SessionChange.GONE, assignment_span(tree, held), argument="hooks")
    if name not in _SETTINGS:
        return without_form(name, "httpx")
    value = assigned(held)
    if value is None:
        return Refusal(f"has its {name} used otherwise than to assign it")
    return _SETTINGS[name](tree, value, held, types)


def _same(tree: Tree, path: Path, *notes: str, keyword: str | None = None) -> SessionUse:
    """What is done with a client as with a session."""
    return SessionUse(SessionChange.SAME, tree.span(path[-1]), notes, keyword=keyword)


def _headers(tree: Tree, path: Path, types: Types, parity: Parity) -> SessionUse | Refusal:
    """`headers.update(...)`, `headers[...] = ...`, `headers = {...}`."""
    item, new, value = item_assigned(path), assigned(path), headers_set(path)
    if value is None:
        return Refusal("has its headers used otherwise than to set them, and httpx's hold other defaults,")
    if item is not None:
        notes = check_pair(WIRE, "headers", *item, tree, types)
    else:
        notes = unadjusted(check_mapping(WIRE, "headers", value, tree, types))
    checked = check_names(value) or check_values(value) or notes
    if isinstance(checked, Refusal):
        return Refusal(f"sets headers that cannot be: {checked.reason},")
    notes = checked
    if parity is Parity.STRICT and not are_literal(value):
        notes = [*notes, LETTERS_NOTE]
    keyword = None if keeps_out("content-type", value) else HEADERS_OF_SESSION
    if new is None:
        return _same(tree, path, *notes, keyword=keyword)
    if not isinstance(new, cst.Dict):
        # requests goes on to share it: what is put into it later is sent, too
        return Refusal("has its headers assigned from what may be changed elsewhere,")
    return _same(tree, path, *notes, _HEADERS_NOTE, keyword=keyword)


def _cookies(tree: Tree, path: Path, types: Types, parity: Parity) -> SessionUse | Refusal:
    """What is done with the cookies at the end of a path."""
    done = use_of_cookies(tree, path, types)
    if isinstance(done, Refusal):
        return done
    if done.does is CookieAsking.ALL:
        if is_in_f_string(path):
            return Refusal("has its cookies in an f-string, which cannot hold what takes their place,")
        return SessionUse(SessionChange.EVERY_COOKIE, tree.span(done.node))
    if done.does is CookieAsking.ONE:
        return _same(tree, path, _COOKIE_NOTE)
    if any(one.keyword is None or one.keyword.value not in {"domain", "path"} for one in done.place):
        return Refusal("sets a cookie with more than a host and a path")
    pairs = _pairs(done)
    if pairs is None:
        assert done.mapping is not None
        sent = {mapping_is_sent(WIRE, "cookies", type_of(tree, done.mapping, types))}
    else:
        sent = {_cookie_is_sent(one, type_of(tree, one, types)) for pair in pairs for one in pair}
    if Sent.OTHERWISE in sent:
        return Refusal("sets cookies that cannot be: one is no text, or holds letters beyond ASCII or quotes,")
    is_seen = pairs is not None and all(isinstance(one, cst.SimpleString) for pair in pairs for one in pair)
    if Sent.UNKNOWN in sent or (parity is Parity.STRICT and not is_seen):
        return _same(tree, path, WIRE.unknown["cookies"])
    return _same(tree, path)


def _pairs(done: CookieUse) -> list[tuple[cst.BaseExpression, cst.BaseExpression]] | None:
    """The names and values of the cookies that are set; None where they are not all to be seen."""
    if done.mapping is None:
        return [done.pair] if done.pair is not None else []
    elements = done.mapping.elements if isinstance(done.mapping, cst.Dict) else ()
    pairs = [(one.key, one.value) for one in elements if isinstance(one, cst.DictElement)]
    return pairs if isinstance(done.mapping, cst.Dict) and len(pairs) == len(elements) else None


def _cookie_is_sent(value: cst.BaseExpression, kind: str | None) -> Sent:
    if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        is_bytes = isinstance(value, cst.SimpleString) and "b" in value.prefix
        is_plain = all(text.isascii() and text.isprintable() and '"' not in text for text in literal_parts(value))
        return Sent.ALIKE if is_plain and not is_bytes else Sent.OTHERWISE
    if isinstance(value, cst.BaseNumber) or any(is_name(value, name) for name in ("None", "True", "False")):
        return Sent.OTHERWISE
    return value_is_sent(WIRE, "cookies", kind)


def _proxies(tree: Tree, path: Path) -> SessionUse | Refusal:
    value = assigned(path) or given_alone(path, "update")
    answer = check_proxies(value, _SCHEME_NOTE) if value is not None else Refusal("they are not set all at once")
    if isinstance(answer, Refusal):
        return Refusal(f"has proxies that cannot be: {answer.reason},")
    if not isinstance(answer[0], Proxy):
        return Refusal("has proxies that take none away")
    return _told(tree, path, "proxies", answer[0], *answer[1], _PROXY_NOTE)


def _told(tree: Tree, path: Path, argument: str, adjustment: Adjustment, *notes: str) -> SessionUse:
    """What a client is told when it is made."""
    span = assignment_span(tree, path)
    return AdjustedUse(SessionChange.TOLD, span, notes, argument=argument, adjustment=adjustment)


def _auth(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    if is_name(value, "None"):
        return _same(tree, path, keyword=LOGIN_OF_SESSION)
    answer = check_login(value, type_of(tree, value, types), tree)
    if isinstance(answer, Refusal):
        return Refusal(f"has a login that cannot be: {answer.reason},")
    login, notes = answer
    if not isinstance(login, Login):
        return _same(tree, path, *notes, keyword=LOGIN_OF_SESSION)
    return AdjustedUse(SessionChange.LOGIN, tree.span(value), tuple(notes), keyword=LOGIN_OF_SESSION, adjustment=login)


def _verify(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    answer: Answer = check_verify(value, type_of(tree, value, types), tree, "verify")
    if isinstance(answer, Refusal):
        return Refusal(f"has its verify set: {answer.reason},")
    if answer[0] == LEFT_OUT:
        return SessionUse(SessionChange.GONE, assignment_span(tree, path), argument="verify")
    return _told(tree, path, "verify", answer[0], _VERIFY_NOTE)


def _cert(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    answer = check_certificate({"cert": value}, "context", "verify")
    if isinstance(answer, Refusal):
        return Refusal(f"has its cert set: {answer.reason},")
    return AdjustedUse(
        SessionChange.TOLD,
        assignment_span(tree, path),
        argument="cert",
        keyword="verify",  # of both there can be one
        variable="context",
        adjustment=OwnCertificate("context", "verify"),
    )


def _max_redirects(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    if isinstance(value, cst.Integer) or type_of(tree, value, types) == "int":
        return _same(tree, path)
    return Refusal("has its max_redirects set to something that is not known to be a number")


def _trust_env(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    if is_name(value, "False"):
        return _told(tree, path, "trust_env", Renamed("trust_env"))
    if is_name(value, "True"):
        return SessionUse(SessionChange.GONE, assignment_span(tree, path), argument="trust_env")
    return Refusal("has its trust_env set to something that cannot be seen")


def _stream(tree: Tree, value: cst.BaseExpression, path: Path, types: Types) -> SessionUse | Refusal:
    if is_name(value, "False"):
        return SessionUse(SessionChange.GONE, assignment_span(tree, path))
    return without_form("stream", "httpx")


_SETTINGS: Mapping[str, Callable[[Tree, cst.BaseExpression, Path, Types], SessionUse | Refusal]] = {
    "auth": _auth,
    "verify": _verify,
    "cert": _cert,
    "max_redirects": _max_redirects,
    "trust_env": _trust_env,
    "stream": _stream,
}
