"""The statements that hold a request, and what a `with` statement of one names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.rules.names import NameRole, role_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree


@dataclass(frozen=True, slots=True)
class NamedItem:
    """A call that is the only item of a `with` statement, and what the statement names."""

    function: cst.FunctionDef
    statement: cst.With
    name: cst.Name


def named_item(tree: Tree, call: cst.Call) -> NamedItem | Refusal | None:
    """The `with` statement that a call is the item of; None when it is none."""
    path = tree.path(call)
    if not isinstance(path[-2], cst.WithItem):
        return None
    item, statement, function = path[-2], path[-3], enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("it stands outside of any function")
    assert isinstance(statement, cst.With)
    name = item.asname.name if item.asname is not None else None
    if len(statement.items) > 1 or statement.asynchronous is not None or not isinstance(name, cst.Name):
        return Refusal("it is not the only item of its with statement, or has no name")
    if not isinstance(path[-4], cst.IndentedBlock):
        return Refusal("it is not in a statement of its own in an indented block")
    return NamedItem(function, statement, name)


def loads_inside(
    tree: Tree, function: cst.FunctionDef, statement: cst.With, name: cst.Name
) -> list[tuple[cst.CSTNode, ...]] | Refusal:
    """The paths of all uses of what a `with` statement names; they have to be in its body."""
    loads = []
    around = tree.path(statement)
    for node in tree.all(cst.Name, function):
        if node.value != name.value or node is name:
            continue
        path = tree.path(node)
        role = role_of(path)
        if statement.body in path:
            if role in {NameRole.ASSIGNED, NameRole.BOUND}:
                return Refusal(f"{name.value} is bound again in line {tree.span(node).line}")
            loads += [path] if role is NameRole.LOAD else []
        elif role is not NameRole.OTHER and not _is_of_another_with(path, name.value, around):
            return Refusal(f"{name.value} is used outside of its with statement in line {tree.span(node).line}")
    return loads


def _is_of_another_with(path: Sequence[cst.CSTNode], name: str, around: Sequence[cst.CSTNode]) -> bool:
    """Whether the name at the end of a path is given by a `with` statement, none of those `around` this one."""
    for outer, inner in pairwise(path):
        if not isinstance(outer, cst.With):
            continue
        given = [item.asname.name for item in outer.items if item.asname is not None]
        if any(one is path[-1] for one in given):
            return True
        # what one around it names is another response once this one is done
        is_beside = inner is outer.body and outer not in around
        if is_beside and any(isinstance(one, cst.Name) and one.value == name for one in given):
            return True
    return False


def statement_index(path: Sequence[cst.CSTNode]) -> int | None:
    """Where in a path the statement stands that can be put into a block, whole."""
    for index in range(len(path) - 2, 0, -1):
        node = path[index]
        if not isinstance(node, cst.BaseStatement):
            continue
        if not isinstance(path[index - 1], cst.IndentedBlock):
            return None
        if isinstance(node, cst.SimpleStatementLine):
            return index if len(node.body) == 1 else None
        # the head of an `if` or a `for` is evaluated once, before the rest of the statement
        is_head = isinstance(node, cst.If) and path[index + 1] is node.test
        is_head = is_head or (isinstance(node, cst.For) and path[index + 1] is node.iter)
        return index if is_head else None
    return None
