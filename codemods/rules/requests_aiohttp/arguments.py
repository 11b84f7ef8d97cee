"""Which arguments of a request aiohttp takes as they are, and what becomes of the others; `adjust` writes them.

Sources: requests 2.34 `requests/api.py` for positional parameters; the verified table, sections 2.1 to 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Parity, Span
from codemods.rules.names import free_name, is_bound
from codemods.rules.requests_aiohttp.hooks import Raises
from codemods.rules.requests_aiohttp.logins import check_login
from codemods.rules.requests_aiohttp.timeouts import check_timeout
from codemods.rules.requests_aiohttp.together import check_together
from codemods.rules.requests_aiohttp.uploads import check_upload
from codemods.rules.requests_aiohttp.wire import WIRE
from codemods.rules.requests_calls.adjustments import LEFT_OUT, PASSED, Adjustment, Answer, Decoded, TextOf
from codemods.rules.requests_calls.arguments import named_arguments
from codemods.rules.requests_calls.certificates import check_certificate, check_verify
from codemods.rules.requests_calls.combinations import (
    has_body,
    is_beside_data,
    is_empty,
    is_given,
    method_of,
    sends_json,
    visible_headers,
)
from codemods.rules.requests_calls.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_calls.hooks import check_hooks
from codemods.rules.requests_calls.mappings import are_literal, are_texts, check_mapping
from codemods.rules.requests_calls.prepared import prepare_url
from codemods.rules.requests_calls.proxies import check_proxies
from codemods.rules.requests_calls.values import alternatives, is_plain_dict
from codemods.rules.rule import Refusal
from codemods.tree import Tree, dotted_name


class Added(StrEnum):
    """A keyword argument that only aiohttp needs."""

    NO_TYPE = 'skip_auto_headers=["Content-Type"]'
    """It must not make up a Content-Type, where requests sends none."""
    NO_TYPE_OF_NOTHING = 'skip_auto_headers=() if data else ["Content-Type"]'
    """The same where the body turns out to be empty; `data` stands for what the request is given."""
    REDIRECTS = "max_redirects=31"
    """It counts the last reply as well."""
    NO_TIMEOUT = "timeout=aiohttp.ClientTimeout(total=None)"
    """It gives up by itself otherwise."""


@dataclass(frozen=True, slots=True)
class CheckedArguments:
    """How the arguments of a request are written for aiohttp."""

    notes: tuple[str, ...]
    adjustments: tuple[tuple[str, Adjustment], ...]
    """By parameter name."""
    added: tuple[Added, ...]
    """What aiohttp is told besides."""


_PASSED_ON = frozenset({"method", "json", "allow_redirects"})
_OFF_BY_DEFAULT = frozenset({"auth", "cert", "cookies", "files", "hooks", "proxies", "verify"})
"""Arguments for which None means the same as not to give them."""
_WITH_BODY = frozenset({"post", "put", "patch"})

ALWAYS = {
    Parity.IDIOMATIC: (
        "aiohttp follows 10 redirects (requests 30), sends the user that a redirect names, ignores proxy variables and "
        ".netrc, decodes escapes such as %2F in the URL, names itself in User-Agent, trusts the system's certificates "
        "instead of certifi's, asks again when a connection is closed before the reply, and reads odd replies "
        "otherwise (headers over 8190 bytes or without a colon, junk behind gzip, x-gzip, what is packed without "
        "being asked for, letters beyond ASCII in Location, 103 Early Hints)"
    ),
    Parity.STRICT: (
        "aiohttp sends the user that a redirect names, decodes escapes such as %2F in the URL of a redirect, ignores "
        "proxy variables and .netrc, names itself in User-Agent, trusts the system's certificates instead of "
        "certifi's, asks again when a connection is closed before the reply, and reads odd replies otherwise (headers "
        "without a colon, junk behind gzip, x-gzip, what is packed without being asked for, letters beyond ASCII in "
        "Location, 103 Early Hints)"
    ),
}
"""How every request differs (sections 2.2, 2.4, 2.6, 2.8, 2.9 and 3.5).

Of what strict parity tells of, proxies and .netrc go together in aiohttp, where an Authorization header beside a name
in .netrc is an error; the name of requests has its version in it; and nothing keeps aiohttp from asking again.
"""

_LETTERS_NOTE = (
    "letters beyond ASCII in headers= are sent as UTF-8, and a blank at the start of a value goes unnoticed; requests "
    "sends Latin-1, and raises InvalidHeader"
)
_NAN_NOTE = "aiohttp sends NaN in json=; requests raises InvalidJSONError"
_OF_UNKNOWN_VALUE = frozenset({"headers", "cookies", "data", "files", "proxies"})
"""The arguments whose notes tell of values that cannot be seen."""
_SCHEME_NOTE = "aiohttp asks for a scheme in the URL of a proxy, and knows no SOCKS; requests adds http:// itself"
_SENT_AS_IT_IS = frozenset({"str", "bytes", "LiteralString", "bytearray", "io.BytesIO", "_io.BytesIO"}) | {
    "_io.BufferedReader",
    "io.BufferedReader",
}
"""Types of bodies that are sent as they are."""
_OTHER_URL = re.compile(r"(?:yarl\.(?:_url\.)?URL|furl\.(?:furl\.)?furl|httpx\.(?:_urls\.)?URL|pydantic\.\S*Url)")
"""Types of URLs that are no text, and that requests makes one of."""
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def check_arguments(
    tree: Tree, call: cst.Call, verb: str, types: Mapping[Span, str], parity: Parity = Parity.IDIOMATIC
) -> CheckedArguments | Refusal:
    """How aiohttp can take the arguments of a request, or why it cannot."""
    arguments = named_arguments(call, verb)
    if isinstance(arguments, Refusal):
        return arguments
    together = check_together(arguments, lambda value: is_plain_dict(type_of(tree, value, types)))
    if together is not None:
        return together
    check = _Check(tree, types, arguments, enclosing_function(tree.path(call)), parity, verb == "request")
    notes: list[str] = []
    adjustments: dict[str, Adjustment] = {}
    for name, value in arguments.items():
        answer = check.one(name, value)
        if isinstance(answer, Refusal):
            return answer
        adjustments[name], told = answer
        notes += told
    if parity is Parity.STRICT:
        prepared = prepare_url(arguments, tree, types)
        if isinstance(prepared, Refusal):
            return prepared
        adjustments.update(prepared)
    for name, swallowed in _SWALLOWS.items():
        if adjustments.get(name, LEFT_OUT) is not LEFT_OUT and swallowed in adjustments:
            adjustments[swallowed] = LEFT_OUT
    method = method_of(arguments, verb)
    return CheckedArguments(
        notes=(*notes, *_notes_of_the_whole(arguments, method, parity), ALWAYS[parity]),
        adjustments=tuple(adjustments.items()),
        added=tuple(check.added(method)),
    )


_SWALLOWS = {"files": "data", "cert": "verify"}
"""The arguments whose new form says what another one says."""


def _notes_of_the_whole(arguments: Mapping[str, cst.BaseExpression], method: str, parity: Parity) -> Iterator[str]:
    if parity is Parity.IDIOMATIC:
        if "timeout" not in arguments:
            yield "without timeout= requests waits for ever; aiohttp gives up after 300 seconds in all"
        if method == "" and not has_body(arguments):
            yield "aiohttp sends a Content-Type header with the empty body of a POST, PUT or PATCH; requests sends none"
        if is_given(arguments.get("auth")) and _may_hold_authorization(arguments.get("headers")):
            yield "an authorization header in other letters is sent besides that of auth=; requests replaces it"
    if is_given(arguments.get("cookies")):
        yield "aiohttp does not send cookies= to another host after a redirect; requests does"
    if "cookie" in visible_headers(arguments):
        yield "aiohttp sends a Cookie header again after a redirect; requests drops it"
    changes_method = method in {"put", "patch", "delete", "options", ""}
    if changes_method and not is_name(arguments.get("allow_redirects"), "False"):
        methods = "PUT, PATCH, DELETE and OPTIONS"
        yield f"after a redirect aiohttp keeps the method and the body of {methods}; requests changes them"


def _may_hold_authorization(headers: cst.BaseExpression | None) -> bool:
    return headers is not None and not isinstance(headers, cst.Dict)


@dataclass(frozen=True, slots=True)
class _Check:
    """Decides about each argument of one request."""

    tree: Tree
    types: Mapping[Span, str]
    arguments: Mapping[str, cst.BaseExpression]
    function: cst.FunctionDef | cst.Lambda | None
    parity: Parity
    is_request: bool

    def one(self, name: str, value: cst.BaseExpression) -> Answer:
        """What becomes of an argument."""
        if self.parity is Parity.IDIOMATIC:
            return self._idiomatic(name, value)
        if name in {"url", "params"}:
            return PASSED, []  # requests prepares them together
        answer = self._idiomatic(name, value)
        if isinstance(answer, Refusal):
            return answer
        return self._strict(name, value, *answer)

    def _strict(self, name: str, value: cst.BaseExpression, adjustment: Adjustment, notes: list[str]) -> Answer:
        """An argument that is the same for certain, but for what differs with every one of its kind."""
        if name == "cookies" and are_texts(value, self.tree, self.types):
            return adjustment, []  # the session's jar puts none into quotes
        if name in _OF_UNKNOWN_VALUE and notes:
            return Refusal(f"strict parity of {name}= cannot be proven: {notes[0]}")
        if name == "auth" and _may_hold_authorization(self.arguments.get("headers")):
            return Refusal("strict parity: headers= may hold an authorization in other letters besides auth=")
        if name == "data" and self._may_be_empty(value) and dotted_name(value) is None:
            return Refusal("strict parity: its data= may be empty, and have effects")
        if name == "headers" and is_given(value) and not are_literal(value):
            return adjustment, [*notes, _LETTERS_NOTE]
        if name == "json" and adjustment is not LEFT_OUT and not is_name(value, "None"):
            return adjustment, [*notes, _NAN_NOTE]
        return adjustment, notes

    def _may_be_empty(self, data: cst.BaseExpression) -> bool:
        """Whether a body is a form that may turn out to have no fields."""
        is_visible = isinstance(data, cst.Dict | cst.List | cst.Tuple)
        return is_given(data) and not is_visible and not self._is_sent_as_it_is(data)

    def _idiomatic(self, name: str, value: cst.BaseExpression) -> Answer:
        if name in _PASSED_ON:
            return (LEFT_OUT, []) if name == "json" and is_beside_data(self.arguments) else (PASSED, [])
        if name in _OFF_BY_DEFAULT and is_name(value, "None"):
            return LEFT_OUT, []
        kind = type_of(self.tree, value, self.types)
        match name:
            case "url":
                return self._url(value, kind)
            case "timeout":
                return check_timeout(value, self.tree, self.types)
            case "verify":
                return check_verify(value, kind, self.tree, "ssl")
            case "cert":
                return check_certificate(self.arguments, self._free("context"), "ssl")
            case "auth":
                return check_login(value, kind, self.tree)
            case "proxies":
                return check_proxies(value, _SCHEME_NOTE)
            case "hooks":
                return check_hooks(value, Raises())
            case "files":
                return check_upload(self.arguments, self._free("form"), self.tree, self.types)
            case "stream" if is_name(value, "True") or is_name(value, "False"):
                return LEFT_OUT, []  # aiohttp always streams, and what is used is read
            case "data" if is_given(self.arguments.get("files")) and not is_empty(self.arguments["files"]):
                return PASSED, []  # the form of the files takes it in
            case "data" if is_empty(value):
                return LEFT_OUT, []  # aiohttp would send the type of a form
            case "data" if self._is_sent_as_it_is(value):
                return PASSED, []
        if name in WIRE.scalars:
            return check_mapping(WIRE, name, value, self.tree, self.types)
        return Refusal(f"its argument {name}= has no form in aiohttp that is known to be the same")

    def _free(self, name: str) -> str:
        """A name for a variable that a statement before the request binds."""
        return free_name(self.function, name) if isinstance(self.function, cst.FunctionDef) else name

    def _url(self, value: cst.BaseExpression, kind: str | None) -> Answer:
        is_bytes = isinstance(value, cst.SimpleString) and "b" in value.prefix
        if is_bytes or kind == "bytes":
            return Decoded(), []
        parts = list(literal_parts(value))
        if kind == "None" or (parts and parts[0].startswith(" ")):
            return Refusal("its URL is none that aiohttp takes")
        if any(_ESCAPE.search(part) for part in parts):
            return Refusal("its URL holds escapes that aiohttp would decode")
        if kind is not None and _OTHER_URL.fullmatch(kind) and not is_bound(self.tree, "str", value):
            return TextOf(), []
        return PASSED, []

    def added(self, method: str) -> Iterator[Added]:
        """What aiohttp has to be told besides."""
        if self._skips_content_type(method):
            yield Added.NO_TYPE
        if self.parity is Parity.IDIOMATIC:
            return
        data = self.arguments.get("data")
        has_type = "content-type" in visible_headers(self.arguments) or is_given(self.arguments.get("files"))
        if data is not None and self._may_be_empty(data) and not has_type:
            yield Added.NO_TYPE_OF_NOTHING
        allowed = self.arguments.get("allow_redirects")
        if not is_name(allowed, "False") and (method != "head" or allowed is not None or self.is_request):
            yield Added.REDIRECTS
        if "timeout" not in self.arguments:
            yield Added.NO_TIMEOUT

    def _skips_content_type(self, method: str) -> bool:
        """Whether aiohttp must not make up a Content-Type, where requests sends none."""
        data = self.arguments.get("data")
        if "content-type" in visible_headers(self.arguments) or is_given(self.arguments.get("files")):
            return False
        if not has_body(self.arguments):
            return method in _WITH_BODY or (method == "" and self.parity is Parity.STRICT)
        is_sent = data is not None and is_given(data) and not sends_json(self.arguments)
        return is_sent and data is not None and self._is_sent_as_it_is(data)

    def _is_sent_as_it_is(self, value: cst.BaseExpression) -> bool:
        """Whether a body is text, bytes or a file of bytes."""
        if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
            return True
        kinds = set(alternatives(type_of(self.tree, value, self.types) or ""))
        texts = {one for one in kinds if one in _SENT_AS_IT_IS or one.startswith(("Literal['", "Literal[b'"))}
        return bool(texts) and kinds - texts <= {"None"}
