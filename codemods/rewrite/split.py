"""A function as two: a sync shell with its name, parameters, decorators and docstring, and an async core with its body.

The shell stays where it is and runs the core, which follows it: all that changes are lines put in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import libcst as cst

from codemods.facts.shape import is_text
from codemods.rewrite.edits import Edits
from codemods.rewrite.import_place import leading_lines

_WIDTH = 88
"""The longest line that the common formatters leave alone."""


def add_split(edits: Edits, function: cst.FunctionDef, core: str, asyncio_name: str) -> None:
    """Has a function replaced by its shell and its core, once the edits inside it are done."""
    path = edits.tree.path(function)
    block = path[-2]
    assert isinstance(block, cst.IndentedBlock | cst.Module)
    writer = _Writer(
        edits.tree.module,
        depth=sum(isinstance(one, cst.IndentedBlock) for one in path),
        is_method=any(isinstance(one, cst.ClassDef) for one in path),
        core=core,
        run=f"{asyncio_name}.run",
    )

    def made(statements: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
        (updated,) = statements
        assert isinstance(updated, cst.FunctionDef)
        return writer.shell(updated), writer.core(updated)

    edits.wrap(block, function, function, made)


class _Writer:
    """Writes the two functions, in the manner of their module."""

    def __init__(self, module: cst.Module, *, depth: int, is_method: bool, core: str, run: str) -> None:
        self._module = module
        self._depth = depth
        self._is_method = is_method
        self._name = core
        self._run = run

    def shell(self, function: cst.FunctionDef) -> cst.FunctionDef:
        """The function as it was, but for what it does."""
        arguments = list(_arguments(function.params))
        callee = self._name
        if self._is_method:
            callee = f"{arguments.pop(0)}.{self._name}"
        line = self._statement(self._call_of_core(callee, arguments))
        body = function.body
        if not isinstance(body, cst.IndentedBlock):
            return function.with_changes(body=cst.IndentedBlock([line]))
        docstring = body.body[:1] if _is_docstring(body.body[0]) else ()
        return function.with_changes(body=body.with_changes(body=[*docstring, line], footer=()))

    def _call_of_core(self, callee: str, arguments: Sequence[str]) -> str:
        """`return asyncio.run(_core(...))`, on as many lines as it needs."""
        call = f"{callee}({', '.join(arguments)})"
        one_line = f"return {self._run}({call})"
        if self._fits(one_line, 1):
            return one_line
        if not self._fits(call, 2):
            call = self._lines(f"{callee}(", *(f"{self._indent}{one}," for one in arguments), ")")
        inner = [f"{self._indent}{one}" for one in call.split(self._module.default_newline)]
        return self._lines(f"return {self._run}(", *inner, ")")

    def core(self, function: cst.FunctionDef) -> cst.FunctionDef:
        """An async function with the body and the parameters, all of which the shell gives."""
        parameters = list(self._parameters(function.params))
        returns = self._annotation(function.returns, " -> ")
        header = f"async def {self._name}({', '.join(parameters)}){returns}:"
        if not self._fits(header, 0) and parameters:
            given = (f"{self._indent}{one}," for one in parameters)
            header = self._lines(f"async def {self._name}(", *given, f"){returns}:")
        made = self._statement(f"{header}{self._module.default_newline}{self._indent}pass")
        assert isinstance(made, cst.FunctionDef)
        body = function.body
        if isinstance(body, cst.IndentedBlock):
            first, *rest = body.body[1:] if _is_docstring(body.body[0]) else body.body
            body = body.with_changes(body=[_without_blank_lines(first), *rest], header=cst.TrailingWhitespace())
        blank = cst.EmptyLine(indent=False)
        return made.with_changes(
            body=body,
            type_parameters=function.type_parameters,
            leading_lines=[blank] if self._is_method else [blank, blank],
        )

    def _parameters(self, parameters: cst.Parameters) -> Iterator[str]:
        """The parameters without defaults: those are evaluated once, where the shell is defined."""
        for one in parameters.posonly_params:
            yield self._parameter(one)
        if parameters.posonly_params:
            yield "/"
        for one in parameters.params:
            yield self._parameter(one)
        if isinstance(parameters.star_arg, cst.Param):
            yield f"*{self._parameter(parameters.star_arg)}"
        elif parameters.kwonly_params:
            yield "*"
        for one in parameters.kwonly_params:
            yield self._parameter(one)
        if parameters.star_kwarg is not None:
            yield f"**{self._parameter(parameters.star_kwarg)}"

    def _parameter(self, parameter: cst.Param) -> str:
        return parameter.name.value + self._annotation(parameter.annotation, ": ")

    def _annotation(self, annotation: cst.Annotation | None, before: str) -> str:
        """An annotation with what stands before it; nothing for one that does something or has lines of its own."""
        if annotation is None:
            return ""
        code = self._module.code_for_node(_type_of(annotation.annotation))
        return "" if "(" in code or "\n" in code or "\r" in code else before + code

    def _statement(self, code: str) -> cst.BaseStatement:
        made = cst.parse_statement(code + self._module.default_newline, self._module.config_for_parsing)
        assert isinstance(made, cst.BaseStatement)
        return made

    @property
    def _indent(self) -> str:
        return self._module.default_indent

    def _fits(self, line: str, depth: int) -> bool:
        return len((self._indent * (self._depth + depth)).expandtabs(4)) + len(line) <= _WIDTH

    def _lines(self, *lines: str) -> str:
        return self._module.default_newline.join(lines)


def _arguments(parameters: cst.Parameters) -> Iterator[str]:
    """What hands on every parameter, as the arguments of a call."""
    for one in chain(parameters.posonly_params, parameters.params):
        yield one.name.value
    if isinstance(parameters.star_arg, cst.Param):
        yield f"*{parameters.star_arg.name.value}"
    for one in parameters.kwonly_params:
        yield f"{one.name.value}={one.name.value}"
    if parameters.star_kwarg is not None:
        yield f"**{parameters.star_kwarg.name.value}"


def _type_of(annotation: cst.BaseExpression) -> cst.BaseExpression:
    """The type within `Annotated[type, what a library reads]`: the library reads the shell's."""
    match annotation:
        case cst.Subscript(value=cst.Name(value="Annotated") | cst.Attribute(attr=cst.Name(value="Annotated"))):
            first = annotation.slice[0].slice
            return first.value if isinstance(first, cst.Index) else annotation
    return annotation


def _is_docstring(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and is_text(statement.body[0])


def _without_blank_lines(statement: cst.BaseStatement) -> cst.BaseStatement:
    """A statement that comes first in its block now."""
    lines = list(leading_lines(statement))
    while lines and lines[0].comment is None:
        del lines[0]
    return statement.with_changes(leading_lines=lines)
