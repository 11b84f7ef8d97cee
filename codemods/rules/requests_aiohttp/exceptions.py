"""Which handlers would miss an exception once a request is made with aiohttp.

Source: the verified table, section 4: aiohttp raises neither requests' exceptions nor, mostly, OSError.
"""

from __future__ import annotations

_LIBRARIES = frozenset({"requests", "urllib3", "socket", "ssl", "http", "json", "simplejson", "urllib"})
_BUILT_IN = frozenset(
    {
        *("OSError", "IOError", "EnvironmentError", "ConnectionError", "ConnectionResetError"),
        *("ConnectionAbortedError", "ConnectionRefusedError", "BrokenPipeError", "TimeoutError"),
        *("ValueError", "UnicodeError", "UnicodeDecodeError"),
    }
)
_REQUESTS = frozenset(
    {
        *("RequestException", "HTTPError", "ProxyError", "SSLError", "Timeout", "ConnectTimeout", "ReadTimeout"),
        *("TooManyRedirects", "MissingSchema", "InvalidSchema", "InvalidURL", "InvalidHeader", "InvalidProxyURL"),
        *("ChunkedEncodingError", "ContentDecodingError", "StreamConsumedError", "RetryError", "JSONDecodeError"),
        *("InvalidJSONError", "UnrewindableBodyError", "URLRequired", "FileModeWarning"),
    }
)


def is_missed(name: str) -> bool:
    """Whether a handler for an exception may have caught what requests raises and not catch what aiohttp raises.

    `name` is the exception's dotted name, resolved through imports; "an expression" when it is none.
    """
    first, last = name.partition(".")[0], name.rpartition(".")[2]
    return name == "an expression" or first in _LIBRARIES or name in _BUILT_IN or last in _REQUESTS or last in _BUILT_IN
