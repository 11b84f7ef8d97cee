"""What httpx's exceptions answer where those of requests are asked.

Source: the verified table, section 5: an `HTTPStatusError` holds its response, body included; no other class does.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from codemods.rules.requests_calls import parts
from codemods.rules.requests_calls.attributes import Attribute, Handle, Missing
from codemods.rules.requests_calls.handling import ResponseUse
from codemods.rules.requests_calls.questions import Answers
from codemods.rules.requests_httpx.response import NOTES, headers

_ATTRIBUTES: Mapping[str, Handle] = {
    "status_code": Attribute(ResponseUse.SAME),
    "reason": Attribute(ResponseUse.REASON),
    "url": Attribute(ResponseUse.URL, "str"),
    "headers": headers,
    "request": parts.request,
    "text": Attribute(ResponseUse.TEXT),
    "content": Attribute(ResponseUse.SAME),
    "json": Missing("what is no JSON is another exception in httpx, which the handler may let pass"),
}


def _write(use: ResponseUse, node: cst.BaseExpression, name: str) -> cst.BaseExpression:
    match use:
        case ResponseUse.REASON:
            return node.with_changes(attr=cst.Name("reason_phrase"))
        case ResponseUse.URL | ResponseUse.REQUEST_URL:
            bare = node.with_changes(lpar=(), rpar=())
            return cst.Call(cst.Name("str"), [cst.Arg(bare)], lpar=node.lpar, rpar=node.rpar)
    return node


ANSWERS = Answers(
    client="httpx",
    kind="httpx.HTTPStatusError",
    attributes=_ATTRIBUTES,
    notes={
        ResponseUse.TEXT: NOTES[ResponseUse.TEXT],
        ResponseUse.URL: NOTES[ResponseUse.URL],
        ResponseUse.REQUEST_URL: NOTES[ResponseUse.URL],
        ResponseUse.HEADERS: (
            "the headers of httpx's exception hold letters beyond ASCII as UTF-8 where they are; requests takes Latin-1"
        ),
    },
    notes_of_kinds={
        "RequestException": (
            "httpx's exception for a redirect loop has no response, where requests' has that of the last redirect"
        )
    },
    write=_write,
)
"""What httpx's exceptions answer."""
