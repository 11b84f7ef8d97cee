"""What an expression's value becomes where it stands, and what it is made of, by the syntax alone.

The value is a function, or a plain container of functions. Whatever is not listed here is out of sight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.variables import Path

TOLD = frozenset(
    {"__annotations__", "__defaults__", "__doc__", "__kwdefaults__", "__module__", "__name__", "__qualname__"}
)
"""The attributes that any function has and that its color does not change."""
_SAME_KIND = frozenset({"list", "tuple", "sorted", "reversed", "iter", "set", "frozenset"})
_KEYS_ONLY = _SAME_KIND | {"enumerate", "len", "any", "all", "bool", "min", "max"}
_ASKED = frozenset({"callable", "bool"})
_COUNTED = frozenset({"len", "any", "all", "bool"})


class Shape(StrEnum):
    """How a value holds functions."""

    FUNCTION = "function"
    MAPPING = "mapping"
    """A dict with functions as values."""
    SEQUENCE = "sequence"
    """What gives functions when it is iterated."""
    PAIRS = "pairs"
    """What gives pairs when it is iterated, with a function as the second part."""


@dataclass(frozen=True, slots=True)
class Called:
    """The function is called."""

    call: cst.Call
    path: Path


@dataclass(frozen=True, slots=True)
class Bound:
    """The value is bound to a name or an attribute."""

    target: cst.BaseExpression
    shape: Shape


@dataclass(frozen=True, slots=True)
class Kept:
    """The function becomes an attribute of what a parser of the command line gives."""

    name: str
    path: Path
    """Of the call that says so."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The value is handed to a function."""

    call: cst.Call
    argument: cst.Arg
    shape: Shape


@dataclass(frozen=True, slots=True)
class Default:
    """The value is the default of a parameter."""

    parameter: cst.Param
    shape: Shape


@dataclass(frozen=True, slots=True)
class Meets:
    """The value goes on as what an expression of a shape gives, if that is all that can be."""

    expression: cst.BaseExpression
    shape: Shape


@dataclass(frozen=True, slots=True)
class Lost:
    """What becomes of the value there is not seen."""

    path: Path


Use = Called | Bound | Kept | Passed | Default | Meets | Lost


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name, an attribute, or an attribute that is asked for by its name as text: all that an expression can be."""

    expression: cst.BaseExpression
    shape: Shape | None
    """None where it is a container of either kind."""


class Uses:
    """What becomes of values, and what they are made of.

    `is_own` tells of a call whether it may call a function of the project: its name is none of Python's then.
    """

    def __init__(self, is_own: Callable[[cst.Call], bool]) -> None:
        self._is_own = is_own

    def of(self, path: Path, shape: Shape) -> Iterator[Use]:
        """All that becomes of the value of the expression at the end of a path. Nothing: it is only asked about."""
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Expr() | cst.Comparison() | cst.ComparisonTarget() | cst.FormattedStringExpression():
                return
            case cst.If() | cst.While() | cst.Assert() | cst.IfExp() | cst.CompIf() if parent.test is node:
                return
            case cst.UnaryOperation() if isinstance(parent.operator, cst.Not):
                return
            case cst.BooleanOperation(operator=cst.And()) if parent.left is node:
                return  # it is true, and the other side is what that gives
            case cst.IfExp() | cst.BooleanOperation():
                yield from self.of(path[:-1], shape)
            case cst.Assign() if parent.value is node:
                yield from (Bound(one.target, shape) for one in parent.targets)
            case cst.AnnAssign() if parent.value is node:
                yield Bound(parent.target, shape)
            case cst.NamedExpr() if parent.value is node:
                yield Bound(parent.target, shape)
                yield from self.of(path[:-1], shape)
            case cst.Param() if parent.default is node:
                yield Default(parent, shape)
            case cst.Arg() if parent.value is node:
                yield from self._handed(path, parent, shape)
            case cst.For() | cst.CompFor() if parent.iter is node and parent.asynchronous is None:
                yield from _iterated(path, parent, shape)
            case _ if shape is Shape.FUNCTION:
                yield from self._of_function(path)
            case _:
                yield from self._of_container(path, shape)

    def _of_function(self, path: Path) -> Iterator[Use]:
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Call() if parent.func is node:
                yield Called(parent, path[:-1])
            case cst.Element():
                yield from self.of(path[:-2], Shape.SEQUENCE)
            case cst.DictElement() if parent.value is node:
                yield from self.of(path[:-2], Shape.MAPPING)
            case cst.GeneratorExp() | cst.ListComp() | cst.SetComp() if parent.elt is node:
                yield from self.of(path[:-1], Shape.SEQUENCE)
            case cst.DictComp() if parent.value is node:
                yield from self.of(path[:-1], Shape.MAPPING)
            case cst.Attribute(attr=cst.Name(value=name)) if name in TOLD and _is_only_read(path[:-1]):
                return
            case _:
                yield Lost(path)

    def _of_container(self, path: Path, shape: Shape) -> Iterator[Use]:
        node, parent = path[-1], path[-2]
        match parent:
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index())]) if parent.value is node:
                if shape is not Shape.PAIRS and _is_only_read(path[:-1], or_called=True):
                    yield from self.of(path[:-1], Shape.FUNCTION)
                    return
            case cst.StarredDictElement() if shape is Shape.MAPPING:
                yield from self.of(path[:-2], shape)
                return
            case cst.Attribute(attr=cst.Name(value=name)) if isinstance(path[-3], cst.Call) and path[-3].func is parent:
                match name:
                    case "get" if shape is Shape.MAPPING:
                        yield from self.of(path[:-2], Shape.FUNCTION)
                        return
                    case "values" if shape is Shape.MAPPING:
                        yield from self.of(path[:-2], Shape.SEQUENCE)
                        return
                    case "items" if shape is Shape.MAPPING:
                        yield from self.of(path[:-2], Shape.PAIRS)
                        return
                    case "copy":
                        yield from self.of(path[:-2], shape)
                        return
                    case "keys" if shape is Shape.MAPPING:
                        return
                    case "index" | "count" if shape is Shape.SEQUENCE:
                        return
        yield Lost(path)

    def _handed(self, path: Path, argument: cst.Arg, shape: Shape) -> Iterator[Use]:
        """What becomes of an argument."""
        call = path[-3]
        if not isinstance(call, cst.Call) or argument.star:
            yield Lost(path)
            return
        around = path[:-2]
        is_first = call.args[0] is argument and argument.keyword is None
        match call.func:
            case cst.Name(value=name) if is_first and not self._is_own(call):
                found = self._handed_to_builtin(name, around, shape)
                if found is not None:
                    yield from found
                    return
            case cst.Name(value="getattr" | "next") if not self._is_own(call) and call.args[-1] is argument:
                yield from self.of(around, shape)
                return
            case cst.Attribute(attr=cst.Name(value="join"), value=cst.SimpleString()) if shape is Shape.MAPPING:
                return
            case cst.Attribute(attr=cst.Name(value="get"), value=asked) if len(call.args) == 2 and not self._is_own(
                call
            ):
                yield Meets(asked, Shape.MAPPING)
                yield from self.of(around, shape)
                return
            case cst.Attribute(attr=cst.Name(value="set_defaults")) if argument.keyword is not None:
                if shape is Shape.FUNCTION:
                    yield Kept(argument.keyword.value, around)
                    return
        yield Passed(call, argument, shape)

    def _handed_to_builtin(self, name: str, around: Path, shape: Shape) -> Iterator[Use] | None:
        """What becomes of the first argument of a call by a plain name; None where that is not seen."""
        call = around[-1]
        assert isinstance(call, cst.Call)
        nothing: Iterator[Use] = iter(())
        match shape:
            case Shape.FUNCTION if name in _ASKED:
                return nothing
            case Shape.MAPPING if name in _KEYS_ONLY:
                return nothing
            case Shape.MAPPING if name == "dict" and len(call.args) == 1:
                return self.of(around, shape)
            case Shape.SEQUENCE | Shape.PAIRS if name in _COUNTED:
                return nothing
            case Shape.SEQUENCE | Shape.PAIRS if name in _SAME_KIND:
                return self.of(around, shape) if len(call.args) == 1 else None
            case Shape.SEQUENCE if name == "enumerate":
                return self.of(around, Shape.PAIRS)
            case Shape.SEQUENCE if name == "next":
                return self.of(around, Shape.FUNCTION)
        return None

    def leaves(self, expression: cst.BaseExpression, shape: Shape | None) -> Iterator[Leaf]:
        """What the value of an expression is put together from, constants left out.

        What is no name or attribute, nor asks for one, cannot be seen through.
        """
        match expression:
            case cst.Name(value="None" | "True" | "False"):
                return
            case cst.SimpleString() | cst.Integer() | cst.Float() | cst.ConcatenatedString() | cst.Ellipsis():
                return
            case cst.IfExp():
                yield from self.leaves(expression.body, shape)
                yield from self.leaves(expression.orelse, shape)
            case cst.BooleanOperation():
                if isinstance(expression.operator, cst.Or):
                    yield from self.leaves(expression.left, shape)
                yield from self.leaves(expression.right, shape)
            case cst.NamedExpr():
                yield from self.leaves(expression.value, shape)
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index())]) if shape is Shape.FUNCTION:
                yield from self.leaves(expression.value, None)
            case cst.Dict() if shape in {Shape.MAPPING, None}:
                for one in expression.elements:
                    is_plain = isinstance(one, cst.DictElement)
                    yield from self.leaves(one.value, Shape.FUNCTION if is_plain else Shape.MAPPING)
            case cst.List() | cst.Tuple() | cst.Set() if shape in {Shape.SEQUENCE, None}:
                for element in expression.elements:
                    if isinstance(element, cst.Element):
                        yield from self.leaves(element.value, Shape.FUNCTION)
                    else:
                        yield Leaf(element.value, shape=Shape.PAIRS)
            case cst.ListComp() | cst.GeneratorExp() | cst.SetComp() if shape in {Shape.SEQUENCE, None}:
                yield from self.leaves(expression.elt, Shape.FUNCTION)
            case cst.DictComp() if shape in {Shape.MAPPING, None}:
                yield from self.leaves(expression.value, Shape.FUNCTION)
            case cst.Call() if not self._is_own(expression):
                yield from self._leaves_of_call(expression, shape)
            case _:
                yield Leaf(expression, shape)

    def _leaves_of_call(self, call: cst.Call, shape: Shape | None) -> Iterator[Leaf]:
        arguments = [one.value for one in call.args]
        is_plain = all(one.keyword is None and not one.star for one in call.args)
        match call.func, shape:
            case cst.Name(value="getattr"), Shape.FUNCTION if is_plain and len(arguments) in {2, 3}:
                yield Leaf(call, shape)
                for default in arguments[2:]:
                    yield from self.leaves(default, shape)
            case cst.Name(value="next"), Shape.FUNCTION if is_plain and len(arguments) in {1, 2}:
                yield from self.leaves(arguments[0], Shape.SEQUENCE)
                for default in arguments[1:]:
                    yield from self.leaves(default, shape)
            case cst.Attribute(attr=cst.Name(value="get"), value=asked), Shape.FUNCTION if is_plain and arguments:
                yield from self.leaves(asked, Shape.MAPPING)
                for default in arguments[1:]:
                    yield from self.leaves(default, shape)
            case cst.Attribute(attr=cst.Name(value="values"), value=asked), Shape.SEQUENCE | None if not arguments:
                yield from self.leaves(asked, Shape.MAPPING)
            case cst.Attribute(attr=cst.Name(value="items"), value=asked), Shape.PAIRS if not arguments:
                yield from self.leaves(asked, Shape.MAPPING)
            case cst.Attribute(attr=cst.Name(value="copy"), value=asked), _ if not arguments:
                yield from self.leaves(asked, shape)
            case cst.Name(value="enumerate"), Shape.PAIRS if arguments:
                yield from self.leaves(arguments[0], Shape.SEQUENCE)
            case cst.Name(value="dict"), Shape.MAPPING | None if is_plain and len(arguments) == 1:
                yield from self.leaves(arguments[0], Shape.MAPPING)
            case cst.Name(value=name), Shape.SEQUENCE | Shape.PAIRS if name in _SAME_KIND and len(arguments) == 1:
                yield from self.leaves(arguments[0], shape)
            case _:
                yield Leaf(call, shape)


def _iterated(path: Path, loop: cst.For | cst.CompFor, shape: Shape) -> Iterator[Use]:
    match shape, loop.target:
        case Shape.MAPPING, _:
            return  # its keys
        case Shape.SEQUENCE, cst.Name():
            yield Bound(loop.target, Shape.FUNCTION)
        case Shape.PAIRS, cst.Tuple(elements=[cst.Element(), cst.Element(value=cst.Name() as second)]):
            yield Bound(second, Shape.FUNCTION)
        case _:
            yield Lost(path)


def _is_only_read(path: Path, *, or_called: bool = False) -> bool:
    """Whether the attribute or the element at the end of a path is neither set nor deleted."""
    node, parent = path[-1], path[-2]
    match parent:
        case cst.AssignTarget() | cst.Del():
            return False
        case cst.AugAssign() | cst.AnnAssign() | cst.For() | cst.CompFor() | cst.NamedExpr():
            return parent.target is not node
        case cst.Call():
            return or_called or parent.func is not node
        case cst.Element() | cst.StarredElement():
            targets = (cst.AssignTarget, cst.Del, cst.For, cst.CompFor)
            return not any(isinstance(one, targets) for one in path[-4:-2])
        case cst.AsName() | cst.WithItem():
            return False
    return True
