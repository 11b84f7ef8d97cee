"""Which arguments of a request aiohttp takes as they are, and what becomes of the others; `adjust` writes them.

Sources: requests 2.34 `requests/api.py` for positional parameters; the verified table, sections 2.1 to 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.names import free_name, is_bound
from codemods.rules.requests_aiohttp.adjustments import LEFT_OUT, PASSED, Adjustment, Answer, Decoded, TextOf
from codemods.rules.requests_aiohttp.certificates import check_certificate, check_verify
from codemods.rules.requests_aiohttp.combinations import (
    check_together,
    has_body,
    is_beside_data,
    is_empty,
    is_given,
    method_of,
    visible_headers,
)
from codemods.rules.requests_aiohttp.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_aiohttp.logins import check_login
from codemods.rules.requests_aiohttp.mappings import check_mapping
from codemods.rules.requests_aiohttp.options import check_hooks, check_proxies
from codemods.rules.requests_aiohttp.timeouts import check_timeout
from codemods.rules.requests_aiohttp.uploads import check_upload
from codemods.rules.requests_aiohttp.values import SCALARS, alternatives, is_plain_dict
from codemods.rules.rule import Refusal
from codemods.tree import Tree

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "get": ("url", "params"),
    "post": ("url", "data", "json"),
    "put": ("url", "data"),
    "patch": ("url", "data"),
    "delete": ("url",),
    "head": ("url",),
    "options": ("url",),
    "request": ("method", "url"),
}
"""The names of the positional parameters, by verb."""


@dataclass(frozen=True, slots=True)
class CheckedArguments:
    """How the arguments of a request are written for aiohttp."""

    notes: tuple[str, ...]
    adjustments: tuple[tuple[str, Adjustment], ...]
    """By parameter name."""
    skips_content_type: bool
    """Whether aiohttp must not make up a Content-Type, where requests sends none."""


_PASSED_ON = frozenset({"method", "json", "allow_redirects"})
_OFF_BY_DEFAULT = frozenset({"auth", "cert", "cookies", "files", "hooks", "proxies", "verify"})
"""Arguments for which None means the same as not to give them."""
_WITH_BODY = frozenset({"post", "put", "patch"})

ALWAYS = (
    "aiohttp follows 10 redirects (requests 30), sends the user that a redirect names, ignores proxy variables and "
    ".netrc, decodes escapes such as %2F in the URL, names itself in User-Agent, trusts the system's certificates "
    "instead of certifi's, and asks again when a connection is closed before the reply"
)
"""How every request differs (sections 2.2, 2.4, 2.6, 2.8 and 2.9)."""

_SENT_AS_IT_IS = frozenset({"str", "bytes", "LiteralString", "bytearray", "io.BytesIO", "_io.BytesIO"}) | {
    "_io.BufferedReader",
    "io.BufferedReader",
}
"""Types of bodies that are sent as they are."""
_OTHER_URL = re.compile(r"(?:yarl\.(?:_url\.)?URL|furl\.(?:furl\.)?furl|httpx\.(?:_urls\.)?URL|pydantic\.\S*Url)")
"""Types of URLs that are no text, and that requests makes one of."""
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def named_arguments(call: cst.Call, verb: str) -> dict[str, cst.BaseExpression] | Refusal:
    """The arguments of a request by parameter name, in order; a refusal when they are not all visible."""
    found: dict[str, cst.BaseExpression] = {}
    positional = POSITIONAL[verb]
    for index, argument in enumerate(call.args):
        if argument.star:
            return Refusal(f"its arguments are not all visible ({argument.star}...)")
        if argument.keyword is not None:
            found[argument.keyword.value] = argument.value
        elif index < len(positional):
            found[positional[index]] = argument.value
        else:
            return Refusal(f"requests.{verb} takes no {index + 1} positional arguments")
    return found


def check_arguments(tree: Tree, call: cst.Call, verb: str, types: Mapping[Span, str]) -> CheckedArguments | Refusal:
    """How aiohttp can take the arguments of a request, or why it cannot."""
    arguments = named_arguments(call, verb)
    if isinstance(arguments, Refusal):
        return arguments
    together = check_together(arguments, lambda value: is_plain_dict(type_of(tree, value, types)))
    if together is not None:
        return together
    check = _Check(tree, types, arguments, enclosing_function(tree.path(call)))
    notes: list[str] = []
    adjustments: dict[str, Adjustment] = {}
    for name, value in arguments.items():
        answer = check.one(name, value)
        if isinstance(answer, Refusal):
            return answer
        adjustments[name], told = answer
        notes += told
    for name, swallowed in _SWALLOWS.items():
        if adjustments.get(name, LEFT_OUT) is not LEFT_OUT and swallowed in adjustments:
            adjustments[swallowed] = LEFT_OUT
    method = method_of(arguments, verb)
    return CheckedArguments(
        notes=(*notes, *_notes_of_the_whole(arguments, method), ALWAYS),
        adjustments=tuple(adjustments.items()),
        skips_content_type=check.skips_content_type(method),
    )


_SWALLOWS = {"files": "data", "cert": "verify"}
"""The arguments whose new form says what another one says."""


def _notes_of_the_whole(arguments: Mapping[str, cst.BaseExpression], method: str) -> Iterator[str]:
    if "timeout" not in arguments:
        yield "without timeout= requests waits for ever; aiohttp gives up after 300 seconds in all"
    if method == "" and not has_body(arguments):
        yield "aiohttp sends a Content-Type header with the empty body of a POST, PUT or PATCH; requests sends none"
    if is_given(arguments.get("cookies")):
        yield "aiohttp does not send cookies= to another host after a redirect; requests does"
    headers = arguments.get("headers")
    if is_given(arguments.get("auth")) and headers is not None and not isinstance(headers, cst.Dict):
        yield "an authorization header in other letters is sent besides that of auth=; requests replaces it"
    if "cookie" in visible_headers(arguments):
        yield "aiohttp sends a Cookie header again after a redirect; requests drops it"
    changes_method = method in {"put", "patch", "delete", ""}
    if changes_method and not is_name(arguments.get("allow_redirects"), "False"):
        yield "after a redirect aiohttp keeps the method and the body of PUT, PATCH and DELETE; requests changes them"


@dataclass(frozen=True, slots=True)
class _Check:
    """Decides about each argument of one request."""

    tree: Tree
    types: Mapping[Span, str]
    arguments: Mapping[str, cst.BaseExpression]
    function: cst.FunctionDef | cst.Lambda | None

    def one(self, name: str, value: cst.BaseExpression) -> Answer:
        """What becomes of an argument."""
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
                return check_verify(value, kind, self.tree)
            case "cert":
                return check_certificate(self.arguments, self._free("context"))
            case "auth":
                return check_login(value, kind, self.tree)
            case "proxies":
                return check_proxies(value)
            case "hooks":
                return check_hooks(value)
            case "files":
                return check_upload(self.arguments, self._free("form"), self.tree, self.types)
            case "stream" if is_name(value, "True") or is_name(value, "False"):
                return LEFT_OUT, []  # aiohttp always streams, and what is used is read
            case "data" if is_given(self.arguments.get("files")) and not is_empty(self.arguments["files"]):
                return PASSED, []  # the form of the files takes it in
            case "data" if is_empty(value) and "json" in self.arguments:
                return LEFT_OUT, []
            case "data" if self._is_sent_as_it_is(value):
                return PASSED, []
        if name in SCALARS:
            return check_mapping(name, value, self.tree, self.types)
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

    def skips_content_type(self, method: str) -> bool:
        """Whether aiohttp must not make up a Content-Type, where requests sends none."""
        data = self.arguments.get("data")
        if "content-type" in visible_headers(self.arguments) or is_given(self.arguments.get("files")):
            return False
        if not has_body(self.arguments):
            return method in _WITH_BODY
        sends_json = is_given(self.arguments.get("json")) and not is_beside_data(self.arguments)
        return data is not None and is_given(data) and not sends_json and self._is_sent_as_it_is(data)

    def _is_sent_as_it_is(self, value: cst.BaseExpression) -> bool:
        """Whether a body is text, bytes or a file of bytes."""
        if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
            return True
        kinds = set(alternatives(type_of(self.tree, value, self.types) or ""))
        texts = {one for one in kinds if one in _SENT_AS_IT_IS or one.startswith(("Literal['", "Literal[b'"))}
        return bool(texts) and kinds - texts <= {"None"}
