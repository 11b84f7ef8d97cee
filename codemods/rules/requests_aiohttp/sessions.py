"""What aiohttp does of what is done with sessions of requests, and how its own differ.

Source: the verified table, sections 1 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from codemods.rules.requests_aiohttp.session_together import check_uses
from codemods.rules.requests_aiohttp.session_uses import use_of_session
from codemods.rules.requests_aiohttp.settings import Setting
from codemods.rules.requests_calls.session_uses import SessionUse
from codemods.rules.requests_calls.sessions import SessionTaker

TAKER = SessionTaker("session of aiohttp", use_of_session, check_uses)

STRICT_NOTE = "aiohttp's session lets at most 100 requests run at once"
NOTE = (
    "aiohttp's session keeps no cookies of a host that is named by its IP address, quotes those with special "
    "characters, and lets at most 100 requests run at once"
)
"""How every session differs."""


def notes_of_session(uses: Iterable[SessionUse]) -> tuple[str, ...]:
    """How a session differs with which all of this is done, in words."""
    known = list(uses)
    has_jar = any(use.setting == Setting.COOKIES for use in known)
    always = STRICT_NOTE if has_jar else NOTE
    return tuple(dict.fromkeys([always, *(note for use in known for note in use.notes)]))
