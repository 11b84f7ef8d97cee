"""Responses that go from function to function: what aiohttp can do with one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import libcst as cst

from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_aiohttp.placed import Path, place_uses
from codemods.rules.requests_aiohttp.response import AWAITS, DECODES, NOTES
from codemods.rules.requests_aiohttp.shapes import may_let_go
from codemods.rules.requests_calls.client import Receiving
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.received import Reader, given, received_all
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def _placed(tree: Tree, paths: Sequence[Path], function: cst.FunctionDef) -> tuple[PlacedUse, ...] | Refusal:
    return place_uses(tree, paths, function, [], is_kept=True)


_READER = Reader(
    client="aiohttp",
    rule=RULE.id,
    place=_placed,
    repeated=frozenset(
        {
            ResponseUse.IS_REDIRECT,
            ResponseUse.IS_PERMANENT_REDIRECT,
            ResponseUse.COOKIE_OR_ELSE,
            ResponseUse.TRUTH_OR_NONE,
        }
    ),
    awaits=AWAITS,
    decodes=DECODES,
    notes=NOTES,
    may_let_go=may_let_go,
)

RECEIVING = Receiving(partial(received_all, _READER), partial(given, _READER))
