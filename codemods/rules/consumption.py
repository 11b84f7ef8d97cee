"""What is done with the iterator or the context manager that a call gives, and whether an async form does the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.generators import AsyncForm, is_own_statement
from codemods.facts.syntax import enclosing_function
from codemods.model import Span
from codemods.rules.names import NameRole, is_bound, occurrences, role_of
from codemods.rules.rule import Refusal
from codemods.tree import Tree

COLLECTING = frozenset({"dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"})
"""Builtins that take all that an iterator gives before they return, and call nothing of the project meanwhile."""


class Consumer(StrEnum):
    """What consumes an iterator or a context manager."""

    FOR = "for"
    COMPREHENSION = "comprehension"
    """A clause of a list, set or dict comprehension."""
    COLLECTED = "collected"
    """An argument that is read to its end: `sorted(f())`, `", ".join(f())`, `*f()`."""
    EXPRESSION = "expression"
    """A clause of a generator expression that is such an argument."""
    NEXT = "next"
    """`next(f(), default)`"""
    YIELD_FROM = "yield from"
    WITH = "with"
    RETURN = "return"
    """Whoever called the function gets it."""


@dataclass(frozen=True, slots=True)
class Consumption:
    """One place that consumes what a call gives."""

    consumer: Consumer
    span: Span
    """The expression that is consumed: the call, or a name that stands for what it gave."""


@dataclass(frozen=True, slots=True)
class Consumed:
    """All places that consume what a call gives."""

    places: tuple[Consumption, ...]
    is_named: bool = False
    """Whether a name stands for it: the call stays as it is."""
    notes: tuple[str, ...] = ()

    @property
    def may_stop(self) -> bool:
        """Whether it may be left before it ends: an error may end a loop, too."""
        return any(one.consumer in {Consumer.FOR, Consumer.NEXT} for one in self.places)

    @property
    def is_returned(self) -> bool:
        """Whether the function hands it on to its callers."""
        return any(one.consumer is Consumer.RETURN for one in self.places)


def consumed_by(tree: Tree, call: cst.BaseExpression, async_form: AsyncForm) -> Consumed | Refusal:
    """What consumes the value of a call of a function that becomes an async generator or context manager."""
    path = tree.path(call)
    loads, is_named = _loads(tree, path)
    if isinstance(loads, Refusal):
        return loads
    places = []
    for load in loads:
        line = tree.span(load[-1]).line
        consumer = _with(load) if async_form is AsyncForm.ENTERED else _iteration(tree, load)
        if consumer is None:
            return Refusal(f"what is done with what it gives in line {line} has no async form that is the same")
        if is_named and consumer is Consumer.RETURN:
            return Refusal(f"what it gives is returned by its name in line {line}")
        places.append(Consumption(consumer, tree.span(load[-1])))
    return Consumed(tuple(places), is_named)


def taken_by(tree: Tree, taken: cst.BaseExpression, async_form: AsyncForm) -> Consumed | Refusal:
    """What enters an object, or iterates over it, at the expression that stands for it."""
    path = tree.path(taken)
    consumer = _with(path) if async_form is AsyncForm.ENTERED else _iteration(tree, path)
    if consumer is None or consumer is Consumer.RETURN:
        return Refusal("what enters it there, or iterates over it, has no async form that is the same")
    return Consumed((Consumption(consumer, tree.span(taken)),))


def _loads(tree: Tree, path: tuple[cst.CSTNode, ...]) -> tuple[Sequence[tuple[cst.CSTNode, ...]] | Refusal, bool]:
    """The paths of the places where the value of the call at the end of a path is, and whether it has a name there."""
    match path[-2]:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            pass
        case _:
            return [path], False
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return Refusal("what it gives is assigned outside of any function"), True
    bound, loads = occurrences(tree, function, name)
    if len(bound) != 1 or role_of(bound[0]) is not NameRole.ASSIGNED:
        return Refusal(f"{name}, which gets what it gives, is bound more than once"), True
    if any(enclosing_function(load) is not function for load in loads):
        return Refusal(f"{name}, which gets what it gives, is used in a function of its own"), True
    if not loads:
        return Refusal(f"{name}, which gets what it gives, is not used"), True
    return loads, True


def _iteration(tree: Tree, path: Sequence[cst.CSTNode]) -> Consumer | None:
    """What iterates over the value of the node at the end of a path; None where no async form is the same."""
    node = path[-1]
    match path[-2]:
        case cst.For() as loop if loop.iter is node and loop.asynchronous is None:
            return Consumer.FOR
        case cst.CompFor() as clause if clause.iter is node and clause.asynchronous is None:
            return _clause(tree, path)
        case cst.From() if is_own_statement(path[:-2]):
            return Consumer.YIELD_FROM
        case cst.Return():
            return Consumer.RETURN
        case cst.StarredElement() if not _is_target(path):
            return None if _in_comprehension(path) else Consumer.COLLECTED
        case cst.Arg():
            return _argument(tree, path)
    return None


def _argument(tree: Tree, path: Sequence[cst.CSTNode]) -> Consumer | None:
    argument, call = path[-2], path[-3]
    if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call) or _in_comprehension(path):
        return None
    if argument.star == "*":
        return Consumer.COLLECTED
    if argument.star or argument.keyword is not None:
        return None
    if _collects(tree, call, argument):
        return Consumer.COLLECTED
    is_next = isinstance(call.func, cst.Name) and call.func.value == "next" and call.args[0] is argument
    if is_next and len(call.args) == 2 and not is_bound(tree, "next", call):
        return Consumer.NEXT
    return None


def _collects(tree: Tree, call: cst.Call, argument: cst.Arg) -> bool:
    """Whether a call reads the iterator that is its argument to the end before it does anything else."""
    if call.args[0] is not argument or argument.star or argument.keyword is not None:
        return False
    match call.func:
        case cst.Name(value=name) if name in COLLECTING:
            others = [one for one in call.args if one is not argument]
            is_alone = all(one.keyword is not None for one in others) or name == "sum"
            asks_first = name != "sorted" and any(
                one.keyword is not None and one.keyword.value == "key" for one in others
            )
            return is_alone and not asks_first and not is_bound(tree, name, call)
        case cst.Attribute(value=cst.SimpleString(), attr=cst.Name(value="join")):
            return True
    return False


def _clause(tree: Tree, path: Sequence[cst.CSTNode]) -> Consumer | None:
    """What the comprehension is whose clause iterates over the node at the end of a path."""
    at = next(index for index in range(len(path) - 2, -1, -1) if not isinstance(path[index], cst.CompFor))
    comprehension = path[at]
    if _in_comprehension(path[: at + 1]):
        return None  # an async one inside of a sync one needs Python 3.11
    if not isinstance(comprehension, cst.GeneratorExp):
        return Consumer.COMPREHENSION
    match path[at - 2 : at]:
        case (cst.Call() as call, cst.Arg() as argument) if _collects(tree, call, argument):
            return Consumer.EXPRESSION
    return None


def _in_comprehension(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the last node of a path is evaluated by a comprehension or a generator expression around it.

    What the first clause iterates over is not: that is evaluated before.
    """
    for index in range(len(path) - 2, -1, -1):
        outer = path[index]
        if isinstance(outer, cst.FunctionDef | cst.Lambda | cst.BaseSmallStatement):
            return False
        if isinstance(outer, cst.BaseComp):
            inside = path[index + 1 : index + 3]
            if not (len(inside) == 2 and inside[0] is outer.for_in and inside[1] is outer.for_in.iter):
                return True
    return False


def _is_target(path: Sequence[cst.CSTNode]) -> bool:
    return any(isinstance(one, cst.AssignTarget) for one in path)


def _with(path: Sequence[cst.CSTNode]) -> Consumer | None:
    node = path[-1]
    match path[-3:]:
        case (cst.With() as block, cst.WithItem() as item, _) if item.item is node and block.asynchronous is None:
            return Consumer.WITH
    return Consumer.RETURN if isinstance(path[-2], cst.Return) else None
