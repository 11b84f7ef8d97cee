"""Responses that go from function to function: what httpx can do with one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import libcst as cst

from codemods.rules.requests_aiohttp import RULE
from codemods.rules.requests_calls.client import Receiving
from codemods.rules.requests_calls.handling import PlacedUse, ResponseUse
from codemods.rules.requests_calls.received import Reader, given, received_all
from codemods.rules.requests_httpx.response import DECODES, NOTES, Path, place_uses
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def _placed(tree: Tree, paths: Sequence[Path], function: cst.FunctionDef) -> tuple[PlacedUse, ...] | Refusal:
    placed = place_uses(tree, paths, function, [])
    if isinstance(placed, Refusal):
        return placed
    encoded = next((one for one in placed if one.use is ResponseUse.ENCODING), None)
    if encoded is None:
        return placed
    # httpx refuses it once the text was asked for, which others may have done
    return Refusal(f"its encoding is set in line {encoded.node.line}, where others have the response as well")


_READER = Reader(
    client="httpx",
    rule=RULE.id,
    place=_placed,
    repeated=frozenset({ResponseUse.RAISE, ResponseUse.TRUTH_OR_NONE}),
    awaits=frozenset({ResponseUse.CLOSE}),
    decodes=DECODES,
    notes=NOTES,
    keeps_bytes=True,
)

RECEIVING = Receiving(partial(received_all, _READER), partial(given, _READER))
