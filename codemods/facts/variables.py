"""Where a file binds and uses a name, scope by scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.tree import Tree

Path = Sequence[cst.CSTNode]
"""The nodes from the module down to one, which is the last."""
Scope = cst.FunctionDef | cst.Lambda | cst.ClassDef | None
"""What a name is bound in; None for the module."""


class Role(StrEnum):
    """What an occurrence of a name does."""

    USE = "use"
    VALUE = "value"
    """It is bound to the value of an expression."""
    ELEMENT = "element"
    """It is bound to what iterating an expression gives."""
    ITEM = "item"
    """It is bound to the second part of each pair that iterating an expression gives."""
    PARAMETER = "parameter"
    IMPORT = "import"
    DECLARED = "declared"
    """It is annotated, and bound to nothing there."""
    OTHERWISE = "otherwise"
    """It is bound, or taken away, in a way that is not looked into."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name as a variable: attributes and keywords of that name are none."""

    path: Path
    role: Role
    scope: Scope
    """What the variable belongs to."""
    value: cst.BaseExpression | None = None
    """The expression, where its role has one."""


class Variables:
    """The variables of one file."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._found: dict[str, list[Occurrence]] = {}
        names: dict[str, list[cst.Name]] = {}
        for node in tree.all(cst.Name):
            names.setdefault(node.value, []).append(node)
        self._names = names

    def has(self, name: str) -> bool:
        """Whether the name stands anywhere in the code, as an attribute or a keyword, too."""
        return name in self._names

    def nodes(self, name: str) -> Sequence[cst.Name]:
        """Every node of the name."""
        return self._names.get(name, ())

    def occurrences(self, name: str) -> Sequence[Occurrence]:
        """The variables of a name, all of them in the file."""
        if name not in self._found:
            paths = [path for node in self.nodes(name) if _is_variable(path := self._tree.path(node))]
            roles = [_role(path) for path in paths]
            own = [_scopes(path, role) for path, (role, _) in zip(paths, roles, strict=True)]
            binding = {id(scopes[0]) for scopes, (role, _) in zip(own, roles, strict=True) if role is not Role.USE}
            self._found[name] = [
                Occurrence(path, role, next((one for one in scopes if id(one) in binding), None), value)
                for path, (role, value), scopes in zip(paths, roles, own, strict=True)
            ]
        return self._found[name]

    def at(self, path: Path) -> Occurrence | None:
        """The occurrence at the end of a path; None where it is no variable."""
        node = path[-1]
        if not isinstance(node, cst.Name):
            return None
        return next((one for one in self.occurrences(node.value) if one.path[-1] is node), None)


def _is_variable(path: Path) -> bool:
    node, parent = path[-1], path[-2]
    match parent:
        case cst.Attribute():
            return parent.value is node and not any(isinstance(one, cst.Import | cst.ImportFrom) for one in path)
        case cst.Arg():
            return parent.value is node
        case cst.ImportAlias():
            return parent.asname is None
        case cst.ImportFrom():
            return False
    return True


def _role(path: Path) -> tuple[Role, cst.BaseExpression | None]:
    node, parent = path[-1], path[-2]
    match parent:
        case cst.AssignTarget():
            assign = path[-3]
            assert isinstance(assign, cst.Assign)
            return Role.VALUE, assign.value
        case cst.AnnAssign() if parent.target is node:
            return (Role.DECLARED, None) if parent.value is None else (Role.VALUE, parent.value)
        case cst.NamedExpr() if parent.target is node:
            return Role.VALUE, parent.value
        case cst.For() | cst.CompFor() if parent.target is node and parent.asynchronous is None:
            return Role.ELEMENT, parent.iter
        case cst.Param() if parent.name is node:
            return Role.PARAMETER, None
        case cst.ImportAlias():
            return Role.IMPORT, None
        case cst.AsName():
            return (Role.IMPORT if isinstance(path[-3], cst.ImportAlias) else Role.OTHERWISE), None
        case cst.FunctionDef() | cst.ClassDef() if parent.name is node:
            return Role.OTHERWISE, None
        case cst.NameItem() | cst.Del() | cst.MatchAs() | cst.MatchStar() | cst.MatchMapping():
            return Role.OTHERWISE, None
        case cst.AugAssign() if parent.target is node:
            return Role.OTHERWISE, None
    return _role_in_pair(path)


def _role_in_pair(path: Path) -> tuple[Role, cst.BaseExpression | None]:
    """The role of a name that may stand among the targets of a statement."""
    for index in range(len(path) - 2, 0, -1):
        outer, inner = path[index], path[index + 1]
        match outer:
            case cst.For() | cst.CompFor() if outer.target is inner:
                is_second = isinstance(inner, cst.Tuple) and len(inner.elements) == 2 and index == len(path) - 4
                if is_second and isinstance(inner, cst.Tuple) and inner.elements[1].value is path[-1]:
                    return Role.ITEM, outer.iter
                return Role.OTHERWISE, None
            case cst.AssignTarget() | cst.Del():
                # the receiver of `x.y = 1` and of `del x[0]` is only used
                is_part = all(isinstance(one, cst.Tuple | cst.List | cst.BaseElement) for one in path[index + 1 : -1])
                return (Role.OTHERWISE if is_part else Role.USE), None
            case cst.Tuple() | cst.List() | cst.BaseElement():
                continue
        break
    return Role.USE, None


def _scopes(path: Path, role: tuple[Role, object] | Role) -> list[Scope]:
    """The scopes that a name at the end of a path is looked up in, innermost first; that which it binds, if it does."""
    found: list[Scope] = []
    for index in range(len(path) - 2, -1, -1):
        outer, inner = path[index], path[index + 1]
        match outer:
            case cst.FunctionDef() | cst.Lambda():
                # defaults, annotations and decorators are evaluated around the function
                is_parameter = role is Role.PARAMETER and isinstance(inner, cst.Parameters) and not found
                if inner is outer.body or is_parameter:
                    found.append(outer)
            case cst.ClassDef() if inner is outer.body and not found:
                found.append(outer)  # what stands within a function of it does not see its names
    return [*found, None]
