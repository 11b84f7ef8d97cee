"""`--parity strict`: which uses of a response have a form that is the same, and how that is written.

Sources: the verified table, section 5; httpx 0.28 `httpx/_models.py` on the encoding of headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import libcst as cst

from codemods.rewrite.edits import Edits
from codemods.rules.requests_calls.adjustments import called
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.header_lookups import add_lookup, is_plain_lookup
from codemods.rules.requests_httpx.forms import RequestForm, Shape
from codemods.rules.requests_httpx.response import NOTES, OF_DECODED_TEXT
from codemods.rules.rule import Refusal
from codemods.tree import Tree

STRICT_NOTES: Mapping[ResponseUse, str] = {
    **{use: note for use, note in NOTES.items() if use is not ResponseUse.HEADERS},
    **OF_DECODED_TEXT,
    ResponseUse.URL: "after a redirect to a host alone httpx's URL has no slash at its end",
}
"""How a use differs still, in words."""


def check_strictly(tree: Tree, uses: Iterable[PlacedUse]) -> Refusal | None:
    """Why some use of a response has no form that is the same."""
    for one in uses:
        line = one.node.line
        if one.use in {ResponseUse.RAISE_MORE, ResponseUse.LINES}:
            return Refusal(f"strict parity: {NOTES[one.use]}, in line {line}")
        if one.use is not ResponseUse.HEADERS:
            continue
        path = tree.path(_node(tree, one))
        if not is_plain_lookup(path):
            return Refusal(f"strict parity: the name of a header in line {line} is more than a name or a text")
        if sum(isinstance(outer, cst.FormattedString) for outer in path) > 1:
            return Refusal(f"strict parity: what takes the place of the response in line {line} needs quotes")
    return None


def strict_form(form: RequestForm) -> RequestForm | Refusal:
    """A request's form with all adjustments; a response that is named twice is lifted in front of its statement."""
    is_named_twice = any(one.use is ResponseUse.HEADERS and one.response == form.call for one in form.uses)
    if is_named_twice and not form.can_be_lifted:
        return Refusal("strict parity: a header is read as Latin-1, which names its response twice")
    return replace(form, is_strict=True, decodes_text=True, shape=Shape.LIFT if is_named_twice else form.shape)


def _node(tree: Tree, use: PlacedUse) -> cst.BaseExpression:
    node = tree.expression(use.node)
    assert node is not None, use
    return node


def add_strict_header(edits: Edits, use: PlacedUse) -> None:
    """Has a header read as Latin-1 where one is looked up."""
    add_lookup(edits, _node(edits.tree, use), _as_latin)


def _as_latin(headers: cst.BaseExpression, name: cst.BaseExpression, quote: str) -> cst.BaseExpression:
    """`headers[name].encode(headers.encoding).decode("latin-1")`."""
    value = cst.Subscript(headers, [cst.SubscriptElement(cst.Index(name))])
    encoded = called(cst.Attribute(value, cst.Name("encode")), cst.Attribute(headers, cst.Name("encoding")))
    return called(cst.Attribute(encoded, cst.Name("decode")), cst.SimpleString(f"{quote}latin-1{quote}"))
