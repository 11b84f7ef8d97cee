"""Which sessions of a file have a form, and why the requests that are made with others have none."""

from __future__ import annotations

from collections.abc import Container, Sequence

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.rules.requests_calls.kept_sessions import KeptSession, attribute_asked, kept_session_of
from codemods.rules.requests_calls.offering import Request
from codemods.rules.requests_calls.session_uses import Types
from codemods.rules.requests_calls.sessions import GivenSession, LocalSession, SessionTaker, session_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree

AnySession = LocalSession | GivenSession | KeptSession


def sessions_of_file(
    tree: Tree,
    requests: Sequence[Request],
    closing: Container[Span],
    imports: ImportedNames,
    types: Types,
    taker: SessionTaker,
) -> tuple[list[AnySession], dict[Span, Refusal]]:
    """The sessions that have a form, and why requests have none, by the spans of their calls.

    `closing` holds the calls that close a session and can be looked at.
    """
    found: list[AnySession] = []
    refused: dict[Span, Refusal] = {}
    by_span = {tree.span(one.call): one for one in requests}
    known: set[Span] = set()
    taken: dict[int, set[str]] = {}
    for span, request in by_span.items():
        if not request.is_of_session or span in known:
            continue
        session = (
            session_of(tree, request.call, imports, types, taken, taker)
            if attribute_asked(request.call) is None
            else kept_session_of(tree, request.call, imports, types, taker)
        )
        if isinstance(session, Refusal):
            refused[span] = session
        elif any(tree.span(call) not in by_span for call in session.requests):
            refused[span] = Refusal(f"not all requests of its session {session.name} could be resolved")
        elif isinstance(session, KeptSession) and any(tree.span(call) not in closing for call in session.closes):
            refused[span] = Refusal(f"its session {session.name} is closed by a method that stays sync")
        else:
            found.append(session)
            known.update(tree.span(call) for call in session.requests)
    return found, refused
