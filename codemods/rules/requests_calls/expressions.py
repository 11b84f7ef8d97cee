"""What the expression of an argument shows of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import libcst as cst

from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.model import Span
from codemods.rules.names import is_bound_but_by_imports
from codemods.tree import Tree, dotted_name


def literal_parts(value: cst.BaseExpression) -> Iterator[str]:
    """The text that is visible in a string or an f-string."""
    match value:
        case cst.SimpleString():
            text = value.evaluated_value
            yield text if isinstance(text, str) else text.decode("latin-1")
        case cst.ConcatenatedString():
            yield from literal_parts(value.left)
            yield from literal_parts(value.right)
        case cst.FormattedString():
            for part in value.parts:
                if isinstance(part, cst.FormattedStringText):
                    yield part.value


def type_of(tree: Tree, value: cst.BaseExpression, types: Mapping[Span, str]) -> str | None:
    """What the checker says of a value; None when that is nothing."""
    kind = types.get(tree.span(value))
    if kind in {None, "Unknown", "typing.Any", "Any"}:
        return None
    return f"{kind} | None" if _may_be_none_by_default(tree, value) else kind


def _may_be_none_by_default(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether a value is a parameter with the default None, whatever its annotation says."""
    if not isinstance(value, cst.Name):
        return False
    function = enclosing_function(tree.path(value))
    if function is None:
        return False
    parameters = (*function.params.params, *function.params.kwonly_params)
    return any(one.name.value == value.value and is_name(one.default, "None") for one in parameters)


def is_name(value: cst.BaseExpression | None, name: str) -> bool:
    """Whether an expression is just a name, such as None."""
    return isinstance(value, cst.Name) and value.value == name


def imported_name(tree: Tree, node: cst.BaseExpression) -> str | None:
    """What a dotted name stands for that starts with an import; None when its first part may mean something else.

    A built-in function is its own name.
    """
    name, written = ImportedNames(tree).resolve(node), dotted_name(node)
    if written is None or is_bound_but_by_imports(tree, written.partition(".")[0], node):
        return None
    return name


def unquoted(written: cst.BaseExpression) -> cst.BaseExpression:
    """What a string says that is nothing but a dotted name; anything else as it is."""
    text = written.evaluated_value if isinstance(written, cst.SimpleString) else None
    if not isinstance(text, str) or re.fullmatch(r"\w+(?:\.\w+)*", text) is None:
        return written
    return cst.parse_expression(text)
