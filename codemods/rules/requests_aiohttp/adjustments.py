"""What becomes of one argument of a request. Those of a keyword that needs more stand beside its check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.rules.rule import Refusal

NameOf = Callable[[str], str]
"""Gives the name that a module has in the file; it is imported when it is not yet."""

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An argument that passes as it is; the children do more."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        """What takes the argument's place."""
        return [argument]

    def statements(self, arguments: Mapping[str, cst.BaseExpression], name_of: NameOf) -> Iterator[cst.BaseStatement]:
        """What has to be done before the request; the arguments are all of the call."""
        yield from ()

    def gone(self, argument: cst.Arg) -> Iterator[cst.BaseExpression]:
        """The names in the argument that go away."""
        yield from ()


Answer = tuple[Adjustment, list[str]] | Refusal
"""What becomes of an argument, with its notes; or why it cannot be given to aiohttp."""

PASSED = Adjustment()


@dataclass(frozen=True, slots=True)
class LeftOut(Adjustment):
    """It asks for what aiohttp does anyway."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return []


LEFT_OUT = LeftOut()


@dataclass(frozen=True, slots=True)
class Renamed(Adjustment):
    """It is called otherwise."""

    keyword: str

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [argument.with_changes(keyword=cst.Name(self.keyword))]


@dataclass(frozen=True, slots=True)
class TextOf(Adjustment):
    """`str(value)`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [argument.with_changes(value=called(cst.Name("str"), argument.value))]


@dataclass(frozen=True, slots=True)
class Decoded(Adjustment):
    """`value.decode()`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [argument.with_changes(value=called(cst.Attribute(argument.value, cst.Name("decode"))))]


def keyword_argument(name: str, value: cst.BaseExpression) -> cst.Arg:
    """`name=value`."""
    return cst.Arg(value, keyword=cst.Name(name), equal=_TIGHT)


def called(function: cst.BaseExpression, *values: cst.BaseExpression, **named: cst.BaseExpression) -> cst.Call:
    """A call of a function."""
    arguments = [*map(cst.Arg, values), *(keyword_argument(name, value) for name, value in named.items())]
    return cst.Call(function, arguments)


def dotted(name: str) -> cst.Name | cst.Attribute:
    """The expression of a dotted name."""
    first, *rest = name.split(".")
    made: cst.Name | cst.Attribute = cst.Name(first)
    for part in rest:
        made = cst.Attribute(made, cst.Name(part))
    return made


def given(call: cst.Call, parameters: Sequence[str]) -> Mapping[str, cst.BaseExpression] | None:
    """The arguments of a call by parameter; None when they are not all visible or fit no parameter."""
    found: dict[str, cst.BaseExpression] = {}
    for index, argument in enumerate(call.args):
        name = argument.keyword.value if argument.keyword is not None else None
        if argument.star or (name is None and index >= len(parameters)):
            return None
        found[name or parameters[index]] = argument.value
    return found if set(found) <= set(parameters) else None


def assignment(target: cst.BaseExpression, value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """`target = value`."""
    assert isinstance(target, cst.Name | cst.Attribute)
    return cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(target)], value)])


def expression(value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """A statement that is just an expression."""
    return cst.SimpleStatementLine([cst.Expr(value)])
