"""Writes functions that change color: coroutine functions, async generators, and what hands on what those give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import libcst as cst

from codemods.facts.generators import ENTERING, ITERATING, AsyncForm
from codemods.facts.syntax import ImportedNames, enclosing_function, function_named_at
from codemods.model import Span
from codemods.rewrite.async_statements import made_async
from codemods.rewrite.consumption import ITEM
from codemods.rewrite.edits import Edits
from codemods.rewrite.import_place import leading_lines
from codemods.rewrite.imports import FileImports
from codemods.rules.names import free_name
from codemods.tree import Tree

_ABSTRACT = {
    "Iterator": "AsyncIterator",
    "Iterable": "AsyncIterable",
    "Generator": "AsyncGenerator",
    "ContextManager": "AsyncContextManager",
    "AbstractContextManager": "AbstractAsyncContextManager",
}
_MODULES = ("typing", "typing_extensions", "collections.abc", "contextlib")
_ANNOTATED = {f"{module}.{name}": made for module in _MODULES for name, made in _ABSTRACT.items()}
"""What functions are annotated to give, and what they give once they are async."""


class Recoloring:
    """Has functions of one module change color."""

    def __init__(self, edits: Edits, imports: FileImports, yielded: Collection[int]) -> None:
        """`yielded` holds the ids of the expressions that are async iterators, each item of which is yielded."""
        self._edits = edits
        self._tree = edits.tree
        self._imports = imports
        self._names = ImportedNames(edits.tree)
        self._yielded = yielded

    def add(self, span: Span, async_form: AsyncForm, *, stays_def: bool) -> None:
        """Has the function whose name stands at a span become async.

        `stays_def` says that it only hands on what others give.
        """
        function = function_named(self._tree, span)
        if not stays_def:
            self._edits.replace(function, made_async)
        if async_form is AsyncForm.AWAITED:
            return
        for node in self._tree.all(cst.Yield, function):
            if isinstance(node.value, cst.From) and enclosing_function(self._tree.path(node)) is function:
                self._yield_each(function, node, node.value.item)
        entering = ENTERING.get(function.name.value)
        if entering is not None:
            if not stays_def:
                self._edits.replace(function, lambda node: node.with_changes(name=cst.Name(entering)))
            return
        if async_form is AsyncForm.ENTERED:
            self._change_decorator(function)
        if function.name.value == ITERATING:
            self._edits.replace(function, lambda node: node.with_changes(name=cst.Name("__aiter__")))
        if function.returns is not None:
            self._annotate(function.returns.annotation)

    def _yield_each(self, function: cst.FunctionDef, node: cst.Yield, iterator: cst.BaseExpression) -> None:
        """`for item in iterator: yield item` instead of `yield from`, which no async generator has."""
        path = self._tree.path(node)
        block, line = path[-4], path[-3]
        assert isinstance(block, cst.IndentedBlock)
        assert isinstance(line, cst.SimpleStatementLine)
        name = free_name(function, ITEM)
        asynchronous = cst.Asynchronous() if id(iterator) in self._yielded else None

        def looping(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
            (statement,) = statements
            assert isinstance(statement, cst.SimpleStatementLine)
            given = cst.ensure_type(cst.ensure_type(statement.body[0], cst.Expr).value, cst.Yield).value
            inside = cst.SimpleStatementLine([cst.Expr(cst.Yield(cst.Name(name)))])
            loop = cst.For(
                cst.Name(name),
                cst.ensure_type(given, cst.From).item,
                cst.IndentedBlock([inside], header=statement.trailing_whitespace),
                asynchronous=asynchronous,
                leading_lines=leading_lines(statement),
            )
            return [loop]

        self._edits.wrap(block, line, line, looping)

    def _change_decorator(self, function: cst.FunctionDef) -> None:
        for decorator in function.decorators:
            written = decorator.decorator
            if self._names.resolve(written) == "contextlib.contextmanager":
                self._swap(written, "asynccontextmanager")

    def _annotate(self, annotation: cst.BaseExpression) -> None:
        """Has an annotation name the async kind of what it names; one that is not understood stays."""
        match annotation:
            case cst.Subscript(value=base):
                kind = self._async_kind(base)
                if kind == "AsyncGenerator" and len(annotation.slice) == 3:
                    self._edits.replace(annotation, _without_result)
            case cst.SimpleString():
                self._annotate_text(annotation)
                return
            case base:
                kind = self._async_kind(base)
        if kind is not None:
            self._swap(base, kind)

    def _annotate_text(self, annotation: cst.SimpleString) -> None:
        text = annotation.raw_value
        name = text.partition("[")[0].strip()
        kind = self._async_kind(cst.parse_expression(name)) if name.replace(".", "").isidentifier() else None
        if kind is None or kind == "AsyncGenerator":
            return
        made = self._imports.member_beside(cst.parse_expression(name), kind, annotation)
        written = self._tree.module.code_for_node(made) + text[text.index(name) + len(name) :]
        quoted = annotation.with_changes(value=annotation.prefix + annotation.quote + written + annotation.quote)
        self._imports.release(annotation, None)
        self._edits.replace(annotation, lambda node: quoted)

    def _async_kind(self, base: cst.BaseExpression) -> str | None:
        return _ANNOTATED.get(self._names.resolve(base) or "")

    def _swap(self, expression: cst.BaseExpression, name: str) -> None:
        made = self._imports.member_beside(expression, name, expression)
        self._imports.release(expression, None) if isinstance(expression, cst.Name) else None
        self._edits.replace(expression, partial(_as_written, made))


def _as_written(made: cst.BaseExpression, node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.BaseExpression)
    return made.with_changes(lpar=node.lpar, rpar=node.rpar)


def _without_result(node: cst.CSTNode) -> cst.CSTNode:
    """`AsyncGenerator[item, sent]`: it returns nothing."""
    generator = cst.ensure_type(node, cst.Subscript)
    item, sent, _ = generator.slice
    return generator.with_changes(slice=[item, sent.with_changes(comma=cst.MaybeSentinel.DEFAULT)])


def function_named(tree: Tree, span: Span) -> cst.FunctionDef:
    """The function whose name stands at a span. Raises LookupError when there is none."""
    function = function_named_at(tree, span)
    if function is None:
        raise LookupError(f"no function is named in line {span.line}")
    return function
