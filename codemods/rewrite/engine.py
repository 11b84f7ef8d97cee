"""Rewrites one module as the plan decided: every action at its place, then the imports."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Action, Question, Span
from codemods.planning.handlers import HandlerChange
from codemods.planning.plan import AsyncStatement, CoreCall, Decision
from codemods.rewrite.async_statements import add_async
from codemods.rewrite.consumption import Consumptions
from codemods.rewrite.edits import Edits, awaited, threaded, through_run
from codemods.rewrite.imports import FileImports
from codemods.rewrite.module_edits import ModuleEdits
from codemods.rewrite.recoloring import Recoloring, function_named
from codemods.rewrite.sessions import add_handing, add_making, add_opening, add_parameter, statements_at
from codemods.rewrite.split import add_split
from codemods.rewrite.twins import name_twin
from codemods.rules.consumption import Consumed
from codemods.rules.nested_loop import WhatItRuns
from codemods.rules.requests_calls.client import Client
from codemods.rules.requests_calls.exceptions import is_of_requests, parts_of
from codemods.rules.requests_calls.handling import NativeResponse
from codemods.rules.requests_calls.questions import Answers, asked_anew
from codemods.rules.rule import Awaited, CalleeSwap
from codemods.tree import Tree


def rewrite(tree: Tree, wanted: ModuleEdits, client: Client) -> str:
    """The text of the module after its edits; the same text when there are none.

    `client` takes the place of requests.

    Raises `libcst.CSTValidationError` when an edit would print something that is no Python, and LookupError when
    a place of the plan is not in the tree.
    """
    edits = Edits(tree)
    imports = FileImports(tree, wanted.is_used_elsewhere)
    for handing in wanted.handings:
        add_handing(edits, _call(tree, handing.call), handing.parameter, handing.name)
    consumptions = Consumptions(edits)
    for decision in wanted.decisions:
        if isinstance(decision.native, Consumed):
            consumptions.add(decision.native)
        else:
            _add(edits, imports, decision, client)
    consumptions.finish()
    for response in wanted.responses:
        assert isinstance(response.form, NativeResponse), response
        client.add_edits(edits, imports, response.form, None)
    for holder in wanted.holders:
        assert client.held is not None, client.module
        client.held.add_edits(edits, imports, holder.form, holder.settings)
    names = ImportedNames(tree) if wanted.twin_names else None
    for one in wanted.twin_names:
        assert names is not None
        name_twin(edits, imports, names, one)
    for opening in wanted.openings:
        block, first, last = statements_at(tree, opening.first, opening.last)
        made = f"{imports.name_of(client.module, first)}.{client.session.type}({client.session.settings})"
        add_opening(edits, block, first, last, made, opening.name)
    for making in wanted.makings:
        assert making.first is not None and making.last is not None, making
        add_making(edits, *statements_at(tree, making.first, making.last), is_with=making.is_with)
    for span, name in wanted.parameters:
        function = function_named(tree, span)
        kind = f"{imports.name_of(client.module, function)}.{client.session.type}"
        add_parameter(edits, function, name, kind)
    recoloring = Recoloring(edits, imports, consumptions.yielded)
    for recolored in wanted.recolored:
        recoloring.add(recolored.name, recolored.async_form, stays_def=recolored.stays_def)
    for span, core in wanted.splits:
        function = function_named(tree, span)
        add_split(edits, function, core, imports.name_of("asyncio", function.body.body[0]))
    for handler in wanted.handlers:
        _change_handler(edits, imports, handler, client)
    if edits.is_empty:
        return tree.module.code
    imports.add_edits(edits)
    return imports.insert(edits.apply()).code


def _add(edits: Edits, imports: FileImports, decision: Decision, client: Client) -> None:
    match decision.finding.action:
        case Action.NATIVE:
            _add_native(edits, imports, decision, client)
        case Action.AWAITED if isinstance(decision.native, AsyncStatement):
            add_async(edits, decision.span)
        case Action.AWAITED if isinstance(decision.native, WhatItRuns):
            run = _call(edits.tree, decision.span)
            imports.release(run.func, None)
            edits.replace(run, lambda node: awaited(_as_call(node).args[0].value))
        case Action.AWAITED:
            call = _call(edits.tree, decision.span)
            if isinstance(decision.native, CoreCall):
                core = decision.native.core
                edits.replace(call, lambda node: _calling(_as_call(node), core))
            edits.replace(call, _expression(awaited))
            if isinstance(decision.native, NativeResponse):
                client.add_edits(edits, imports, decision.native, None)
        case Action.OFFLOADED:
            call = _call(edits.tree, decision.span)
            asyncio = imports.name_of("asyncio", call)
            edits.replace(call, lambda node: threaded(_as_call(node), asyncio))
        case Action.BRIDGED:
            call = _call(edits.tree, decision.span)
            asyncio = imports.name_of("asyncio", call)
            edits.replace(call, _expression(lambda node: through_run(node, asyncio)))
        case Action.LEFT:
            pass


def _add_native(edits: Edits, imports: FileImports, decision: Decision, client: Client) -> None:
    call = _call(edits.tree, decision.span)
    match decision.native:
        case CalleeSwap(callee=callee):
            module, _, name = callee.rpartition(".")
            twin = cst.Attribute(cst.Name(imports.name_of(module, call)), cst.Name(name))
            imports.release(call.func, module)
            edits.replace(call, lambda node: awaited(_as_call(node).with_changes(func=twin)))
        case Awaited(method=method):
            if method is not None:
                name = _member_name(imports, call, method)
                edits.replace(call, lambda node: _calling(_as_call(node), name))
            edits.replace(call, _expression(awaited))
        case NativeResponse() as form:
            client.add_edits(edits, imports, form, decision.session)
        case unknown:
            raise TypeError(f"no rewrite for {unknown!r}")


def _change_handler(edits: Edits, imports: FileImports, change: HandlerChange, client: Client) -> None:
    node = edits.tree.expression(change.span)
    if node is None:
        raise LookupError(f"no handler stands in line {change.span.line}")
    made = client.exceptions.rewritten(
        node,
        change.kinds,
        lambda module: imports.name_of(module, node),
        keeps_old=change.keeps_old,
        decodes=change.decodes,
    )
    for part, kind in zip(parts_of(node), change.kinds, strict=True):
        if not change.keeps_old and is_of_requests(kind):
            imports.release(part, client.module)
    edits.replace(node, lambda updated: made)
    for question in change.questions:
        _ask_anew(edits, imports, question, client.exceptions.answers, keeps_old=change.keeps_old)


def _ask_anew(edits: Edits, imports: FileImports, question: Question, answers: Answers, *, keeps_old: bool) -> None:
    node = edits.tree.expression(question.span)
    if node is None:
        raise LookupError(f"nothing is asked of an exception in line {question.span.line}")
    module, _, last = answers.kind.rpartition(".")
    kind = f"{imports.name_of(module, node)}.{last}"
    edits.replace(node, _expression(lambda asking: asked_anew(asking, question, answers, kind, keeps_old=keeps_old)))


def _call(tree: Tree, span: Span) -> cst.Call:
    call = tree.at(span, cst.Call)
    if call is None:
        raise LookupError(f"no call stands in line {span.line}, column {span.column}")
    return call


def _member_name(imports: FileImports, call: cst.Call, member: str) -> str:
    """What is to be called instead of a callee: an attribute of the same, or another name of its module."""
    if not isinstance(call.func, cst.Name):
        return member
    made = imports.member_beside(call.func, member, call)
    imports.release(call.func, None)
    return cst.ensure_type(made, cst.Name).value


def _calling(call: cst.Call, name: str) -> cst.Call:
    """A call of what has another name beside its callee."""
    if isinstance(call.func, cst.Attribute):
        return call.with_changes(func=call.func.with_changes(attr=cst.Name(name)))
    return call.with_changes(func=cst.Name(name))


def _as_call(node: cst.CSTNode) -> cst.Call:
    assert isinstance(node, cst.Call)
    return node


def _expression(
    change: Callable[[cst.BaseExpression], cst.BaseExpression],
) -> Callable[[cst.CSTNode], cst.CSTNode]:
    def changed(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.BaseExpression)
        return change(node)

    return changed
