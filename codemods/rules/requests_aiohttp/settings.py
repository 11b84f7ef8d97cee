"""What aiohttp's session is told so that it does as requests does: all the arguments of its constructor.

Source: the verified table, sections 1, 2.8, 3.2 and 3.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import libcst as cst

from codemods.model import Parity
from codemods.rules.requests_aiohttp.response import DECODES
from codemods.rules.requests_calls.adjustments import keyword_argument
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse


class Setting(StrEnum):
    """One thing that a session is told."""

    COOKIES = "cookies"
    """Cookies of hosts that are named by their IP address are kept, and none is put into quotes."""
    LINES = "lines"
    """The lines of a reply's head may be as long as `http.client` lets them be."""
    ENVIRONMENT = "environment"
    """Proxies and logins of the environment are used."""
    CHARSET = "charset"
    """Text whose server names no charset is Latin-1."""


_ARGUMENTS = {
    Setting.COOKIES: (("cookie_jar", "{aiohttp}.CookieJar(unsafe=True, quote_cookie=False)"),),
    Setting.LINES: (("max_line_size", "65536"), ("max_field_size", "65536")),
    Setting.ENVIRONMENT: (("trust_env", "True"),),
    Setting.CHARSET: (
        (
            "fallback_charset_resolver",
            'lambda response, body: "latin-1" if response.charset is None and "text" in response.content_type '
            'else "utf-8"',
        ),
    ),
}


def settings_of(parity: Parity, uses: Iterable[PlacedUse]) -> tuple[Setting, ...]:
    """What the session is told whose requests give responses that are used so."""
    if parity is Parity.IDIOMATIC:
        return ()
    decodes = any(one.use in DECODES | {ResponseUse.TEXT} for one in uses)
    return (Setting.COOKIES, Setting.LINES, *([Setting.CHARSET] if decodes else []))


def new_session(aiohttp: str, settings: Iterable[str]) -> cst.Call:
    """`aiohttp.ClientSession(...)`; `aiohttp` is the module's name in the file."""
    arguments = [
        keyword_argument(name, cst.parse_expression(text.format(aiohttp=aiohttp)))
        for one in settings
        for name, text in _ARGUMENTS[Setting(one)]
    ]
    return cst.Call(cst.Attribute(cst.Name(aiohttp), cst.Name("ClientSession")), arguments)
