"""How a class is closed at the end of a `with` statement, and its session with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.rules.rule import Refusal


@dataclass(frozen=True, slots=True)
class OwnWay:
    """How a class has its objects closed at the end of a `with` statement."""

    enter: cst.FunctionDef
    exit: cst.FunctionDef
    closes: cst.Call
    """What `__exit__` calls: `self.session.close()`, or a method that does that."""
    method: cst.FunctionDef | None
    """That method."""

    @property
    def does_more(self) -> bool:
        """Whether more is done than to close the session."""
        return self.method is not None and len(_does(self.method)) > 1


def own_way(owner: cst.ClassDef, attribute: str) -> OwnWay | Refusal | None:
    """How a class closes its session at the end of a `with`; None where it cannot be used in one."""
    methods = {one.name.value: one for one in methods_of(owner)}
    enter, leave = methods.get("__enter__"), methods.get("__exit__")
    if enter is None and leave is None:
        return None
    if enter is None or leave is None or enter.decorators or leave.decorators:
        return Refusal("has only one of __enter__ and __exit__, or decorates them")
    match _does(enter):
        case [cst.Return(value=cst.Name(value=given))] if given == first_parameter(enter):
            pass
        case _:
            return Refusal("does more in __enter__ than to return itself")
    match _does(leave):
        case [cst.Expr(value=cst.Call(args=[], func=cst.Attribute(value=asked, attr=cst.Name(value=name))) as call)]:
            if isinstance(asked, cst.Attribute) and name == "close" and _is_own(asked, leave, attribute):
                return OwnWay(enter, leave, call, None)
            method = methods.get(name)
            is_self = isinstance(asked, cst.Name) and asked.value == first_parameter(leave)
            if is_self and method is not None and not method.decorators and _closes_in(method, attribute):
                return OwnWay(enter, leave, call, method)
    return Refusal("does more in __exit__ than to close it")


def _is_own(asked: cst.Attribute, method: cst.FunctionDef, attribute: str) -> bool:
    return asked.attr.value == attribute and owner_name(asked) == first_parameter(method)


def _closes_in(method: cst.FunctionDef, attribute: str) -> bool:
    """Whether a statement of a method itself closes the session."""
    return any(
        isinstance(one, cst.Expr)
        and isinstance(call := one.value, cst.Call)
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value == "close"
        and isinstance(call.func.value, cst.Attribute)
        and _is_own(call.func.value, method, attribute)
        for one in _does(method)
    )


def _does(method: cst.FunctionDef) -> list[cst.CSTNode]:
    """The statements of a method, without its docstring and a last `return` that gives nothing."""
    lines = list(method.body.body)
    found: list[cst.CSTNode] = []
    for one in lines:
        found += one.body if isinstance(one, cst.SimpleStatementLine) else [one]
    if found and isinstance(found[0], cst.Expr) and isinstance(found[0].value, cst.SimpleString):
        found = found[1:]
    if found and isinstance(found[-1], cst.Return) and _gives_nothing(found[-1]):
        found = found[:-1]
    return found


def _gives_nothing(statement: cst.Return) -> bool:
    value = statement.value
    return value is None or (isinstance(value, cst.Name) and value.value in {"None", "False"})


def methods_of(owner: cst.ClassDef) -> Iterator[cst.FunctionDef]:
    """The methods that a class defines itself."""
    return (one for one in owner.body.body if isinstance(one, cst.FunctionDef))


def first_parameter(method: cst.FunctionDef) -> str | None:
    """What a method calls its own object, unless it has none."""
    parameters = (*method.params.posonly_params, *method.params.params)
    return parameters[0].name.value if parameters else None


def owner_name(asked: cst.CSTNode) -> str | None:
    """The variable that is asked for an attribute."""
    return asked.value.value if isinstance(asked, cst.Attribute) and isinstance(asked.value, cst.Name) else None
