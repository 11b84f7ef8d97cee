"""The statements that hold a request, and what a `with` statement of one names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import libcst as cst

from codemods.rules.names import NameRole, role_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree


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
