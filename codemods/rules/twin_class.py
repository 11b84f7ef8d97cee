"""AW104: an object of a class that blocks, whose twin has the same methods as coroutines.

Which classes these are is data: the `[[twin]]` tables of the packs and of users.
"""

from __future__ import annotations

import libcst as cst

from codemods.facts.generators import AsyncForm
from codemods.facts.twins import MethodForm
from codemods.rules.consumption import consumed_by, taken_by
from codemods.rules.rule import Awaited, Offer, Refusal, Rule
from codemods.tree import Tree

RULE = Rule(
    id="AW104",
    name="twin-class",
    summary="An object of a class that blocks becomes one of its async twin, everywhere in the project.",
    before="""\
async def status(url):
    with httpx.Client() as client:
        return client.get(url).status_code
""",
    after="""\
async def status(url):
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).status_code
""",
)


def offer(tree: Tree, node: cst.BaseExpression, name: str, twin: str, form: MethodForm, renamed: str | None) -> Offer:
    """Offers what the twin does for a call of a method, or where `with` enters an object.

    `name` is the method, with its class, `twin` the async class, and `renamed` what it calls the method otherwise.
    """
    reason = f"{twin} takes the place of {name.rpartition('.')[0]}"
    if form is MethodForm.AWAITED:
        return Offer(RULE.id, Awaited(tree.span(node), renamed), reason)
    is_entered = form is MethodForm.ENTERED
    consumed = taken_by(tree, node, AsyncForm.ENTERED) if is_entered else consumed_by(tree, node, AsyncForm.ITERATED)
    if isinstance(consumed, Refusal):
        return Offer(RULE.id, None, consumed.reason, can_thread=False)
    if consumed.is_returned:
        return Offer(RULE.id, None, "what it gives is returned", can_thread=False)
    return Offer(RULE.id, consumed, reason, consumed.notes, can_thread=False)
