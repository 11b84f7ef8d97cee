"""httpx in the place of requests."""

from codemods.rules.requests_calls.client import Client, HeldEdits, SessionKind
from codemods.rules.requests_httpx.arguments import SHARED_SETTINGS
from codemods.rules.requests_httpx.exceptions import EXCEPTIONS
from codemods.rules.requests_httpx.held_sessions import add_held_edits, held_session
from codemods.rules.requests_httpx.offers import offer_all
from codemods.rules.requests_httpx.received import RECEIVING
from codemods.rules.requests_httpx.response import DECODES, RAISES
from codemods.rules.requests_httpx.writing import add_edits

HTTPX = Client(
    module="httpx",
    offer_all=offer_all,
    add_edits=add_edits,
    session=SessionKind("client", "AsyncClient", SHARED_SETTINGS),
    exceptions=EXCEPTIONS,
    raising=RAISES,
    decoding=DECODES,
    receiving=RECEIVING,
    held=HeldEdits(held_session, add_held_edits),
)
