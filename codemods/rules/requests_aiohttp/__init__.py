"""AW102: `requests.get(...)` and its kin become blocks of an `aiohttp.ClientSession`.

`arguments` decides what a request may be given, with a file for each keyword that needs more (`timeouts`, `logins`,
`certificates`, `uploads`, `mappings`, `options`), and `adjust` writes it. `response` decides what may be done with the
result (`parts` and `streams` know the details), `placed` where, and `uses` writes it. `shapes` and `statements` decide
which statements form the block, and `blocks` writes that. Facts about the two libraries come from a verified table of
requests 2.34 against aiohttp 3.14.
"""

from codemods.rules.rule import Rule

RULE = Rule(
    id="AW102",
    name="requests-aiohttp",
    summary="A request made with requests blocks the event loop; aiohttp makes it natively.",
    before="""\
async def cat(channel, url):
    r = requests.get(url)
    if r.status_code == 200:
        js = r.json()
        await channel.send(js["file"])
""",
    after="""\
async def cat(channel, url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as r:
            if r.status == 200:
                js = await r.json()
                await channel.send(js["file"])
""",
)

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")

FUNCTIONS = frozenset({*(f"requests.{verb}" for verb in VERBS), "requests.request"})
"""The calls this rule has a native form for."""

METHODS = frozenset(f"requests.Session.{verb}" for verb in (*VERBS, "request"))
"""Those that are made with a session."""
