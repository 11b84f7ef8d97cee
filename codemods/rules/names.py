"""What a name in the tree does: is it read, assigned, or bound in some other way?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from enum import Enum, auto

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.tree import Tree


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

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False


def variables(node: cst.CSTNode) -> set[str]:
    """Every name that is read or bound within a node: what a new name must not collide with."""
    collector = _NameCollector()
    node.visit(collector)
    return collector.names


def free_name(function: cst.FunctionDef, wanted: str, others: Collection[str] = ()) -> str:
    """`wanted`, with a number when the function uses that name already, or it is one of the others."""
    taken = variables(function) | set(others)
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def is_bound(tree: Tree, name: str, at: cst.CSTNode, *, but_by_import_of: str | None = None) -> bool:
    """Whether the file gives a name a meaning of its own that may hold at a node.

    Imports that bind it to the module `but_by_import_of`, at module level or before the node, do not count.
    """
    for path, scope in _bindings(tree, name, at):
        imported = [one for one in path if isinstance(one, cst.ImportAlias)]
        is_wanted = any(one.evaluated_name == but_by_import_of for one in imported) and not _is_from(path)
        is_early = scope is None or (_stands_in(path, scope.body) and tree.offsets(path[-1]) < tree.offsets(at))
        if not (is_wanted and is_early):
            return True
    return False


def is_bound_but_by_imports(tree: Tree, name: str, at: cst.CSTNode) -> bool:
    """Whether the file gives a name a meaning, other than by importing it, that may hold at a node."""
    return any(
        not any(isinstance(one, cst.Import | cst.ImportFrom) for one in path) for path, _ in _bindings(tree, name, at)
    )


def _bindings(
    tree: Tree, name: str, at: cst.CSTNode
) -> Iterator[tuple[Sequence[cst.CSTNode], cst.FunctionDef | cst.Lambda | cst.ClassDef | None]]:
    """The paths of the places that bind a name for a node, with their scopes."""
    around = tree.path(at)
    for node in tree.all(cst.Name):
        if node.value != name:
            continue
        path = tree.path(node)
        if role_of(path) not in {NameRole.ASSIGNED, NameRole.BOUND}:
            continue
        scope = _scope(path)
        if scope is None or scope in around or isinstance(path[-2], cst.NameItem):
            yield path, scope


def _is_from(path: Sequence[cst.CSTNode]) -> bool:
    return any(isinstance(node, cst.ImportFrom) for node in path)


def _scope(path: Sequence[cst.CSTNode]) -> cst.FunctionDef | cst.Lambda | cst.ClassDef | None:
    """The function or class whose scope a name at the end of a path is bound in; None for the module."""
    for outer, inner in zip(reversed(path[:-1]), reversed(path), strict=False):
        if isinstance(outer, cst.Lambda):
            return outer
        if isinstance(outer, cst.FunctionDef | cst.ClassDef) and inner is not outer.name:
            return outer
    return None


def _stands_in(path: Sequence[cst.CSTNode], body: cst.CSTNode) -> bool:
    """Whether the statement at the end of a path stands directly in a body, so that it always runs."""
    statements = [index for index, node in enumerate(path) if isinstance(node, cst.BaseStatement)]
    return bool(statements) and path[statements[-1] - 1] is body


def occurrences(
    tree: Tree, function: cst.FunctionDef, name: str
) -> tuple[list[tuple[cst.CSTNode, ...]], list[tuple[cst.CSTNode, ...]]]:
    """The paths of the places in a function that bind a name, and of those that read it."""
    bound, loads = [], []
    for node in tree.all(cst.Name, function):
        if node.value != name:
            continue
        path = tree.path(node)
        role = role_of(path)
        if role in {NameRole.ASSIGNED, NameRole.BOUND}:
            bound.append(path)
        elif role is NameRole.LOAD:
            loads.append(path)
    return bound, loads


def bound_values(tree: Tree, name: cst.Name) -> Sequence[cst.BaseExpression]:
    """Everything that a variable of a function can be where it is read; nothing where that cannot be seen.

    Both sides of a conditional expression count for themselves.
    """
    function = enclosing_function(tree.path(name))
    if not isinstance(function, cst.FunctionDef):
        return ()
    found: list[cst.BaseExpression] = []
    for path in occurrences(tree, function, name.value)[0]:
        value = _assigned_value(path)
        if value is None or enclosing_function(path) is not function:
            return ()
        found += _either(value)
    return found


def _assigned_value(path: Sequence[cst.CSTNode]) -> cst.BaseExpression | None:
    """What the statement assigns whose target is the name at the end of a path."""
    if role_of(path) is NameRole.ASSIGNED:
        statement = path[-3]
        return statement.value if isinstance(statement, cst.Assign) else None
    return path[-2].value if isinstance(path[-2], cst.AnnAssign) else None


def _either(value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(value, cst.IfExp):
        yield from _either(value.body)
        yield from _either(value.orelse)
    else:
        yield value
