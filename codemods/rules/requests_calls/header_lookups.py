"""How one header of a response is looked up where it takes more than its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from codemods.rewrite.edits import Edits
from codemods.rules.evaluation import is_pure
from codemods.rules.requests_calls.handling import called_on

Found = Callable[[cst.BaseExpression, cst.BaseExpression, str], cst.BaseExpression]
"""Writes a lookup from the headers, the name of one, and the quotes that may be used."""


def is_plain_lookup(path: Sequence[cst.CSTNode]) -> bool:
    """Whether a header is looked up in the headers at the end of a path by what can be written twice."""
    match called_on(path):
        case ("get", cst.Call(args=[_] | [_, _] as arguments)):
            return all(one.keyword is None and is_pure(one) for one in arguments)
        case ("get", _):
            return False
    return True


def quote_at(path: Sequence[cst.CSTNode]) -> str:
    """The quotes that may stand at the end of a path: an f-string has some already."""
    around = [one for one in path if isinstance(one, cst.FormattedString)]
    return "'" if around and around[-1].start.endswith('"') else '"'


def add_lookup(edits: Edits, headers: cst.BaseExpression, found: Found) -> None:
    """Has a header written by a function where one is looked up in a response's headers."""
    path = edits.tree.path(headers)
    quote = quote_at(path)
    method = called_on(path)
    if method is not None:
        edits.replace(method[1], lambda node: _header_or_else(cst.ensure_type(node, cst.Call), found, quote))
    elif isinstance(path[-2], cst.Subscript):
        edits.replace(path[-2], lambda node: _header(cst.ensure_type(node, cst.Subscript), found, quote))


def _header(node: cst.Subscript, found: Found, quote: str) -> cst.BaseExpression:
    index = cst.ensure_type(node.slice[0].slice, cst.Index)
    return found(node.value, index.value, quote).with_changes(lpar=node.lpar, rpar=node.rpar)


def _header_or_else(node: cst.Call, found: Found, quote: str) -> cst.BaseExpression:
    """`(... if "ETag" in r.headers else None)`."""
    headers = cst.ensure_type(node.func, cst.Attribute).value
    name = node.args[0].value
    is_there = cst.Comparison(name, [cst.ComparisonTarget(cst.In(), headers)])
    otherwise = node.args[1].value if len(node.args) > 1 else cst.Name("None")
    return cst.IfExp(
        test=is_there,
        body=found(headers, name, quote),
        orelse=otherwise,
        lpar=node.lpar or [cst.LeftParen()],
        rpar=node.rpar or [cst.RightParen()],
    )
