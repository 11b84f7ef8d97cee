"""`timeout=`: httpx counts it for every operation on a connection, as requests does.

Source: the verified table, section 5; httpx 0.28 `httpx/_config.py` takes numbers, None and pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import libcst as cst

from codemods.model import Span
from codemods.rules.requests_calls.adjustments import PASSED, Answer
from codemods.rules.requests_calls.expressions import is_name, type_of
from codemods.rules.requests_calls.values import alternatives
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_SECONDS = r"(?:int|float|None)(?: \| (?:int|float|None))*"
_KNOWN = re.compile(rf"int|float|None|tuple\[{_SECONDS}, {_SECONDS}\]")
_ZERO_NOTE = "a timeout of 0 is over at once to httpx; requests raises ValueError"
UNKNOWN_NOTE = "httpx takes numbers, None and pairs of them as a timeout, and nothing of urllib3"


def check_timeout(value: cst.BaseExpression, kind: str | None, tree: Tree, types: Mapping[Span, str]) -> Answer:
    """What becomes of a timeout."""
    if isinstance(value, cst.Tuple):
        if len(value.elements) != 2:
            return Refusal("its timeout is no number and no pair of them")
        answers = [check_timeout(one.value, type_of(tree, one.value, types), tree, types) for one in value.elements]
        refused = next((one for one in answers if isinstance(one, Refusal)), None)
        return refused or (PASSED, [note for one in answers if not isinstance(one, Refusal) for note in one[1]])
    if is_name(value, "None"):
        return PASSED, []
    if isinstance(value, cst.Integer | cst.Float):
        return (PASSED, []) if value.evaluated_value > 0 else Refusal("a timeout of 0 is an error in requests only")
    if kind is None:
        is_made = isinstance(value, cst.Call)  # of urllib3, most likely
        return Refusal("its timeout is not known to be a number") if is_made else (PASSED, [_ZERO_NOTE, UNKNOWN_NOTE])
    if all(_KNOWN.fullmatch(one) for one in alternatives(kind)):
        return PASSED, [_ZERO_NOTE]
    return Refusal("its timeout is not known to be a number")
