"""Which arguments of a request aiohttp takes at once.

Source: the verified table, sections 2.3, 2.4 and 2.6.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from codemods.rules.requests_calls.combinations import (
    Arguments,
    holds_user,
    is_beside_data,
    is_empty,
    is_given,
    keeps_out,
)
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.rule import Refusal
from codemods.tree import dotted_name


def check_together(arguments: Arguments, is_dict: Callable[[cst.BaseExpression], bool]) -> Refusal | None:
    """Why arguments cannot be given at once. `is_dict` tells of an expression whether it is a dict for certain."""
    if "data" in arguments and "json" in arguments:
        bodies = [arguments[name] for name in ("data", "json")]
        can_be_seen = is_beside_data(arguments) or is_empty(bodies[0])
        if not can_be_seen and not any(is_name(body, "None") for body in bodies):
            return Refusal("aiohttp takes data= or json=, not both")
    if "url" in arguments and "headers" in arguments and holds_user(arguments["url"]):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    return _check_login_and_headers(arguments, is_dict) or _check_cookies_and_headers(arguments)


def _check_cookies_and_headers(arguments: Arguments) -> Refusal | None:
    """Requests sends the header alone, aiohttp both."""
    if not is_given(arguments.get("cookies")) or keeps_out("cookie", arguments.get("headers")):
        return None
    return Refusal("its headers= may hold a Cookie besides its cookies=")


def _check_login_and_headers(arguments: Arguments, is_dict: Callable[[cst.BaseExpression], bool]) -> Refusal | None:
    """The login becomes one of the headers, and comes last."""
    headers = arguments.get("headers")
    if not is_given(arguments.get("auth")):
        return None
    if "url" in arguments and holds_user(arguments["url"]):
        return Refusal("its URL holds a user, which aiohttp refuses beside an Authorization header")
    # a display is written into, even an empty one; anything else is not
    if headers is None or (isinstance(headers, cst.Dict) and keeps_out("authorization", headers)):
        return None
    if dotted_name(headers) is not None and is_dict(headers):
        return None
    return Refusal("its headers= may hold an Authorization besides its auth=")
