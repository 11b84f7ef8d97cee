"""AW302: a function of the project that blocks and cannot become async runs in a thread."""

from codemods.rules.rule import Rule

RULE = Rule(
    id="AW302",
    name="threaded-call",
    summary="A function that blocks and has to stay sync runs in a thread when async code calls it.",
    before="""\
class Client:
    def __init__(self):
        time.sleep(1)

async def connect():
    return Client()
""",
    after="""\
class Client:
    def __init__(self):
        time.sleep(1)

async def connect():
    return await asyncio.to_thread(Client)
""",
)
