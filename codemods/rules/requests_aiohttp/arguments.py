"""Which arguments of a request aiohttp takes as they are, and what becomes of the others; `adjust` writes them.

Sources: requests 2.34 `requests/api.py` for positional parameters; the verified table, sections 2.1 to 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.syntax import dotted_name
from codemods.model import Span
from codemods.rules.evaluation import is_pure
from codemods.rules.requests_aiohttp.expressions import is_name, literal_parts, type_of
from codemods.rules.requests_aiohttp.mappings import check_mapping
from codemods.rules.requests_aiohttp.values import SCALARS, alternatives
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


class Adjustment(StrEnum):
    """What becomes of one argument."""

    PASSED = "passed"
    LEFT_OUT = "left out"
    """It asks for what aiohttp does anyway."""
    TIMEOUT = "timeout"
    """A number of seconds for every socket operation."""
    TIMEOUTS = "timeouts"
    """A pair of such numbers: to connect, and to read."""
    SSL = "ssl"
    """Whether certificates are checked."""
    LOGIN = "login"
    """A pair of user and password."""


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
    "aiohttp follows 10 redirects (requests 30), ignores proxy variables and .netrc, decodes escapes such as %2F in "
    "the URL, names itself in User-Agent, trusts the system's certificates instead of certifi's, and asks again when a "
    "connection is closed before the reply"
)
"""How every request differs (sections 2.2, 2.4, 2.6, 2.8 and 2.9)."""

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_USER = re.compile(r"//[^/?#]*@")


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
    together = _check_together(arguments)
    if together is not None:
        return together
    notes: list[str] = []
    adjustments: list[tuple[str, Adjustment]] = []
    for name, value in arguments.items():
        answer = _check(name, value, tree, types)
        if isinstance(answer, Refusal):
            return answer
        adjustment, told = answer
        adjustments.append((name, adjustment))
        notes += told
    return CheckedArguments(
        notes=(*notes, *_notes_of_the_whole(arguments, verb), ALWAYS),
        adjustments=tuple(adjustments),
        skips_content_type=_skips_content_type(arguments, tree, types),
    )


def _notes_of_the_whole(arguments: Mapping[str, cst.BaseExpression], verb: str) -> Iterator[str]:
    if "timeout" not in arguments:
        yield "without timeout= requests waits for ever; aiohttp gives up after 300 seconds in all"
    if verb in {*_WITH_BODY, "request"} and not any(_is_given(arguments.get(name)) for name in ("data", "json")):
        yield "aiohttp sends a Content-Type header with the empty body of a POST, PUT or PATCH; requests sends none"
    if _is_given(arguments.get("cookies")):
        yield "aiohttp does not send cookies= to another host after a redirect; requests does"
    changes_method = verb in {"put", "patch", "delete", "request"}
    if changes_method and not is_name(arguments.get("allow_redirects"), "False"):
        yield "after a redirect aiohttp keeps the method and the body of PUT, PATCH and DELETE; requests changes them"


def _skips_content_type(arguments: Mapping[str, cst.BaseExpression], tree: Tree, types: Mapping[Span, str]) -> bool:
    data, headers = arguments.get("data"), arguments.get("headers")
    if data is None or not _is_text(data, type_of(tree, data, types)):
        return False
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    keys = [one.key for one in elements if isinstance(one, cst.DictElement)]
    return "content-type" not in _lower(keys)


def _is_text(value: cst.BaseExpression, kind: str | None) -> bool:
    """Whether a body is text or bytes, and sent as it is."""
    if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        return True
    kinds = set(alternatives(kind)) if kind is not None else set()
    texts = {
        one for one in kinds if one in {"str", "bytes", "LiteralString"} or one.startswith(("Literal['", "Literal[b'"))
    }
    return bool(texts) and kinds - texts <= {"None"}


def _is_given(value: cst.BaseExpression | None) -> bool:
    is_empty = isinstance(value, cst.Dict) and not value.elements
    return not (value is None or is_name(value, "None") or is_empty)


def _check_together(arguments: Mapping[str, cst.BaseExpression]) -> Refusal | None:
    """Why arguments cannot be given at once."""
    if "data" in arguments and "json" in arguments:
        bodies = [arguments[name] for name in ("data", "json")]
        if not any(is_name(body, "None") for body in bodies):
            return Refusal("aiohttp takes data= or json=, not both")
    if "url" in arguments and "headers" in arguments and _USER.search("".join(literal_parts(arguments["url"]))):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    return _check_login_and_headers(arguments) or _check_cookies_and_headers(arguments)


def _check_cookies_and_headers(arguments: Mapping[str, cst.BaseExpression]) -> Refusal | None:
    """Requests sends the header alone, aiohttp both."""
    if not _is_given(arguments.get("cookies")) or _keeps_out("cookie", arguments.get("headers")):
        return None
    return Refusal("its headers= may hold a Cookie besides its cookies=")


def _keeps_out(name: str, headers: cst.BaseExpression | None) -> bool:
    """Whether headers are visible and do not hold one."""
    if not _is_given(headers):
        return True
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    keys = [one.key for one in elements if isinstance(one, cst.DictElement) and isinstance(one.key, cst.SimpleString)]
    return bool(keys) and len(keys) == len(elements) and name not in _lower(keys)


def _check_login_and_headers(arguments: Mapping[str, cst.BaseExpression]) -> Refusal | None:
    """The login becomes one of the headers, and comes last."""
    headers = arguments.get("headers")
    if not isinstance(arguments.get("auth"), cst.Tuple):
        return None
    if "url" in arguments and _USER.search("".join(literal_parts(arguments["url"]))):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    # a display is written into, even an empty one; anything else is not
    if headers is None or (isinstance(headers, cst.Dict) and _keeps_out("authorization", headers)):
        return None
    return Refusal("its headers= may hold an Authorization besides its auth=")


def _lower(keys: Iterable[cst.BaseExpression]) -> set[str]:
    return {"".join(literal_parts(key)).lower() for key in keys}


_Answer = tuple[Adjustment, list[str]] | Refusal


def _check(name: str, value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> _Answer:
    kind = type_of(tree, value, types)
    if name in _PASSED_ON:
        return Adjustment.PASSED, []
    if name in _OFF_BY_DEFAULT and is_name(value, "None"):
        return Adjustment.LEFT_OUT, []
    match name:
        case "url":
            return _passed(_check_url(value, kind))
        case "timeout":
            return _check_timeout(value, kind, tree, types)
        case "verify":
            return _check_verify(value, kind)
        case "auth":
            return _check_login(value)
        case "stream" if is_name(value, "True") or is_name(value, "False"):
            return Adjustment.LEFT_OUT, []  # aiohttp always streams, and what is used is read
        case "data" if _is_text(value, kind):
            return Adjustment.PASSED, []
    if name in SCALARS:
        return _passed(check_mapping(name, value, tree, types))
    return Refusal(f"its argument {name}= has no form in aiohttp yet that is known to be the same")


def _passed(answer: list[str] | Refusal) -> _Answer:
    return answer if isinstance(answer, Refusal) else (Adjustment.PASSED, answer)


def _check_url(value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if kind in {"bytes", "None"} or (isinstance(value, cst.SimpleString) and "b" in value.prefix):
        return Refusal("its URL is no str")
    if any(_ESCAPE.search(part) for part in literal_parts(value)):
        return Refusal("its URL holds escapes that aiohttp would decode")
    return []


_ZERO_NOTE = "a timeout of 0 means none to aiohttp; requests raises ValueError"
_SECONDS = r"(?:int|float|None)(?: \| (?:int|float|None))*"
_PAIR = re.compile(rf"tuple\[{_SECONDS}, {_SECONDS}\]")


def _check_timeout(value: cst.BaseExpression, kind: str | None, tree: Tree, types: Mapping[Span, str]) -> _Answer:
    if isinstance(value, cst.Tuple) and len(value.elements) == 2:
        answers = [_seconds(one.value, type_of(tree, one.value, types)) for one in value.elements]
        refusal = next((one for one in answers if isinstance(one, Refusal)), None)
        return refusal or (Adjustment.TIMEOUTS, [note for one in answers if isinstance(one, list) for note in one])
    # a name is written twice: anything else could have effects
    if kind is not None and _PAIR.fullmatch(kind) and dotted_name(value) is not None:
        return Adjustment.TIMEOUTS, [_ZERO_NOTE]
    answer = _seconds(value, kind)
    if isinstance(answer, Refusal):
        return answer
    is_written_twice = not isinstance(value, cst.Integer | cst.Float) and dotted_name(value) is None
    return Refusal("its timeout may have effects") if is_written_twice else (Adjustment.TIMEOUT, answer)


def _seconds(value: cst.BaseExpression, kind: str | None) -> list[str] | Refusal:
    if is_name(value, "None"):
        return []
    if isinstance(value, cst.Integer | cst.Float):
        return [] if value.evaluated_value > 0 else Refusal("a timeout of 0 is an error in requests only")
    # None means the same for both libraries
    if kind is not None and set(alternatives(kind)) <= {"int", "float", "None"}:
        return [_ZERO_NOTE]
    return Refusal("its timeout is not known to be a number")


def _check_verify(value: cst.BaseExpression, kind: str | None) -> _Answer:
    if is_name(value, "True"):
        return Adjustment.LEFT_OUT, []
    if is_name(value, "False") or kind == "bool":
        return Adjustment.SSL, []
    return Refusal("verify= is not known to be a bool")


def _check_login(value: cst.BaseExpression) -> _Answer:
    if not isinstance(value, cst.Tuple) or len(value.elements) != 2:
        return Refusal("auth= is not a pair of user and password that can be seen")
    if not all(is_pure(one) for one in value.elements):
        return Refusal("auth= holds something with effects")
    return Adjustment.LOGIN, ["encode_basic_auth() came with aiohttp 3.14, and refuses a user with a colon in it"]
