"""Which arguments of a request httpx takes as they are, and what becomes of the others; `writing` writes them.

Some are none of a request but of the client that makes it. Sources: the verified table, section 5; httpx 0.28
`httpx/_client.py` and `httpx/_content.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Parity, Span
from codemods.rules.evaluation import holds_call
from codemods.rules.names import free_name, is_bound
from codemods.rules.requests_calls.adjustments import (
    LEFT_OUT,
    PASSED,
    Adjustment,
    Answer,
    Decoded,
    LeftOut,
    NameOf,
    Renamed,
    TextOf,
    called,
    dotted,
)
from codemods.rules.requests_calls.arguments import named_arguments
from codemods.rules.requests_calls.certificates import check_certificate, check_verify
from codemods.rules.requests_calls.combinations import (
    Arguments,
    holds_user,
    is_beside_data,
    is_empty,
    is_given,
    keeps_out,
    visible_headers,
)
from codemods.rules.requests_calls.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_calls.hooks import check_hooks
from codemods.rules.requests_calls.mappings import Pairs, are_literal, are_texts, check_mapping
from codemods.rules.requests_calls.prepared import prepare_url
from codemods.rules.requests_calls.proxies import check_proxies
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.requests_httpx.headers import LETTERS_NOTE, check_names, check_values
from codemods.rules.requests_httpx.logins import check_login
from codemods.rules.requests_httpx.timeouts import UNKNOWN_NOTE, check_timeout
from codemods.rules.requests_httpx.uploads import check_fields, check_upload
from codemods.rules.requests_httpx.wire import WIRE
from codemods.rules.rule import Refusal
from codemods.tree import Tree

ALWAYS = {
    Parity.IDIOMATIC: (
        "httpx reads no .netrc and no REQUESTS_CA_BUNDLE, names itself in User-Agent, leaves %, [, ] and | in a URL as "
        "they are, and reads odd replies otherwise (headers without a colon, x-gzip, letters beyond ASCII in Location, "
        "103 Early Hints)"
    ),
    Parity.STRICT: (
        "httpx reads no .netrc and no REQUESTS_CA_BUNDLE, names itself in User-Agent, and reads odd replies otherwise "
        "(headers without a colon, x-gzip, letters beyond ASCII in Location, 103 Early Hints)"
    ),
}
"""How every request differs."""

SHARED_SETTINGS = "follow_redirects=True, max_redirects=30, timeout=None"
"""What a client is told that several requests share."""
SHARED = (
    "it shares a client with other requests: cookies that one reply sets are sent with the next request, connections "
    "stay open in between, and a request fails on one that the server has closed meanwhile"
)

_OF_THE_CLIENT = ("cookies", "verify", "cert", "proxies")
"""The arguments that httpx's client takes, and its requests do not."""
_OFF_BY_DEFAULT = frozenset({"auth", "cert", "cookies", "data", "files", "hooks", "params", "proxies", "verify"})
"""Arguments for which None means the same as not to give them."""
_WITHOUT_BODY = frozenset({"get", "delete", "head", "options"})
"""The functions of httpx that take no body; its `request()` does."""
_OTHER_URL = re.compile(r"(?:yarl\.(?:_url\.)?URL|furl\.(?:furl\.)?furl|pydantic\.\S*Url)")
"""Types of URLs that are no text, and that requests makes one of."""
_LEFT_AS_IT_IS = re.compile(r"[\[\]|]|%(?![0-9A-Fa-f]{2})")
"""What requests escapes in a URL, and httpx does not."""
_HOST = re.compile(r"\A\w+://[^/?#]*")

_JSON_NOTE = (
    "httpx writes JSON without blanks, leaves letters beyond ASCII as they are, and raises ValueError for NaN; "
    "requests raises InvalidJSONError"
)
_NAN_NOTE = "NaN in json= raises ValueError; requests raises InvalidJSONError"
_OF_UNKNOWN_VALUE = frozenset({"headers", "data", "proxies", "auth"})
"""The arguments whose notes tell of values that cannot be seen."""
REDIRECT_NOTE = (
    "after a redirect httpx keeps the Content-Type of a body that is gone, and the body where the method stays; "
    "requests drops the one, and after a 301 or 302 the other"
)
MERGED_NOTE = (
    "copy_merge_params() puts params= in the place of what the URL has of the same name, and writes the URL's own "
    "query anew; requests adds to it"
)


_NEVER_NONE = frozenset({"dict", "list", "str", "int", "float", "bool", "tuple"})
"""Types of what JSON is made of, less None."""


@dataclass(frozen=True, slots=True)
class JsonText(Adjustment):
    """`json=` as the text that requests makes of it."""

    has_type: bool
    """Whether the headers tell its type already."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        dumped = called(dotted(f"{name_of('json')}.dumps"), argument.value, allow_nan=cst.Name("False"))
        return [argument.with_changes(keyword=cst.Name("content"), value=dumped)]


@dataclass(frozen=True, slots=True)
class Raises(LeftOut):
    """A hook that does nothing but `raise_for_status()`, which is done behind the request."""


RAISES = Raises()


@dataclass(frozen=True, slots=True)
class CheckedArguments:
    """How the arguments of a request are written for httpx."""

    notes: tuple[str, ...]
    adjustments: tuple[tuple[str, Adjustment], ...]
    """By parameter name."""
    of_the_client: tuple[str, ...]
    """The parameters whose arguments go to the client."""
    settings: tuple[tuple[str, str], ...]
    """What else the client is told, as keywords and texts."""
    method: str | None
    """Where httpx's function of the verb takes no body: the method for `request()`."""
    merges_params: bool
    """Whether the URL may have a query beside `params=`."""

    @property
    def raises(self) -> bool:
        """Whether an error of a server is raised at once."""
        return RAISES in dict(self.adjustments).values()


def check_arguments(
    tree: Tree, call: cst.Call, verb: str, types: Mapping[Span, str], parity: Parity = Parity.IDIOMATIC
) -> CheckedArguments | Refusal:
    """How httpx can take the arguments of a request, or why it cannot."""
    arguments = named_arguments(call, verb)
    if isinstance(arguments, Refusal):
        return arguments
    together = _check_together(arguments)
    if together is not None:
        return together
    check = _Check(tree, types, arguments, enclosing_function(tree.path(call)), parity)
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
    if adjustments.get("cert", LEFT_OUT) is not LEFT_OUT and "verify" in adjustments:
        adjustments["verify"] = LEFT_OUT  # the context of the certificate says it
    moved = tuple(one for one in _OF_THE_CLIENT if adjustments.get(one, LEFT_OUT) is not LEFT_OUT)
    has_params = adjustments.get("params", LEFT_OUT) is not LEFT_OUT
    merges = parity is Parity.IDIOMATIC and has_params and may_have_query(tree, arguments["url"])
    late = check_order(arguments, {*moved, *(["params"] if merges else [])})
    if late is not None:
        return late
    has_body = any(adjustments.get(one, LEFT_OUT) is not LEFT_OUT for one in ("data", "json", "files"))
    return CheckedArguments(
        notes=(
            *notes,
            *([MERGED_NOTE] if merges else []),
            *([REDIRECT_NOTE] if has_body and not is_name(arguments.get("allow_redirects"), "False") else []),
            ALWAYS[parity],
        ),
        adjustments=tuple(adjustments.items()),
        of_the_client=moved,
        settings=tuple(_settings(arguments, verb)),
        method=verb.upper() if verb in _WITHOUT_BODY and has_body else None,
        merges_params=merges,
    )


def _settings(arguments: Arguments, verb: str) -> Iterator[tuple[str, str]]:
    """What the client is told so that it does as requests does by default."""
    allowed = arguments.get("allow_redirects")
    follows = verb != "head" if allowed is None else is_name(allowed, "True")
    if follows:
        yield "follow_redirects", "True"
    if follows or not (allowed is None or is_name(allowed, "False")):
        yield "max_redirects", "30"
    if "timeout" not in arguments:
        yield "timeout", "None"


def _check_together(arguments: Arguments) -> Refusal | None:
    """Why arguments cannot be given at once."""
    if is_given(arguments.get("cookies")) and not keeps_out("cookie", arguments.get("headers")):
        return Refusal("its headers= may hold a Cookie besides its cookies=, which requests leaves out")
    if is_given(arguments.get("auth")) and "url" in arguments and holds_user(arguments["url"]):
        return Refusal("its URL holds a user beside its auth=")
    return check_names(arguments.get("headers"))


def check_order(arguments: Arguments, moved: set[str]) -> Refusal | None:
    """Why arguments cannot be evaluated before all others."""
    kept = [value for name, value in arguments.items() if name not in moved and name != "url"]
    if any(holds_call(arguments[name]) for name in moved) and any(holds_call(one) for one in kept):
        return Refusal("its arguments would be evaluated in another order")
    of_client = [name for name in moved if name != "params"]
    if of_client and (holds_call(arguments["url"]) or any(holds_call(arguments[name]) for name in of_client)):
        return Refusal(f"{of_client[0]}= would be evaluated before the URL")
    return None


def may_have_query(tree: Tree, url: cst.BaseExpression) -> bool:
    """Whether a URL may hold a query of its own: one whose path can be seen has none that cannot."""
    if isinstance(url, cst.Name):
        url = _constant(tree, url) or url
    parts = list(literal_parts(url))
    if isinstance(url, cst.BinaryOperation) and isinstance(url.operator, cst.Add):
        parts = [*literal_parts(url.left), *literal_parts(url.right)]
    return any("?" in one for one in parts) or not any("/" in one for one in parts)


def _constant(tree: Tree, name: cst.Name) -> cst.BaseExpression | None:
    """The text that a name stands for that the module assigns once, and nothing binds otherwise."""
    found = [
        assign.value
        for assign in tree.all(cst.Assign)
        for target in assign.targets
        if isinstance(target.target, cst.Name) and target.target.value == name.value
    ]
    names = [one for one in tree.all(cst.Name) if one.value == name.value]
    loads = [one for one in names if not isinstance(tree.path(one)[-2], cst.AssignTarget)]
    is_plain = all(not isinstance(tree.path(one)[-2], cst.Param | cst.NameItem | cst.For | cst.AsName) for one in loads)
    return found[0] if len(found) == 1 and len(loads) == len(names) - 1 and is_plain else None


@dataclass(frozen=True, slots=True)
class _Check:
    """Decides about each argument of one request."""

    tree: Tree
    types: Mapping[Span, str]
    arguments: Arguments
    function: cst.FunctionDef | cst.Lambda | None
    parity: Parity

    def one(self, name: str, value: cst.BaseExpression) -> Answer:
        """What becomes of an argument."""
        if self.parity is Parity.IDIOMATIC:
            return self._idiomatic(name, value)
        if name in {"url", "params"}:
            return PASSED, []  # requests prepares them together
        if name == "json" and not is_name(value, "None"):
            return self._json_as_text(value)
        answer = self._idiomatic(name, value)
        if isinstance(answer, Refusal):
            return answer
        return self._strict(name, value, *answer)

    def _strict(self, name: str, value: cst.BaseExpression, adjustment: Adjustment, notes: list[str]) -> Answer:
        """An argument that is the same for certain, but for what differs with every one of its kind."""
        if name in _OF_UNKNOWN_VALUE and notes:
            return Refusal(f"strict parity of {name}= cannot be proven: {notes[0]}")
        if name == "cookies" and adjustment is not LEFT_OUT and not are_texts(value, self.tree, self.types):
            return Refusal("strict parity: its cookies= are not all known to be texts")
        if name == "timeout" and UNKNOWN_NOTE in notes:
            return Refusal("strict parity: its timeout is not known to be a number")
        if name == "data" and isinstance(adjustment, Pairs) and adjustment.is_filtered:
            return Refusal("strict parity: its data= may hold nothing but None, for which requests sends a type")
        if name == "headers" and is_given(value) and not are_literal(value):
            return adjustment, [*notes, LETTERS_NOTE]
        return adjustment, notes

    def _json_as_text(self, value: cst.BaseExpression) -> Answer:
        """What becomes of `json=`, of which requests makes a text with blanks and escapes."""
        if is_beside_data(self.arguments):
            return LEFT_OUT, []
        if is_given(self.arguments.get("data")):
            return Refusal("strict parity: its data= may be empty beside its json=")
        kinds = alternatives(type_of(self.tree, value, self.types) or "None")
        if not isinstance(value, cst.Dict | cst.List) and not _NEVER_NONE.issuperset(
            one.partition("[")[0] for one in kinds
        ):
            return Refusal("strict parity: its json= may be None, for which requests sends no body")
        headers = self.arguments.get("headers")
        if "content-type" in visible_headers(self.arguments):
            return JsonText(has_type=True), [_NAN_NOTE]
        if not keeps_out("content-type", headers):
            return Refusal("strict parity: its headers= may hold a Content-Type besides its json=")
        return JsonText(has_type=False), [_NAN_NOTE]

    def _idiomatic(self, name: str, value: cst.BaseExpression) -> Answer:
        if name in _OFF_BY_DEFAULT and is_name(value, "None"):
            return LEFT_OUT, []
        kind = type_of(self.tree, value, self.types)
        match name:
            case "method":
                return PASSED, []
            case "json":
                return PASSED, [] if is_name(value, "None") else [_JSON_NOTE]
            case "url":
                return self._url(value, kind)
            case "timeout":
                return check_timeout(value, kind, self.tree, self.types)
            case "allow_redirects":
                is_visible = is_name(value, "True") or is_name(value, "False")
                return (LEFT_OUT if is_visible else Renamed("follow_redirects")), []
            case "verify":
                return check_verify(value, kind, self.tree, "verify")
            case "cert":
                return check_certificate(self.arguments, self._free("context"), "verify")
            case "proxies":
                unseen = "httpx asks for a scheme in the URL of a proxy; requests adds http:// itself"
                return check_proxies(value, unseen)
            case "auth":
                return check_login(value, kind, self.tree)
            case "cookies":
                return (LEFT_OUT if isinstance(value, cst.Dict) and not value.elements else PASSED), []
            case "stream" if is_name(value, "True") or is_name(value, "False") or is_name(value, "None"):
                return LEFT_OUT, []
            case "stream":
                return Refusal("stream= is not known to be True or False")
            case "hooks":
                return check_hooks(value, RAISES)
            case "files":
                return check_upload(self.arguments, self.tree, self.types, self.parity)
            case "data":
                return self._data(value, kind)
        if name in WIRE.scalars:
            return self._mapping(name, value)
        return Refusal(f"its argument {name}= has no form in httpx that is known to be the same")

    def _free(self, name: str) -> str:
        """A name for a variable that a statement before the request binds."""
        return free_name(self.function, name) if isinstance(self.function, cst.FunctionDef) else name

    def _url(self, value: cst.BaseExpression, kind: str | None) -> Answer:
        is_bytes = isinstance(value, cst.SimpleString) and "b" in value.prefix
        if is_bytes or kind == "bytes":
            return Decoded(), []
        parts = list(literal_parts(value))
        if kind == "None" or (parts and parts[0].startswith(" ")):
            return Refusal("its URL is none that httpx takes")
        if any(_LEFT_AS_IT_IS.search(_HOST.sub("", part)) for part in parts):
            return Refusal("its URL holds what httpx does not escape")
        if kind is not None and _OTHER_URL.fullmatch(kind) and not is_bound(self.tree, "str", value):
            return TextOf(), []
        return PASSED, []

    def _data(self, value: cst.BaseExpression, kind: str | None) -> Answer:
        fields = check_fields(self.arguments, self.tree, self.types) if is_given(self.arguments.get("files")) else None
        if fields is not None:
            return fields
        if is_empty(value):
            return LEFT_OUT, []
        is_literal = isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString)
        kinds = set(alternatives(kind or ""))
        texts = {one for one in kinds if one in {"str", "bytes", "LiteralString"} or one.startswith("Literal[")}
        if is_literal or (texts and kinds - texts <= {"None"}):
            if is_given(self.arguments.get("json")) and not is_literal:
                return Refusal("httpx sends data= even where it is empty, and requests its json= then")
            return Renamed("content"), []
        return self._mapping("data", value)

    def _mapping(self, name: str, value: cst.BaseExpression) -> Answer:
        refusal = check_values(value) if name == "headers" else None
        return refusal or check_mapping(WIRE, name, value, self.tree, self.types)
