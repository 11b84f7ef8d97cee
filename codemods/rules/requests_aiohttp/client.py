"""aiohttp in the place of requests."""

from codemods.rules.requests_aiohttp.blocks import add_edits
from codemods.rules.requests_aiohttp.exceptions import EXCEPTIONS
from codemods.rules.requests_aiohttp.held_sessions import add_held_edits, held_session
from codemods.rules.requests_aiohttp.offers import offer_all
from codemods.rules.requests_aiohttp.received import RECEIVING
from codemods.rules.requests_aiohttp.response import DECODES, RAISES
from codemods.rules.requests_calls.client import Client, HeldEdits, SessionKind

AIOHTTP = Client(
    module="aiohttp",
    offer_all=offer_all,
    add_edits=add_edits,
    session=SessionKind("session", "ClientSession"),
    exceptions=EXCEPTIONS,
    raising=RAISES,
    decoding=DECODES,
    receiving=RECEIVING,
    held=HeldEdits(held_session, add_held_edits),
)
