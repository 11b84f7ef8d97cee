"""What code does with a response, as far as both libraries can do it; `parts` and `streams` know the details.

Source: the verified table, sections 3.1 to 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from codemods.rules.requests_calls import parts, streams
from codemods.rules.requests_calls.attributes import Attribute, Handle, Method, Missing, handled, json
from codemods.rules.requests_calls.handling import Handling, ResponseUse
from codemods.rules.rule import Refusal

AWAITS = frozenset({ResponseUse.TEXT, ResponseUse.JSON, ResponseUse.JSON_GIVEN, ResponseUse.CONTENT})
"""The uses that wait for the whole body."""

RAISES = AWAITS | streams.STREAMS | {ResponseUse.RAISE}
"""The uses that may raise what the libraries raise: to wait for the body may fail."""

UNFIT_FOR_F_STRINGS = frozenset({ResponseUse.IS_REDIRECT, ResponseUse.IS_PERMANENT_REDIRECT, ResponseUse.EVERY_COOKIE})
"""The uses whose new form holds quotes or starts with a brace: an f-string before Python 3.12 takes neither."""

DECODES = frozenset({ResponseUse.JSON, ResponseUse.JSON_GIVEN})
"""The uses that may raise what is no JSON."""

_COOKIES_NOTE = "aiohttp's cookies include those that have expired or belong to another host, and come without quotes"
_TEXT_NOTE = (
    "aiohttp takes a body as UTF-8 where the server names no charset, and raises UnicodeDecodeError for bytes that do "
    "not fit; requests takes Latin-1 or guesses, and replaces them"
)
NOTES = {
    ResponseUse.TEXT: _TEXT_NOTE,
    ResponseUse.JSON: (
        "json() raises ContentTypeError when the server does not say application/json, and returns None for an empty "
        "body; requests tries to decode both"
    ),
    ResponseUse.JSON_GIVEN: _TEXT_NOTE,
    ResponseUse.URL: "after a redirect aiohttp's URL has lost the fragment of the one that was asked for",
    ResponseUse.HEADERS: (
        "of a header that comes more than once aiohttp gives the first value, where requests joins them; and it takes "
        "letters beyond ASCII as UTF-8 instead of Latin-1"
    ),
    ResponseUse.EVERY_HEADER: (
        "aiohttp lists a header that comes more than once as often as it comes (a dict holds the first value), where "
        "requests joins them; and it writes some names otherwise, such as Etag"
    ),
    ResponseUse.COOKIE: _COOKIES_NOTE,
    ResponseUse.COOKIE_OR_ELSE: _COOKIES_NOTE,
    ResponseUse.EVERY_COOKIE: _COOKIES_NOTE,
    ResponseUse.LINK: "aiohttp makes the URLs of links absolute; requests leaves them as they come",
    ResponseUse.CHUNKS: "the chunks that aiohttp gives may be shorter than asked for, and their size cannot be None",
    ResponseUse.LINES: (
        "to aiohttp a carriage return alone ends no line, and a line of more than 512 KiB raises LineTooLong, which is "
        "no ClientError"
    ),
}
"""How a use differs, in words."""

HOP_USES = frozenset({ResponseUse.SAME, ResponseUse.STATUS, ResponseUse.URL, ResponseUse.HEADERS})
"""What can be done with a response that was a redirect: its body is gone."""


_ATTRIBUTES: Mapping[str, Handle] = {
    "status_code": Attribute(ResponseUse.STATUS),
    "ok": Attribute(ResponseUse.SAME),
    "reason": Attribute(ResponseUse.SAME),
    "url": Attribute(ResponseUse.URL, "str"),
    "text": Attribute(ResponseUse.TEXT),
    "content": Attribute(ResponseUse.CONTENT),
    "is_redirect": Attribute(ResponseUse.IS_REDIRECT),
    "is_permanent_redirect": Attribute(ResponseUse.IS_PERMANENT_REDIRECT),
    "json": json,
    "__iter__": streams.response,
    "raise_for_status": Method(ResponseUse.RAISE),
    "close": Method(ResponseUse.CLOSE),
    "headers": parts.headers,
    "cookies": parts.cookies,
    "links": parts.links,
    "history": parts.history,
    "request": parts.request,
    "encoding": parts.encoding,
    "iter_content": streams.chunks,
    "iter_lines": streams.lines,
    "elapsed": Missing("aiohttp does not measure how long a request takes"),
    "raw": Missing("aiohttp has no response of urllib3 beneath its own"),
    "apparent_encoding": Missing("aiohttp does not guess the encoding of a body"),
    "next": Missing("aiohttp does not prepare the next request of a redirect"),
    "connection": Missing("aiohttp has no adapters"),
}


def handling_of(path: Sequence[cst.CSTNode]) -> Handling | Refusal:
    """What is done with the last node of a path, which is a response."""
    return handled(path, "aiohttp", _ATTRIBUTES)
