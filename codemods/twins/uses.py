"""Which parameter takes an argument, and which argument a parameter takes, for certain."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from codemods.bound_arguments import bound_arguments, constructor_arguments
from codemods.facts.graph import Call, CallKind, Function
from codemods.model import Span
from codemods.tree import Tree

_OF_OBJECTS = "builtins.object.__new__"


def constructed(call: Call) -> str | None:
    """The `__init__` that a call runs for certain, if it makes an object."""
    is_plain = all(one.name == _OF_OBJECTS for one in call.foreign)
    is_one = call.kind is CallKind.CONSTRUCT and call.is_resolved and len(call.targets) == 1
    return call.targets[0] if is_one and is_plain and call.targets[0].endswith(".__init__") else None


def taking(call: Call, function: Function) -> bool:
    """Whether a call calls a function, and nothing else."""
    if call.kind is CallKind.CONSTRUCT:
        return constructed(call) == function.name
    return call.kind is CallKind.CALL and call.sole_target == function.name


def argument_for(
    tree: Tree, node: cst.Call, call: Call, function: Function, name: str, types: Mapping[Span, str]
) -> cst.Arg | str | None:
    """The argument that a parameter of a function takes; None where it has its default, words where it is not known."""
    is_made = call.kind is CallKind.CONSTRUCT
    bound = constructor_arguments(node, function) if is_made else bound_arguments(tree, node, function, types)
    if node.args and len(bound) < len(node.args):
        return "not all of its arguments are known"
    return bound.get(name)


def parameter_of(function: cst.FunctionDef, name: str) -> cst.Param | None:
    """A parameter of a function that takes one argument."""
    params = function.params
    every = (*params.posonly_params, *params.params, *params.kwonly_params)
    return next((one for one in every if one.name.value == name), None)


def is_none(node: cst.CSTNode) -> bool:
    """Whether an expression is `None`."""
    return isinstance(node, cst.Name) and node.value == "None"
