"""Which handlers stand around a place, and which exceptions they catch."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import Span
from codemods.tree import Tree, dotted_name

_CATCHING = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex", "ignored"})
"""The last parts of the names of context managers that catch the exceptions they are given."""


@dataclass(frozen=True, slots=True)
class Clause:
    """An `except`, or a context manager such as `suppress`, around a place in the same function."""

    span: Span
    """The expression that names the exceptions."""
    text: str
    """As written: `except requests.Timeout`."""
    kinds: tuple[str | None, ...]
    """The classes by the name of their definition, built-in ones bare: `requests.exceptions.Timeout`, `OSError`.

    One that stands for several has all of them: `KeyError | OSError`. None for what is no class that can be told.
    """
    handler: cst.ExceptHandler | cst.ExceptStarHandler | None
    """None for a context manager."""


class ExceptionNames:
    """Which classes the expressions of a file's handlers mean."""

    def __init__(self, tree: Tree, imports: ImportedNames, types: Callable[[], Mapping[Span, str]]) -> None:
        """`types` gives the types of the file's expressions, as the checker writes them; asked only when needed."""
        self._tree = tree
        self._imports = imports
        self._types = types
        self._assigned = {
            target.target.value
            for node in tree.all(cst.Assign)
            for target in node.targets
            if isinstance(target.target, cst.Name)
        } | {node.name.value for node in tree.all(cst.ClassDef)}

    def kinds(self, node: cst.BaseExpression) -> Iterator[str | None]:
        """The classes that an expression names, in order."""
        if isinstance(node, cst.Tuple):
            for element in node.elements:
                if isinstance(element, cst.StarredElement):
                    yield None
                else:
                    yield from self.kinds(element.value)
            return
        dotted = self._imports.resolve(node)
        if isinstance(node, cst.Name):
            built_in = getattr(builtins, node.value, None)
            if dotted == node.value and node.value not in self._assigned and isinstance(built_in, type):
                yield built_in.__name__  # IOError is another name of OSError
                return
            yield from self._typed(node, dotted)
            return
        # a name in capitals is a constant: some tuple of classes
        yield None if dotted is None or dotted.rpartition(".")[2].isupper() else dotted

    def _typed(self, node: cst.Name, dotted: str | None) -> Iterator[str | None]:
        kind = self._types().get(self._tree.span(node), "Unknown")
        classes = re.findall(r"type\[([\w.]+)\]", kind)
        if classes and "Unknown" not in kind:
            yield " | ".join(classes)
        elif dotted is None or dotted == node.value or node.value.isupper():
            yield None
        else:
            yield dotted


def clauses_around(tree: Tree, path: Sequence[cst.CSTNode], names: ExceptionNames) -> Iterator[Clause]:
    """The clauses around the last node of a path, innermost first, within the function that it stands in."""
    for outer, inner in reversed(list(pairwise(path))):
        if inner is not getattr(outer, "body", None):
            continue
        if isinstance(outer, cst.FunctionDef | cst.Lambda):
            return
        if isinstance(outer, cst.Try | cst.TryStar):
            for handler in outer.handlers:
                if handler.type is not None:
                    yield _clause(tree, handler.type, "except", tuple(names.kinds(handler.type)), handler)
        if isinstance(outer, cst.With):
            for item in outer.items:
                yield from _caught_by_manager(tree, item.item, names)


def _caught_by_manager(tree: Tree, manager: cst.BaseExpression, names: ExceptionNames) -> Iterator[Clause]:
    if not isinstance(manager, cst.Call):
        return
    callee = dotted_name(manager.func) or ""
    catches = callee.rpartition(".")[2] in _CATCHING
    for argument in manager.args:
        if not isinstance(argument.value, cst.Name | cst.Attribute | cst.Tuple):
            continue
        kinds = tuple(names.kinds(argument.value))
        if catches or any(kind is not None and _may_be_exception(kind) for kind in kinds):
            yield _clause(tree, argument.value, callee, kinds, None)


def _may_be_exception(kind: str) -> bool:
    """Whether a name is spelled like an exception's: what is passed to other context managers rarely is one."""
    return re.search(r"(?:Error|Exception|Timeout|Interrupt)s?\Z", kind) is not None


def _clause(
    tree: Tree,
    node: cst.BaseExpression,
    word: str,
    kinds: tuple[str | None, ...],
    handler: cst.ExceptHandler | cst.ExceptStarHandler | None,
) -> Clause:
    span = tree.span(node)
    named = " ".join(tree.lines.slice(span).split())
    text = f"{word} ({named})" if isinstance(node, cst.Tuple) else f"{word} {named}"
    return Clause(span, text, kinds, handler)
