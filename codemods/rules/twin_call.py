"""AW101: a blocking function whose async twin takes the same arguments: `time.sleep` and `asyncio.sleep`.

Which functions these are is data: the `[[call]]` tables of the packs.
"""

import libcst as cst

from codemods.rules.rule import CalleeSwap, Offer, Rule
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


def offer(tree: Tree, call: cst.Call, blocking: str, twin: str) -> Offer:
    """Offers the twin of a blocking function. Both names are qualified, as users import them."""
    return Offer(
        rule=RULE.id,
        native=CalleeSwap(tree.span(call), twin),
        reason=f"{twin} does the same without blocking the event loop",
    )
