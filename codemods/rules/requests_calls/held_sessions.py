"""Sessions that functions hand on: what each does with the variable that holds one.

Source: the verified table, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.rules.requests_calls.session_uses import SessionUse, Types
from codemods.rules.requests_calls.sessions import (
    GivenSession,
    LocalSession,
    SessionForm,
    SessionTaker,
    session_form,
    session_named,
)
from codemods.rules.rule import Handing, Refusal
from codemods.tree import Tree


@dataclass(frozen=True, slots=True)
class GivenForm:
    """The native form of a parameter that holds a session."""

    name: str
    annotation: Span | None
    """What names its class."""
    uses: tuple[SessionUse, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """What a function does with the session that one of its variables holds, and the form of that."""

    form: SessionForm | GivenForm
    uses: Sequence[SessionUse]
    requests: frozenset[Span]
    handings: tuple[Handing, ...]


def holding_of(
    tree: Tree,
    function: cst.FunctionDef,
    name: str,
    imports: ImportedNames,
    types: Types,
    taker: SessionTaker,
    why_not_handed_on: Callable[[LocalSession], Refusal | None],
    lasts: Sequence[Span],
    needed: Sequence[Span],
) -> Holding | Refusal:
    """What a function does with the session that one of its variables holds; see `session_form` for the last two."""
    session = session_named(tree, function, name, imports, types, set(), taker)
    if isinstance(session, Refusal):
        return session
    form: SessionForm | GivenForm | Refusal
    if isinstance(session, GivenSession):
        annotation = tree.span(session.annotation) if session.annotation is not None else None
        form = GivenForm(name, annotation, tuple(session.uses))
    else:
        form = why_not_handed_on(session) or session_form(tree, session, lasts, needed)
    if isinstance(form, Refusal):
        return form
    return Holding(
        form,
        session.uses,
        requests=frozenset(tree.span(call) for call in session.requests),
        handings=tuple(Handing(tree.span(tree.path(one)[-2]), tree.span(one.value)) for one in session.handings),
    )
