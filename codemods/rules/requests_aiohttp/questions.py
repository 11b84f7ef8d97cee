"""What aiohttp's exceptions answer where those of requests are asked.

Source: the verified table, section 4: a `ClientResponseError` holds the head of the response itself, and no body.
aiohttp 3.14, `client.py` and `client_reqrep.py`: it is also raised for redirect loops and for replies that cannot be
understood, without headers then.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from codemods.rules.requests_aiohttp.response import NOTES
from codemods.rules.requests_calls import parts
from codemods.rules.requests_calls.attributes import Attribute, Handle, Missing
from codemods.rules.requests_calls.handling import ResponseUse
from codemods.rules.requests_calls.questions import Answers

_MADE_UP = (
    "aiohttp's exception has a status of 400 and a reason of its own for a reply that cannot be understood, and the "
    "status of a proxy that refuses, where requests' has no response; for a redirect loop it has a status of 0, no "
    "reason, and the URL and the method of the first request, where requests' has those of the last redirect"
)
_HEADERS = Missing(
    "aiohttp's exception has none for a redirect loop and for a reply that cannot be understood, and keeps apart those "
    "that come more than once"
)
_BODY = Missing("aiohttp's exception does not carry the body, which has to be read before raise_for_status()")

_ATTRIBUTES: Mapping[str, Handle] = {
    "status_code": Attribute(ResponseUse.STATUS),
    "reason": Attribute(ResponseUse.REASON),
    "url": Attribute(ResponseUse.URL, "str"),
    "headers": _HEADERS,
    "request": parts.request,
    "text": _BODY,
    "content": _BODY,
    "json": _BODY,
}


def _write(use: ResponseUse, node: cst.BaseExpression, name: str) -> cst.BaseExpression:
    made: cst.BaseExpression
    match use:
        case ResponseUse.STATUS:
            made = _attribute(name, "status")
        case ResponseUse.REASON:
            made = _attribute(name, "message")
        case ResponseUse.URL | ResponseUse.REQUEST_URL:
            made = cst.Call(cst.Name("str"), [cst.Arg(_attribute(name, "request_info", "real_url"))])
        case ResponseUse.REQUEST:
            made = _attribute(name, "request_info", cst.ensure_type(node, cst.Attribute).attr.value)
        case unknown:
            raise TypeError(f"nothing answers {unknown}")
    return made.with_changes(lpar=node.lpar, rpar=node.rpar)


def _attribute(name: str, *attributes: str) -> cst.BaseExpression:
    made: cst.BaseExpression = cst.Name(name)
    for attribute in attributes:
        made = cst.Attribute(made, cst.Name(attribute))
    return made


ANSWERS = Answers(
    client="aiohttp",
    kind="aiohttp.ClientResponseError",
    attributes=_ATTRIBUTES,
    notes={ResponseUse.URL: NOTES[ResponseUse.URL], ResponseUse.REQUEST_URL: NOTES[ResponseUse.URL]},
    notes_of_kinds={"HTTPError": _MADE_UP, "RequestException": _MADE_UP, "ProxyError": _MADE_UP},
    write=_write,
)
"""What aiohttp's exceptions answer."""
