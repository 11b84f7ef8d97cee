"""What a function reads and writes that other tasks see as well, in the order in which it does so.

The order is that of the text, within a statement that of evaluation (The Python Language Reference, 6.16 Evaluation
order): which way a branch or a loop takes is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from codemods.tree import dotted_name


def overtaken(function: cst.FunctionDef, waiting: cst.CSTNode) -> Iterator[str]:
    """What a function reads before a place within it and writes after it, and does not read again in between.

    Other tasks may change that when the function waits at the place. Attributes of what the function gets or finds,
    what it declares global or nonlocal, and elements of either are meant, as they are written.
    """
    order = _order_of(function)
    at = order.ends.get(id(waiting))
    if at is None:
        return
    before = {name for name, is_written in order.events[:at] if not is_written}
    again: set[str] = set()
    for name, is_written in order.events[at:]:
        if not is_written:
            again.add(name)
        elif name in before - again:
            again.add(name)  # told once
            yield name


@lru_cache(maxsize=16)
def _order_of(function: cst.FunctionDef) -> _Order:
    names = _Names()
    function.body.visit(names)
    order = _Order(names, frozenset(one.name.value for one in _parameters(function.params)))
    function.body.visit(order)
    return order


def _parameters(parameters: cst.Parameters) -> Iterator[cst.Param]:
    yield from (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)


class _Names(cst.CSTVisitor):
    """The names that a function declares as those of an outer scope, and those that it binds."""

    def __init__(self) -> None:
        self.declared: set[str] = set()
        self.bound: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.bound.add(node.name.value)
        return False

    def visit_NameItem(self, node: cst.NameItem) -> None:
        self.declared.add(node.name.value)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._bind(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._bind(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._bind(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._bind(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._bind(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._bind(node.name)

    def _bind(self, target: cst.BaseExpression) -> None:
        match target:
            case cst.Name():
                self.bound.add(target.value)
            case cst.Tuple() | cst.List():
                for one in target.elements:
                    self._bind(one.value)


class _Order(cst.CSTVisitor):
    """What is read and written, and where in that order each expression has been evaluated."""

    def __init__(self, names: _Names, parameters: frozenset[str]) -> None:
        self.events: list[tuple[str, bool]] = []
        """Names with whether they are written."""
        self.ends: dict[int, int] = {}
        """By the id of a node, how many of these come before it is done."""
        self._local = names.bound - names.declared
        self._parameters = parameters

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.BaseExpression):
            self.ends[id(original_node)] = len(self.events)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        name = dotted_name(node)
        if name is None:
            return True
        self._note(name, is_written=False)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self._note(node.value, is_written=False)

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False  # a keyword is no name

    def visit_Assign(self, node: cst.Assign) -> bool:
        node.value.visit(self)
        for one in node.targets:
            self._write(one.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        if node.value is not None:
            node.value.visit(self)
            self._write(node.target)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        self._look_inside(node.target)
        self._note(_whole(node.target), is_written=False)
        node.value.visit(self)
        self._note(_whole(node.target), is_written=True)
        return False

    def visit_Del(self, node: cst.Del) -> bool:
        self._write(node.target)
        return False

    def visit_For(self, node: cst.For) -> bool:
        node.iter.visit(self)
        self._write(node.target)
        node.body.visit(self)
        if node.orelse is not None:
            node.orelse.visit(self)
        return False

    def _write(self, target: cst.BaseExpression) -> None:
        if isinstance(target, cst.Tuple | cst.List):
            for one in target.elements:
                self._write(one.value)
            return
        self._look_inside(target)
        self._note(_whole(target), is_written=True)

    def _look_inside(self, target: cst.BaseExpression) -> None:
        """Reads what tells which element is meant."""
        if isinstance(target, cst.Subscript):
            for one in target.slice:
                one.visit(self)
            self._look_inside(target.value)

    def _note(self, name: str | None, *, is_written: bool) -> None:
        """Notes a name, and when it is read all that it is asked of, where other tasks may see it."""
        root, _, rest = (name or "").partition(".")
        if not root or root in self._local or (not rest and root in self._parameters):
            return
        parts = (name or "").split(".")
        lengths = [len(parts)] if is_written else range(1, len(parts) + 1)
        self.events += [(".".join(parts[:length]), is_written) for length in lengths]


def _whole(target: cst.BaseExpression) -> str | None:
    """The name of what is written, or of what holds the element that is."""
    while isinstance(target, cst.Subscript):
        target = target.value
    return dotted_name(target)
