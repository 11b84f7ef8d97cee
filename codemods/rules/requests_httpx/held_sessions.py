"""Sessions that functions hand on to each other, as clients of httpx.

Source: httpx 0.28 `httpx/_client.py`: what is set on a client holds for all requests that are made with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Parity, Span
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.client import HeldSession
from codemods.rules.requests_calls.handling import NativeRequest
from codemods.rules.requests_calls.held_sessions import GivenForm, holding_of
from codemods.rules.requests_calls.received_edits import add_class
from codemods.rules.requests_calls.sessions import LocalSession, SessionForm
from codemods.rules.requests_httpx.forms import RequestForm
from codemods.rules.requests_httpx.session_edits import add_session_edits, add_uses
from codemods.rules.requests_httpx.sessions import NOTE, needed_open, taker
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def why_not_handed_on(session: LocalSession) -> Refusal | None:
    """Why a session that a function makes cannot be used by other functions; None when it can."""
    for use in session.uses:
        if use.argument is not None:
            how = f"is set up in line {use.node.line} in a way that requests may not agree with there"
            return Refusal(f"its session {session.name} is handed on, and {how}")
    return None


def held_session(
    tree: Tree,
    function: cst.FunctionDef,
    name: str,
    requests: Sequence[NativeRequest],
    imports: ImportedNames,
    types: Mapping[Span, str],
) -> HeldSession | Refusal:
    """What a function does with the session that one of its variables holds, and the form of that."""
    forms = [one for one in requests if isinstance(one, RequestForm)]
    lasts = [one.last for one in forms]
    how = taker(Parity.IDIOMATIC)
    holding = holding_of(tree, function, name, imports, types, how, why_not_handed_on, lasts, needed_open(forms))
    if isinstance(holding, Refusal):
        return holding
    return HeldSession(
        form=holding.form,
        is_parameter=isinstance(holding.form, GivenForm),
        requests=holding.requests,
        handings=holding.handings,
        notes=tuple(dict.fromkeys((NOTE, *(note for use in holding.uses for note in use.notes)))),
    )


def add_held_edits(edits: Edits, imports: FileImports, form: object, settings: Sequence[str]) -> None:
    """Adds the edits of a variable that holds a session, other than those of its requests."""
    if isinstance(form, SessionForm):
        add_session_edits(edits, imports, form)
        return
    assert isinstance(form, GivenForm)
    add_uses(edits, imports, form.uses)
    if form.annotation is not None:
        add_class(edits, imports, form.annotation, "httpx", "AsyncClient")
