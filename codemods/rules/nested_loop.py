"""AW202: an event loop that is started in a running one: Python raises RuntimeError.

The Python Standard Library, `asyncio.run`: "This function cannot be called when another asyncio event loop is running
in the same thread."
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.rules.rule import Offer, Rule
from codemods.tree import Tree

RULE = Rule(
    id="AW202",
    name="nested-loop",
    summary="An event loop cannot be started where one is running: what it would run is awaited.",
    before="""\
async def refresh(names):
    for name in names:
        asyncio.run(load(name))
""",
    after="""\
async def refresh(names):
    for name in names:
        await load(name)
""",
)

_RUNS_ONE = frozenset({"asyncio.run", "asyncio.Runner.run", "asyncio.AbstractEventLoop.run_until_complete"})
_LOOKS_FIRST = re.compile(r"\b(?:_?get_running_loop|get_event_loop|is_running|iscoroutine\w*)\b")


@dataclass(frozen=True, slots=True)
class WhatItRuns:
    """The native form: what the loop would run is awaited in its place."""


def looks_first(tree: Tree, call: cst.Call) -> bool:
    """Whether the function around a call asks for a running loop, and may start its own only where there is none."""
    function = enclosing_function(tree.path(call))
    return function is not None and _LOOKS_FIRST.search(tree.lines.slice(tree.span(function))) is not None


def offer(call: cst.Call, name: str) -> Offer:
    """Offers to await what a call would run; `name` is what it calls, as packs name it."""
    what = f"{name} cannot start an event loop in a running one"
    is_plain = len(call.args) == 1 and call.args[0].keyword is None and not call.args[0].star
    if name in _RUNS_ONE and is_plain:
        return Offer(RULE.id, WhatItRuns(), what)
    return Offer(RULE.id, None, what)
