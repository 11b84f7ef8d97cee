"""What awaitify can do, one file or folder a rule; `RULES` lists them in the order of their ids.

A library that only needs data gets a pack (`codemods/packs`); code comes here when data cannot say it.
"""

from codemods.rules.missing_await import RULE as MISSING_AWAIT
from codemods.rules.nested_loop import RULE as NESTED_LOOP
from codemods.rules.offload import RULE as OFFLOAD
from codemods.rules.promoted_call import RULE as PROMOTED_CALL
from codemods.rules.requests_aiohttp import RULE as REQUESTS_AIOHTTP
from codemods.rules.threaded_call import RULE as THREADED_CALL
from codemods.rules.twin_call import RULE as TWIN_CALL
from codemods.rules.twin_class import RULE as TWIN_CLASS

RULES = (
    TWIN_CALL,
    REQUESTS_AIOHTTP,
    OFFLOAD,
    TWIN_CLASS,
    MISSING_AWAIT,
    NESTED_LOOP,
    PROMOTED_CALL,
    THREADED_CALL,
)

__all__ = [
    "MISSING_AWAIT",
    "NESTED_LOOP",
    "OFFLOAD",
    "PROMOTED_CALL",
    "REQUESTS_AIOHTTP",
    "RULES",
    "THREADED_CALL",
    "TWIN_CALL",
    "TWIN_CLASS",
]
