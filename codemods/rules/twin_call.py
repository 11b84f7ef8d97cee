"""AW101: a blocking function whose async twin takes the same arguments: `time.sleep` and `asyncio.sleep`.

Which functions these are is data: the `[[call]]` tables of the packs.
"""

from __future__ import annotations

import libcst as cst

from codemods.packs import Twin
from codemods.rules.rule import Awaited, CalleeSwap, Offer, Rule
from codemods.tree import Tree

RULE = Rule(
    id="AW101",
    name="twin-call",
    summary="A call that blocks the event loop and has an async twin with the same arguments.",
    before="""\
async def remind(channel):
    time.sleep(10)
    await channel.send("Time is up")
""",
    after="""\
async def remind(channel):
    await asyncio.sleep(10)
    await channel.send("Time is up")
""",
)


def offer(tree: Tree, call: cst.Call, blocking: str, twin: Twin) -> Offer:
    """Offers the twin of a blocking function, whose name is qualified, as users import it."""
    refusal = _refusal(call, blocking, twin)
    if refusal is not None:
        return Offer(rule=RULE.id, native=None, reason=refusal)
    is_plain = all(isinstance(one.value, cst.Integer | cst.Float) for one in call.args)
    if _is_of_same_class(blocking, twin.name):
        method = twin.name.rpartition(".")[2]
        renamed = method if method != blocking.rpartition(".")[2] else None
        return Offer(RULE.id, Awaited(tree.span(call), renamed), f"{twin.name} is declared to be its async form")
    return Offer(
        rule=RULE.id,
        native=CalleeSwap(tree.span(call), twin.name),
        reason=f"{twin.name} does the same without blocking the event loop",
        notes=() if is_plain or twin.note is None else (twin.note,),
    )


def _is_of_same_class(blocking: str, twin: str) -> bool:
    """Whether the async form is called where the blocking one was: it is that, or another one beside it."""
    return twin.rpartition(".")[0] == blocking.rpartition(".")[0]


def _refusal(call: cst.Call, blocking: str, twin: Twin) -> str | None:
    """Why a call with these arguments is an error for one of both only, or may be."""
    if twin.positional is not None:
        if any(one.star for one in call.args):
            return "its arguments are not all visible"
        if sum(one.keyword is None for one in call.args) > twin.positional:
            return f"{blocking} does not take so many arguments, and {twin.name} does"
    if twin.note is not None and any(_is_negative(one.value) for one in call.args):
        return f"{blocking} refuses a negative number, and {twin.name} does not"
    return None


def _is_negative(value: cst.BaseExpression) -> bool:
    return (
        isinstance(value, cst.UnaryOperation)
        and isinstance(value.operator, cst.Minus)
        and isinstance(value.expression, cst.Integer | cst.Float)
        and value.expression.evaluated_value > 0
    )
