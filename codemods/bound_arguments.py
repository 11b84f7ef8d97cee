"""Which parameter of a function of the project takes which argument of a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import libcst as cst

from codemods.facts.graph import Function, Parameter, ParameterKind
from codemods.facts.kinds import kinds_of
from codemods.model import Span
from codemods.tree import Tree


def bound_arguments(tree: Tree, call: cst.Call, function: Function, types: Mapping[Span, str]) -> Mapping[str, cst.Arg]:
    """The arguments of a call of a function, by the parameters that take them; none where that cannot be told.

    `types` are those of the expressions of the file that the call stands in.
    """
    if function.parameters is None or any(one.star for one in call.args):
        return {}
    skipped = _filled(tree, call, function, types)
    if skipped is None:
        return {}
    return _by_parameter(function.parameters[skipped:], call.args)


def constructor_arguments(call: cst.Call, init: Function) -> Mapping[str, cst.Arg]:
    """The arguments of a call that makes an object, by the parameters of its `__init__`, likewise."""
    if init.parameters is None or any(one.star for one in call.args):
        return {}
    return _by_parameter(init.parameters[1:], call.args)


def _filled(tree: Tree, call: cst.Call, function: Function, types: Mapping[Span, str]) -> int | None:
    """How many parameters a call fills by itself: `self`, or none; None when it cannot be told."""
    if function.owner is None:
        return 0
    if not isinstance(call.func, cst.Attribute):
        return None
    match [(one.target or "").removesuffix(".__init__").removesuffix(".__new__") for one in function.decorators]:
        case []:
            pass
        case ["builtins.staticmethod"]:
            return 0
        case ["builtins.classmethod"]:
            return 1
        case _:
            return None
    kinds = kinds_of(types.get(tree.span(call.func.value)))
    return None if kinds is None or any(one.is_class or one.is_module for one in kinds) else 1


def _by_parameter(parameters: Iterable[Parameter], arguments: Iterable[cst.Arg]) -> Mapping[str, cst.Arg]:
    places = [one for one in parameters if one.kind in {ParameterKind.POSITIONAL, ParameterKind.EITHER}]
    names = {one.name for one in parameters if one.kind in {ParameterKind.EITHER, ParameterKind.KEYWORD}}
    positional = [one for one in arguments if one.keyword is None]
    found = {place.name: one for place, one in zip(places, positional, strict=False)}
    for one in arguments:
        if one.keyword is not None and one.keyword.value in names - found.keys():
            found[one.keyword.value] = one
    return found
