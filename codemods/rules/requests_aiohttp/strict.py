"""`--parity strict`: which uses of a response have a form that is the same, and how that is written.

Sources: the verified table, sections 3.1 to 3.3; `http.client` reads headers as Latin-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import libcst as cst

from codemods.rules.requests_aiohttp.response import DECODES, NOTES
from codemods.rules.requests_calls.adjustments import called, keyword_argument
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.header_lookups import is_plain_lookup
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_TEXT_NOTE = "where the server names no charset and no type of text, aiohttp takes a body as UTF-8; requests guesses"
STRICT_NOTES: Mapping[ResponseUse, str] = {
    **{use: note for use, note in NOTES.items() if use is not ResponseUse.HEADERS},
    ResponseUse.TEXT: _TEXT_NOTE,
    ResponseUse.JSON: _TEXT_NOTE,
    ResponseUse.JSON_GIVEN: _TEXT_NOTE,
}
"""How a use differs still, in words."""

_WITH_QUOTES = DECODES | {ResponseUse.TEXT, ResponseUse.HEADERS}
"""The uses whose new form holds quotes."""


def check_strictly(tree: Tree, uses: Iterable[PlacedUse]) -> Refusal | None:
    """Why some use of a response has no form that is the same."""
    for one in uses:
        node = tree.expression(one.node)
        assert node is not None, one
        path = tree.path(node)
        line = one.node.line
        if one.use is ResponseUse.EVERY_HEADER:
            return Refusal(
                f"strict parity: the response's headers are listed or copied in line {line}: {NOTES[one.use]}"
            )
        if one.use is ResponseUse.HEADERS and not is_plain_lookup(path):
            return Refusal(f"strict parity: the name of a header in line {line} is more than a name or a text")
        if one.use in _WITH_QUOTES and sum(isinstance(outer, cst.FormattedString) for outer in path) > 1:
            return Refusal(f"strict parity: what takes the place of the response in line {line} needs quotes")
    return None


def replacing(quote: str) -> cst.Arg:
    """`errors="replace"`."""
    return keyword_argument("errors", cst.SimpleString(f"{quote}replace{quote}"))


def joined(headers: cst.BaseExpression, name: cst.BaseExpression, quote: str) -> cst.BaseExpression:
    """`", ".join(headers.getall(name)).encode("utf-8", "surrogateescape").decode("latin-1")`."""

    def text(value: str) -> cst.SimpleString:
        return cst.SimpleString(f"{quote}{value}{quote}")

    values = called(cst.Attribute(headers, cst.Name("getall")), name)
    all_of_them = called(cst.Attribute(text(", "), cst.Name("join")), values)
    encoded = called(cst.Attribute(all_of_them, cst.Name("encode")), text("utf-8"), text("surrogateescape"))
    return called(cst.Attribute(encoded, cst.Name("decode")), text("latin-1"))
