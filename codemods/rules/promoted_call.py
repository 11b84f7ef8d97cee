"""AW301: a call of a function that becomes async has to be awaited."""

from codemods.rules.rule import Rule

RULE = Rule(
    id="AW301",
    name="promoted-call",
    summary="A call of a function that becomes async is awaited, and its caller becomes async too.",
    before="""\
def load(name):
    time.sleep(1)
    return name

async def show(name):
    print(load(name).title())
""",
    after="""\
async def load(name):
    await asyncio.sleep(1)
    return name

async def show(name):
    print((await load(name)).title())
""",
)
