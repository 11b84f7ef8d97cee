"""Writes the session that an object makes for itself, and how the object is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import libcst as cst

from codemods.facts.syntax import function_named_at
from codemods.model import Span
from codemods.rewrite.edits import Edits, awaited
from codemods.rewrite.imports import FileImports
from codemods.rules.requests_calls.adjustments import dotted
from codemods.rules.requests_calls.kept_sessions import KeptForm
from codemods.rules.requests_calls.own_ways import first_parameter
from codemods.rules.requests_calls.session_blocks import NewSession, behind, class_in_place_of, renamed_call


def add_kept_session(edits: Edits, form: KeptForm, imports: FileImports, session: NewSession) -> None:
    """Adds the edits of a class whose objects keep a session of their own."""
    tree = edits.tree
    made = tree.at(form.made, cst.Call)
    name = tree.at(form.init, cst.Name)
    assert made is not None, form
    assert name is not None, form
    edits.replace(made, lambda node: session.made)
    path = tree.path(made)
    assign = path[-2]
    if isinstance(assign, cst.AnnAssign):
        imports.release(assign.annotation.annotation, session.module)
        edits.replace(assign.annotation.annotation, lambda node: class_in_place_of(node, session.made.func))
    init = next(node for node in path if isinstance(node, cst.FunctionDef) and node.name is name)
    block = path[path.index(init) - 1]
    owner = path[path.index(init) - 2]
    assert isinstance(block, cst.IndentedBlock)
    assert isinstance(owner, cst.ClassDef)
    if session.before:
        line = path[-3]
        assert isinstance(line, cst.SimpleStatementLine)
        assert isinstance(init.body, cst.IndentedBlock)
        edits.wrap(init.body, line, line, lambda statements: behind(session.before, statements))
    if form.way is not None:
        _change_way(edits, form.way, form.closes, session.close)
        return
    methods = tuple(_methods(init, owner, form.attribute, session.close))
    edits.wrap(block, init, init, lambda statements: [*statements, *methods])


def _change_way(edits: Edits, way: tuple[Span, Span], closes: Span | None, close: str) -> None:
    """Has a class closed by `async with` that was closed by `with`."""
    for span, new in zip(way, ("__aenter__", "__aexit__"), strict=True):
        method = function_named_at(edits.tree, span)
        assert method is not None, span
        edits.replace(method, partial(_renamed, new))
    if closes is not None:
        call = edits.tree.at(closes, cst.Call)
        assert call is not None, closes
        edits.replace(call, lambda node: awaited(renamed_call(node, close)))


def _renamed(name: str, method: cst.CSTNode) -> cst.CSTNode:
    return method.with_changes(name=cst.Name(name), asynchronous=cst.Asynchronous())


def _methods(init: cst.FunctionDef, owner: cst.ClassDef, attribute: str, close: str) -> Iterator[cst.FunctionDef]:
    """`__aenter__` and `__aexit__`, with annotations where `__init__` has one."""
    own = first_parameter(init)
    assert own is not None, owner
    is_annotated = init.returns is not None
    closed = cst.Call(dotted(f"{own}.{attribute}.{close}"))
    gives = cst.Annotation(cst.SimpleString(f'"{owner.name.value}"')) if is_annotated else None
    yield _method("__aenter__", [cst.Param(cst.Name(own))], cst.Return(cst.Name(own)), gives)
    anything = cst.Annotation(cst.Name("object")) if is_annotated else None
    rest = cst.Param(cst.Name("exception"), anything, star="*")
    nothing = cst.Annotation(cst.Name("None")) if is_annotated else None
    yield _method("__aexit__", [cst.Param(cst.Name(own))], cst.Expr(cst.Await(closed)), nothing, rest)


def _method(
    name: str,
    parameters: Sequence[cst.Param],
    does: cst.BaseSmallStatement,
    returns: cst.Annotation | None,
    rest: cst.Param | None = None,
) -> cst.FunctionDef:
    return cst.FunctionDef(
        cst.Name(name),
        cst.Parameters(params=parameters, star_arg=rest if rest is not None else cst.MaybeSentinel.DEFAULT),
        cst.IndentedBlock([cst.SimpleStatementLine([does])]),
        returns=returns,
        asynchronous=cst.Asynchronous(),
        leading_lines=[cst.EmptyLine(indent=False)],
    )
