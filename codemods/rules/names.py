"""What a name in the tree does: is it read, assigned, or bound in some other way?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import libcst as cst


class NameRole(Enum):
    """What one occurrence of an identifier does."""

    LOAD = auto()
    """The variable is read."""
    ASSIGNED = auto()
    """It is the single target of a plain assignment."""
    BOUND = auto()
    """It is bound in some other way: parameter, loop, `with`, `del`, `global`, unpacking, import."""
    OTHER = auto()
    """It is no variable: an attribute or a keyword."""


_BINDERS = (
    cst.Param,
    cst.For,
    cst.CompFor,
    cst.AsName,
    cst.NamedExpr,
    cst.AugAssign,
    cst.AnnAssign,
    cst.Del,
    cst.FunctionDef,
    cst.ClassDef,
    cst.MatchAs,
    cst.MatchStar,
    cst.MatchMapping,
    cst.TypeVar,
)


def role_of(path: Sequence[cst.CSTNode]) -> NameRole:
    """What the name at the end of a path does."""
    node, parent = path[-1], path[-2]
    match parent:
        case cst.Attribute() if parent.attr is node:
            return NameRole.OTHER
        case cst.Arg() if parent.keyword is node:
            return NameRole.OTHER
        case cst.AssignTarget():
            assign = path[-3]
            single = isinstance(assign, cst.Assign) and len(assign.targets) == 1
            return NameRole.ASSIGNED if single else NameRole.BOUND
        case cst.NameItem() | cst.ImportAlias():
            return NameRole.BOUND
        case cst.Element() | cst.StarredElement() | cst.Tuple() | cst.List():
            return _in_target(path)
    if isinstance(parent, _BINDERS) and _is_bound_by(parent, node):
        return NameRole.BOUND
    return NameRole.LOAD


def _is_bound_by(parent: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether the binding part of a binder, not its value, is the node."""
    match parent:
        case cst.For() | cst.CompFor() | cst.NamedExpr() | cst.AugAssign() | cst.AnnAssign() | cst.Del():
            return getattr(parent, "target", None) is node
        case cst.MatchMapping():
            return parent.rest is node
        case _:
            return getattr(parent, "name", None) is node


def _in_target(path: Sequence[cst.CSTNode]) -> NameRole:
    """Whether a name in a tuple or list is unpacked into, or just an element."""
    for index in range(len(path) - 2, 0, -1):
        parent, node = path[index - 1], path[index]
        if isinstance(parent, cst.AssignTarget | cst.AsName):
            return NameRole.BOUND
        if isinstance(parent, cst.For | cst.CompFor | cst.Del):
            return NameRole.BOUND if parent.target is node else NameRole.LOAD
        if not isinstance(parent, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
            return NameRole.LOAD
    return NameRole.LOAD


class _NameCollector(cst.CSTVisitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)


def bound_names(node: cst.CSTNode) -> set[str]:
    """Every identifier within a node: what a new name must not collide with."""
    collector = _NameCollector()
    node.visit(collector)
    return collector.names
