"""AW103: a blocking call without an async form runs in a thread, and the event loop goes on.

Which functions these are is data: the `[[offload]]` tables of the packs.
"""

from codemods.rules.rule import Offer, Rule

RULE = Rule(
    id="AW103",
    name="offload",
    summary="A call that blocks the event loop and has no async form: it runs in a thread.",
    before="""\
async def build(path):
    subprocess.run(["make"], cwd=path)
""",
    after="""\
async def build(path):
    await asyncio.to_thread(subprocess.run, ["make"], cwd=path)
""",
)


def offer(blocking: str) -> Offer:
    """Offers a thread."""
    return Offer(rule=RULE.id, native=None, reason=f"{blocking} has no async form that is known to be the same")
