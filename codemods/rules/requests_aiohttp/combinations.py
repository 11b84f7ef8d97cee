"""Which arguments of a request can be given at once.

Source: the verified table, sections 2.3, 2.4 and 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import libcst as cst

from codemods.facts.syntax import dotted_name
from codemods.rules.requests_aiohttp.expressions import is_name, literal_parts
from codemods.rules.rule import Refusal

_USER = re.compile(r"//[^/?#]*@")

Arguments = Mapping[str, cst.BaseExpression]
"""The arguments of a call by the names of their parameters."""


def is_given(value: cst.BaseExpression | None) -> bool:
    """Whether an argument says something."""
    is_empty_dict = isinstance(value, cst.Dict) and not value.elements
    return not (value is None or is_name(value, "None") or is_empty_dict)


def is_empty(value: cst.BaseExpression) -> bool:
    """Whether a display or a text holds nothing."""
    if isinstance(value, cst.Dict | cst.List | cst.Tuple):
        return not value.elements
    return isinstance(value, cst.SimpleString) and not value.evaluated_value


def is_beside_data(arguments: Arguments) -> bool:
    """Whether `data=` keeps requests from sending the `json=` that is given, too."""
    data = arguments.get("data")
    is_full = isinstance(data, cst.Dict | cst.List | cst.Tuple | cst.SimpleString) and not is_empty(data)
    return is_full and "json" in arguments


def has_body(arguments: Arguments) -> bool:
    """Whether a request has a body, or may have one."""
    return any(is_given(arguments.get(name)) for name in ("data", "json", "files"))


def method_of(arguments: Arguments, verb: str) -> str:
    """The method of a request in small letters; the empty text where it cannot be seen."""
    if verb != "request":
        return verb
    method = arguments.get("method")
    return str(method.evaluated_value).lower() if isinstance(method, cst.SimpleString) else ""


def check_together(arguments: Arguments, is_dict: Callable[[cst.BaseExpression], bool]) -> Refusal | None:
    """Why arguments cannot be given at once. `is_dict` tells of an expression whether it is a dict for certain."""
    if "data" in arguments and "json" in arguments:
        bodies = [arguments[name] for name in ("data", "json")]
        can_be_seen = is_beside_data(arguments) or is_empty(bodies[0])
        if not can_be_seen and not any(is_name(body, "None") for body in bodies):
            return Refusal("aiohttp takes data= or json=, not both")
    if "url" in arguments and "headers" in arguments and _holds_user(arguments["url"]):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    return _check_login_and_headers(arguments, is_dict) or _check_cookies_and_headers(arguments)


def _holds_user(url: cst.BaseExpression) -> bool:
    return _USER.search("".join(literal_parts(url))) is not None


def _check_cookies_and_headers(arguments: Arguments) -> Refusal | None:
    """Requests sends the header alone, aiohttp both."""
    if not is_given(arguments.get("cookies")) or _keeps_out("cookie", arguments.get("headers")):
        return None
    return Refusal("its headers= may hold a Cookie besides its cookies=")


def _keeps_out(name: str, headers: cst.BaseExpression | None) -> bool:
    """Whether headers are visible and do not hold one."""
    if not is_given(headers):
        return True
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    keys = [one.key for one in elements if isinstance(one, cst.DictElement) and isinstance(one.key, cst.SimpleString)]
    return bool(keys) and len(keys) == len(elements) and name not in _lower_names(keys)


def _check_login_and_headers(arguments: Arguments, is_dict: Callable[[cst.BaseExpression], bool]) -> Refusal | None:
    """The login becomes one of the headers, and comes last."""
    headers = arguments.get("headers")
    if not is_given(arguments.get("auth")):
        return None
    if "url" in arguments and _holds_user(arguments["url"]):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    # a display is written into, even an empty one; anything else is not
    if headers is None or (isinstance(headers, cst.Dict) and _keeps_out("authorization", headers)):
        return None
    if dotted_name(headers) is not None and is_dict(headers):
        return None
    return Refusal("its headers= may hold an Authorization besides its auth=")


def _lower_names(keys: Iterable[cst.BaseExpression]) -> set[str]:
    """The texts of keys in small letters."""
    return {"".join(literal_parts(key)).lower() for key in keys}


def visible_headers(arguments: Arguments) -> set[str]:
    """The names of the headers that can be seen, in small letters."""
    headers = arguments.get("headers")
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    return _lower_names(one.key for one in elements if isinstance(one, cst.DictElement))
