"""Sessions that functions hand on: what each does with the variable that holds one, and how that is written.

Source: the verified table, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_aiohttp.blocks import add_session_edits
from codemods.rules.requests_aiohttp.session_edits import add_session_use
from codemods.rules.requests_aiohttp.sessions import NOTE, STRICT_NOTE, TAKER
from codemods.rules.requests_aiohttp.settings import Setting
from codemods.rules.requests_calls.client import HeldSession
from codemods.rules.requests_calls.handling import NativeRequest
from codemods.rules.requests_calls.held_sessions import GivenForm, holding_of
from codemods.rules.requests_calls.received_edits import add_class
from codemods.rules.requests_calls.session_uses import SessionChange, SessionUse
from codemods.rules.requests_calls.sessions import (
    LocalSession,
    SessionForm,
)
from codemods.rules.rule import Refusal, SettingNotes
from codemods.tree import Tree

_DEPENDS = SettingNotes(Setting.COOKIES.value, told=STRICT_NOTE, untold=NOTE)


def why_not_handed_on(session: LocalSession) -> Refusal | None:
    """Why a session that a function makes cannot be used by other functions; None when it can."""
    for use in session.uses:
        if use.argument is not None or use.keyword is not None or use.change is SessionChange.LOGIN:
            where = f"in line {use.node.line}"
            return Refusal(
                f"its session {session.name} is handed on, and is set up {where} in a way that holds there too"
            )
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
    lasts, needed = [one.last for one in requests], [use.node for one in requests for use in one.uses]
    holding = holding_of(tree, function, name, imports, types, TAKER, why_not_handed_on, lasts, needed)
    if isinstance(holding, Refusal):
        return holding
    form = holding.form
    asked = tuple(dict.fromkeys(use.setting for use in holding.uses if use.setting is not None))
    if isinstance(form, SessionForm):
        form = replace(form, settings=asked)
    is_parameter = isinstance(form, GivenForm)
    return HeldSession(
        form=form,
        is_parameter=is_parameter,
        requests=holding.requests,
        handings=holding.handings,
        settings=tuple(one for one in asked if one == Setting.COOKIES),
        notes=tuple(dict.fromkeys(note for use in holding.uses for note in use.notes)),
        depends=None if is_parameter else _DEPENDS,
    )


def add_held_edits(edits: Edits, imports: FileImports, form: object, settings: Sequence[str]) -> None:
    """Adds the edits of a variable that holds a session, other than those of its requests."""
    if isinstance(form, SessionForm):
        told = (*form.settings, *(Setting(one) for one in settings))
        add_session_edits(edits, imports, replace(form, settings=tuple(dict.fromkeys(told))))
        return
    assert isinstance(form, GivenForm)
    for use in form.uses:
        add_session_use(edits, use, partial(_needs_no_import, use), imports.release)
    if form.annotation is not None:
        add_class(edits, imports, form.annotation, "aiohttp", "ClientSession")


def _needs_no_import(use: SessionUse, module: str) -> str:
    raise AssertionError(f"{use.change} is written without {module}")
