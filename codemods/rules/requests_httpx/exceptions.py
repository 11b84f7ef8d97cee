"""What httpx raises where requests raises something else.

Source: the verified table, sections 4 and 5. A certificate that is refused and a proxy that is not there are a
ConnectError to httpx, which says too little for a handler of SSLError or ProxyError.
"""

from codemods.rules.requests_calls.exceptions import DECODING_ERROR, Exceptions
from codemods.rules.requests_httpx.questions import ANSWERS

_SCHEME_NOTE = "httpx.UnsupportedProtocol is raised for schemes that are missing, unknown or without a host alike"
_PROTOCOL_NOTE = "httpx.RemoteProtocolError is raised for replies that are cut off, garbled or not there at all alike"
_STALL_NOTE = "a body that stops coming is a ReadTimeout to httpx; to requests it is a ConnectionError"

EXCEPTIONS = Exceptions(
    client="httpx",
    translations={
        "RequestException": ("httpx.HTTPError", "httpx.InvalidURL"),
        "ConnectionError": (
            "httpx.NetworkError",
            "httpx.RemoteProtocolError",
            "httpx.ConnectTimeout",
            "httpx.ProxyError",
        ),
        "Timeout": ("httpx.TimeoutException",),
        "ConnectTimeout": ("httpx.ConnectTimeout",),
        "ReadTimeout": ("httpx.ReadTimeout",),
        "HTTPError": ("httpx.HTTPStatusError",),
        "TooManyRedirects": ("httpx.TooManyRedirects",),
        "InvalidSchema": ("httpx.UnsupportedProtocol",),
        "MissingSchema": ("httpx.UnsupportedProtocol",),
        "InvalidURL": ("httpx.InvalidURL", "httpx.UnsupportedProtocol"),
        "ChunkedEncodingError": ("httpx.RemoteProtocolError",),
        "ContentDecodingError": ("httpx.DecodingError",),
        "JSONDecodeError": (DECODING_ERROR,),
        "InvalidJSONError": (DECODING_ERROR,),
    },
    notes={
        "ConnectionError": f"{_PROTOCOL_NOTE}; {_STALL_NOTE}",
        "Timeout": _STALL_NOTE,
        "ReadTimeout": _STALL_NOTE,
        "ValueError": "httpx's errors for URLs that are none are no ValueErrors, as those of requests are",
        "InvalidSchema": _SCHEME_NOTE,
        "MissingSchema": _SCHEME_NOTE,
        "InvalidURL": _SCHEME_NOTE,
        "ChunkedEncodingError": _PROTOCOL_NOTE,
    },
    different=frozenset({"UnicodeError", "UnicodeDecodeError", "UnicodeEncodeError"}),
    answers=ANSWERS,
)
