"""Writes a session as a client of httpx, and what is done with it besides its requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import libcst as cst

from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.adjustments import Adjustment, NameOf, assignment, dotted
from codemods.rules.requests_calls.certificates import OwnCertificate
from codemods.rules.requests_calls.kept_edits import add_kept_session
from codemods.rules.requests_calls.kept_sessions import KeptForm
from codemods.rules.requests_calls.session_blocks import (
    NewSession,
    add_session_block,
    replace_statement,
    take_out_statement,
    value_set,
)
from codemods.rules.requests_calls.session_uses import SessionChange, SessionUse
from codemods.rules.requests_calls.sessions import SessionForm
from codemods.rules.requests_httpx.arguments import SHARED_SETTINGS
from codemods.rules.requests_httpx.session_uses import AdjustedUse


def add_session_edits(edits: Edits, imports: FileImports, form: SessionForm | KeptForm) -> None:
    """Adds the edits of a session that a function or an object makes, and of all that is done with it but requests."""
    made = edits.tree.at(form.made, cst.Call)
    assert made is not None, form
    imports.release(made.func, "httpx")
    name_of = cache(lambda module: imports.name_of(module, made))
    settings = cst.ensure_type(cst.parse_expression(f"client({SHARED_SETTINGS})"), cst.Call).args
    told = [use for use in form.uses if use.change is SessionChange.TOLD and isinstance(use, AdjustedUse)]
    given = [argument for use in told for argument in _given(edits, use, name_of)]
    before = [statement for use in told for statement in _before(edits, use, name_of)]
    client = cst.Call(dotted(f"{name_of('httpx')}.AsyncClient"), [*settings, *given])
    session = NewSession("httpx", client, "aclose", before)
    if isinstance(form, KeptForm):
        add_kept_session(edits, form, imports, session)
    else:
        add_session_block(edits, form, session)
    add_uses(edits, imports, form.uses)


def add_uses(edits: Edits, imports: FileImports, uses: Sequence[SessionUse]) -> None:
    """Adds the edits of all that is done with a session besides its requests."""
    for use in uses:
        match use.change:
            case SessionChange.GONE | SessionChange.TOLD:
                take_out_statement(edits, use)
            case SessionChange.VARIABLE:
                assert use.variable is not None, use
                replace_statement(edits, use, partial(_kept, use.variable))
            case SessionChange.EVERY_COOKIE:
                node = edits.tree.at(use.node, cst.Call)
                assert node is not None, use
                edits.replace(node, _every_cookie)
            case SessionChange.LOGIN:
                assert isinstance(use, AdjustedUse)
                _add_login(edits, imports, use)


def _kept(variable: str, value: cst.BaseExpression) -> Sequence[cst.SimpleStatementLine]:
    return [assignment(cst.Name(variable), value)]


def _value(edits: Edits, use: AdjustedUse) -> cst.BaseExpression:
    statement = edits.tree.at(use.node, cst.BaseSmallStatement)  # type: ignore[type-abstract]
    assert statement is not None, use
    return value_set(statement)


def _adjustment(use: AdjustedUse) -> Adjustment:
    """What becomes of what is set; a certificate is in the variable of its use."""
    if isinstance(use.adjustment, OwnCertificate):
        assert use.variable is not None, use
        return replace(use.adjustment, context=use.variable)
    return use.adjustment


def _given(edits: Edits, use: AdjustedUse, name_of: NameOf) -> Iterator[cst.Arg]:
    """The arguments that tell the client what is set."""
    assert use.argument is not None, use
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    argument = cst.Arg(_value(edits, use), keyword=cst.Name(use.argument), equal=tight)
    yield from _adjustment(use).written(argument, name_of)


def _before(edits: Edits, use: AdjustedUse, name_of: NameOf) -> Iterator[cst.BaseStatement]:
    """What has to be done for that before the client is made."""
    assert use.argument is not None, use
    yield from _adjustment(use).statements({use.argument: _value(edits, use)}, name_of)


def _add_login(edits: Edits, imports: FileImports, use: AdjustedUse) -> None:
    """`client.auth = httpx.BasicAuth(user, password)`."""
    value = edits.tree.at(use.node, cst.Call)
    assert value is not None, use
    for gone in use.adjustment.gone(cst.Arg(value)):
        imports.release(gone, None)
    name_of = cache(lambda module: imports.name_of(module, value))
    name_of("httpx")  # before it is decided which imports go

    def written(updated: cst.CSTNode) -> cst.CSTNode:
        (argument,) = use.adjustment.written(cst.Arg(cst.ensure_type(updated, cst.Call)), name_of)
        return argument.value

    edits.replace(value, written)


def _every_cookie(node: cst.CSTNode) -> cst.CSTNode:
    """`{one.name: one.value for one in client.cookies.jar}`: a dict of them refuses one that is there twice."""
    call = cst.ensure_type(node, cst.Call)
    cookies = cst.ensure_type(call.func, cst.Attribute).value
    one = cst.Name("one")
    jar = cst.Attribute(cookies, cst.Name("jar"))
    return cst.DictComp(
        cst.Attribute(one, cst.Name("name")), cst.Attribute(one, cst.Name("value")), cst.CompFor(one, jar)
    )
