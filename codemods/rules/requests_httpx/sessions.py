"""Sessions of a function that become clients of httpx, with the requests that are made with them.

Source: the verified table, section 5; httpx 0.28 `httpx/_client.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import libcst as cst

from codemods.model import Parity, Span
from codemods.rules.names import variables
from codemods.rules.requests_calls.adjustments import PASSED
from codemods.rules.requests_calls.arguments import named_arguments
from codemods.rules.requests_calls.combinations import is_given
from codemods.rules.requests_calls.kept_sessions import NOTE as KEPT_NOTE
from codemods.rules.requests_calls.kept_sessions import (
    KeptForm,
    KeptSession,
    kept_form,
)
from codemods.rules.requests_calls.offering import Request
from codemods.rules.requests_calls.session_uses import SessionChange, Types, why_own_differs
from codemods.rules.requests_calls.sessions import (
    LocalSession,
    SessionForm,
    SessionTaker,
    session_form,
)
from codemods.rules.requests_httpx.arguments import (
    MERGED_NOTE,
    REDIRECT_NOTE,
    CheckedArguments,
    JsonText,
    check_order,
    may_have_query,
)
from codemods.rules.requests_httpx.forms import RequestForm
from codemods.rules.requests_httpx.session_uses import HEADERS_OF_SESSION, LOGIN_OF_SESSION, use_of_session
from codemods.rules.rule import Refusal
from codemods.tree import Tree

NOTE = (
    "httpx's client lets at most 100 requests run at once, keeps 20 connections open for 5 seconds at most, and leaves "
    "escaped quotes in cookies as they are"
)
"""How every session differs."""


def taker(parity: Parity) -> SessionTaker:
    """What httpx can do of what is done with a session."""
    return SessionTaker("client of httpx", partial(use_of_session, parity=parity))


def notes_of_session(session: LocalSession | KeptSession) -> tuple[str, ...]:
    """How a session differs, in words."""
    always = [KEPT_NOTE, NOTE] if isinstance(session, KeptSession) else [NOTE]
    return tuple(dict.fromkeys([*always, *(note for use in session.uses for note in use.notes)]))


def form_of_session(
    tree: Tree, session: LocalSession | KeptSession, forms: Sequence[RequestForm], parity: Parity
) -> SessionForm | KeptForm | Refusal:
    """The form of a session whose requests have native forms."""
    unproven = [note for use in session.uses for note in use.notes]
    if parity is Parity.STRICT and unproven:
        return Refusal(f"strict parity of what is set on its session cannot be proven: {unproven[0]}")
    if parity is Parity.STRICT and has_params(session):
        return Refusal("strict parity: its session has params, which requests writes into the URL in its own way")
    if isinstance(session, KeptSession):
        return _why_told_too_early(tree, session) or kept_form(tree, session)
    lasts = [form.last for form in forms]
    return _why_told_too_early(tree, session) or session_form(tree, session, lasts, needed_open(forms))


def needed_open(forms: Iterable[RequestForm]) -> list[Span]:
    """What needs a session open besides requests: uses of responses that are streamed."""
    return [use.node for form in forms if form.is_streamed for use in form.uses]


def has_params(session: LocalSession | KeptSession) -> bool:
    """Whether a session has `params`."""
    return any(use.argument == "params" for use in session.uses)


def has_raising_hook(session: LocalSession | KeptSession) -> bool:
    """Whether a hook of a session raises errors of a server."""
    return any(use.argument == "hooks" for use in session.uses)


def given_by_session(session: LocalSession | KeptSession) -> tuple[tuple[str, str], ...]:
    """What each request is given because it is set on its session: keywords and values."""
    kept = [use for use in session.uses if use.change is SessionChange.VARIABLE]
    return tuple((use.keyword, use.given) for use in kept if use.keyword and use.given)


def _why_told_too_early(tree: Tree, session: LocalSession | KeptSession) -> Refusal | None:
    """Why a client cannot be told what is set on a session: what that is may not be known yet where it is made."""
    path = tree.path(session.made)
    block = next(node for node in reversed(path) if isinstance(node, cst.IndentedBlock))
    made = path[path.index(block) + 1]
    statements: Sequence[cst.CSTNode] = list(block.body)
    if isinstance(made, cst.With):
        statements, start = list(made.body.body), 0
    else:
        start = statements.index(made) + 1
    set_up = {use.node.line for use in session.uses}
    for use in session.uses:
        if use.change is not SessionChange.TOLD:
            continue
        statement = tree.at(use.node, cst.BaseSmallStatement)  # type: ignore[type-abstract]
        assert statement is not None, use
        line = next(index for index, one in enumerate(statements) if tree.span(one).line == use.node.line)
        between = [one for one in statements[start:line] if tree.span(one).line not in set_up]
        if between and variables(statement) - {session.name}:
            how = "with what may be made after it is"
            return Refusal(f"its session {session.name} is set up in line {use.node.line} {how}")
    return None


def check_request(
    tree: Tree, session: LocalSession | KeptSession, request: Request, checked: CheckedArguments, types: Types
) -> CheckedArguments | Refusal:
    """What becomes of the arguments of a request beside what is set on its session."""
    arguments = named_arguments(request.call, request.verb)
    assert not isinstance(arguments, Refusal)
    if checked.of_the_client:
        return Refusal(f"it brings {checked.of_the_client[0]}=, which httpx's client takes for all of its requests")
    adjusted = dict(checked.adjustments)
    lacks_type = any(isinstance(one, JsonText) and not one.has_type for one in adjusted.values())
    if lacks_type and any(use.keyword == HEADERS_OF_SESSION for use in session.uses):
        return Refusal("strict parity: its session may have a Content-Type besides its json=")
    for use in session.uses:
        own = arguments.get(use.argument or "")
        if use.keyword == LOGIN_OF_SESSION and _may_be_none(adjusted, arguments.get("auth")):
            return Refusal("its session has a login, and it brings one that may be none")
        refusal = why_own_differs(tree, use, own, adjusted, types)
        if refusal is not None:
            return refusal
    return _beside(tree, session, checked, arguments)


def check_held(request: Request, checked: CheckedArguments) -> CheckedArguments | Refusal:
    """What becomes of the arguments of a request whose session other functions hold, and may set up."""
    arguments = named_arguments(request.call, request.verb)
    assert not isinstance(arguments, Refusal)
    if checked.of_the_client:
        return Refusal(f"it brings {checked.of_the_client[0]}=, which httpx's client takes for all of its requests")
    if _may_be_none(dict(checked.adjustments), arguments.get("auth")):
        return Refusal("its session may have a login, and it brings one that may be none")
    return replace(checked, notes=tuple(dict.fromkeys((*checked.notes, REDIRECT_NOTE))))


def _beside(
    tree: Tree,
    session: LocalSession | KeptSession,
    checked: CheckedArguments,
    arguments: Mapping[str, cst.BaseExpression],
) -> CheckedArguments | Refusal:
    """The arguments of a request, with what differs because of the headers and the `params` of its session."""
    if any(use.keyword == HEADERS_OF_SESSION for use in session.uses):
        checked = replace(checked, notes=tuple(dict.fromkeys((*checked.notes, REDIRECT_NOTE))))
    if not has_params(session) or not may_have_query(tree, arguments["url"]):
        return checked
    late = check_order(arguments, {"params"} & set(arguments))
    notes = tuple(dict.fromkeys((MERGED_NOTE, *checked.notes)))
    return late or replace(checked, merges_params=True, notes=notes)


def _may_be_none(adjusted: Mapping[str, object], login: cst.BaseExpression | None) -> bool:
    """Whether a login may be none, for which requests takes that of the session."""
    return is_given(login) and adjusted["auth"] == PASSED and not isinstance(login, cst.Tuple)
