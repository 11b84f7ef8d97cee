"""What aiohttp raises where requests raises something else.

Source: the verified table, section 4: aiohttp raises neither requests' exceptions nor, mostly, OSError.
"""

from __future__ import annotations

from codemods.rules.requests_aiohttp.questions import ANSWERS
from codemods.rules.requests_calls.exceptions import DECODING_ERROR, Exceptions

_INVALID_URL_NOTE = "aiohttp.InvalidURL is raised for missing schemes and malformed URLs alike"
_PAYLOAD_NOTE = "aiohttp.ClientPayloadError is raised for bad chunks and bad compression alike"

EXCEPTIONS = Exceptions(
    client="aiohttp",
    translations={
        "RequestException": ("aiohttp.ClientError", "asyncio.TimeoutError"),
        "ConnectionError": (
            "aiohttp.ClientOSError",
            "aiohttp.ServerDisconnectedError",
            "aiohttp.ConnectionTimeoutError",
        ),
        "Timeout": ("asyncio.TimeoutError",),
        "ConnectTimeout": ("aiohttp.ConnectionTimeoutError",),
        "ReadTimeout": ("aiohttp.SocketTimeoutError",),
        "HTTPError": ("aiohttp.ClientResponseError",),
        "TooManyRedirects": ("aiohttp.TooManyRedirects",),
        "SSLError": ("aiohttp.ClientSSLError",),
        "ProxyError": ("aiohttp.ClientProxyConnectionError", "aiohttp.ClientHttpProxyError"),
        "InvalidSchema": ("aiohttp.NonHttpUrlClientError",),
        "MissingSchema": ("aiohttp.InvalidURL",),
        "InvalidURL": ("aiohttp.InvalidURL",),
        "ChunkedEncodingError": ("aiohttp.ClientPayloadError",),
        "ContentDecodingError": ("aiohttp.ClientPayloadError",),
        "JSONDecodeError": (DECODING_ERROR,),
        "InvalidJSONError": (DECODING_ERROR,),
    },
    notes={
        "ConnectionError": (
            "a reply that cannot be understood is a ClientResponseError to aiohttp, not a ConnectionError"
        ),
        "HTTPError": (
            "aiohttp.ClientResponseError is also raised for redirect loops and replies that cannot be understood"
        ),
        "ValueError": ("aiohttp's certificate errors are ValueErrors, and its errors for unknown URL schemes are not"),
        "MissingSchema": _INVALID_URL_NOTE,
        "InvalidURL": _INVALID_URL_NOTE,
        "ChunkedEncodingError": _PAYLOAD_NOTE,
        "ContentDecodingError": _PAYLOAD_NOTE,
    },
    different=frozenset(
        {
            *("ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "ConnectionRefusedError"),
            *("BrokenPipeError", "TimeoutError", "UnicodeError", "UnicodeDecodeError"),
        }
    ),
    answers=ANSWERS,
)
