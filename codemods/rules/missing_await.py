"""AW201: a coroutine that nobody awaits never runs.

Found where the value of a call of a coroutine function is dropped, or used in a way that only makes sense for
its result. Whatever may await it later, or hand it to something that does, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from codemods.facts.awaitables import arguments_of, result_of
from codemods.facts.callees import Callee
from codemods.facts.generators import generators
from codemods.facts.graph import Awaitable
from codemods.facts.kinds import members_of
from codemods.facts.syntax import Use, enclosing_function, use_of
from codemods.model import Span
from codemods.rules.names import NameRole, role_of
from codemods.rules.rule import Rule
from codemods.tree import Tree

RULE = Rule(
    id="AW201",
    name="missing-await",
    summary="A coroutine that nobody awaits never runs.",
    before="""\
async def greet(channel):
    channel.send("hi")
    name = fetch_name()
    print(name.title())
""",
    after="""\
async def greet(channel):
    await channel.send("hi")
    name = await fetch_name()
    print(name.title())
""",
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checker and the packs know of a file."""

    callees: Callable[[Span], Sequence[Callee]]
    """What the call at a span calls."""
    takes_awaitables: Callable[[str], bool]
    """Whether something of a type may have to be awaited."""
    declared: Callable[[Span, str], str | None]
    """The type with which an attribute is declared of what stands at a span; None where it is not."""
    results: Mapping[Span, str]
    """The types of what its functions give, by the places of their names."""
    consumers: Container[str]
    """Functions that take anything and await nothing, nor hand it on."""
    askers: Container[str]
    """Likewise, and they ask what it is."""


class Uses:
    """What a file does with the values of its calls."""

    def __init__(self, tree: Tree, surroundings: Surroundings) -> None:
        self._tree = tree
        self._around = surroundings

    def of(self, path: Sequence[cst.CSTNode], awaitable: Awaitable | None = None) -> Use:
        """What happens to the value of the last node of a path, a coroutine if nothing else is said."""
        use = use_of(path, awaitable)
        if use is not Use.OTHER:
            return use
        match path[-2]:
            case cst.BooleanOperation(left=left) if left is path[-1] and awaitable is None:
                return Use.CONSUMED  # its truth decides, and a coroutine is always true
            case cst.IfExp() | cst.BooleanOperation():
                return self.of(path[:-1], awaitable)  # it may be its value
            case cst.Arg() if awaitable is None and self._is_given_to(path, self._around.consumers):
                return Use.CONSUMED
            case cst.Arg() if awaitable is None and self._is_given_to(path, self._around.askers):
                return Use.NEUTRAL
            case cst.Return() if self._returns_nothing(path):
                return Use.CONSUMED
        wanted = list(self._wanted(path))
        is_plain = bool(wanted) and not any(one is None or self._around.takes_awaitables(one) for one in wanted)
        return Use.CONSUMED if is_plain else Use.OTHER

    def is_consumed_later(self, path: Sequence[cst.CSTNode], awaitable: Awaitable | None = None) -> bool:
        """Whether a call is assigned to a name that is never awaited nor handed on.

        Other values of the name do not matter: whatever its uses meet, none of them does anything for this one.
        """
        function = enclosing_function(path)
        while isinstance(path[-2], cst.IfExp | cst.BooleanOperation):
            path = path[:-1]
        match path[-2:]:
            case (cst.NamedExpr(target=cst.Name(value=name)), _) if function is not None:
                if self.of(path[:-1], awaitable) not in {Use.CONSUMED, Use.NEUTRAL}:
                    return False
            case (cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]), _) if function is not None:
                pass
            case (cst.AnnAssign(target=cst.Name(value=name)), _) if function is not None:
                pass
            case _:
                return False
        uses = []
        for node in self._tree.all(cst.Name, function):
            if node.value != name:
                continue
            name_path = self._tree.path(node)
            if isinstance(name_path[-2], cst.NameItem):
                return False  # a variable of an outer function or of the module
            if role_of(name_path) is NameRole.LOAD:
                if enclosing_function(name_path) is not function:
                    return False
                uses.append(self.of(name_path, awaitable))
        return Use.CONSUMED in uses and set(uses) <= {Use.CONSUMED, Use.NEUTRAL}

    def _returns_nothing(self, path: Sequence[cst.CSTNode]) -> bool:
        function = enclosing_function(path)
        return isinstance(function, cst.FunctionDef) and self._result(function) == "None"

    def _is_given_to(self, path: Sequence[cst.CSTNode], functions: Container[str]) -> bool:
        """Whether the last node of a path is an argument for one of some functions, for certain."""
        callees = self._callees(path)
        return bool(callees) and all(one.name in functions for one in callees)

    def _callees(self, path: Sequence[cst.CSTNode]) -> Sequence[Callee]:
        """What the call calls of which the last node of a path is an argument."""
        call = path[-3]
        if not isinstance(call, cst.Call):
            return ()  # a base of a class
        return self._around.callees(self._tree.span(call))

    def _wanted(self, path: Sequence[cst.CSTNode]) -> Iterator[str | None]:
        """The types that the last node of a path may have to have where it stands; None for one that is not known."""
        match path[-2]:
            case cst.Arg():
                yield from self._wanted_of_argument(path)
            case cst.Return():
                function = enclosing_function(path)
                yield self._result(function) if isinstance(function, cst.FunctionDef) else None
            case cst.Element():
                yield from (_element(one) for one in self._wanted(path[:-2]))
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
                yield from (_element(one) for one in self._wanted(path[:-1]))
            case cst.DictElement() as element if element.value is path[-1]:
                yield from (_value(one) for one in self._wanted(path[:-2]))
            case cst.IfExp() | cst.BooleanOperation():
                yield from self._wanted(path[:-1])
            case cst.AnnAssign(annotation=cst.Annotation(annotation=cst.Name(value=name))) if name in _PLAIN:
                yield name
            case (
                cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute(value=owner, attr=attribute))])
                | cst.AnnAssign(target=cst.Attribute(value=owner, attr=attribute))
            ):
                yield self._around.declared(self._tree.span(owner), attribute.value)
            case _:
                yield None

    def _wanted_of_argument(self, path: Sequence[cst.CSTNode]) -> Iterator[str | None]:
        call, argument = path[-3], path[-2]
        if not isinstance(call, cst.Call) or not isinstance(argument, cst.Arg):
            return
        index = call.args.index(argument)
        if argument.keyword is None and any(one.star for one in call.args[:index]):
            yield None
            return
        keyword = None if argument.keyword is None else argument.keyword.value
        for callee in self._callees(path):
            for signature in callee.signatures or (None,):
                parameter = None if signature is None else signature.parameter(keyword, index)
                yield None if parameter is None else parameter.type

    def _result(self, function: cst.FunctionDef) -> str | None:
        """The type of what the `return` statements of a function give."""
        type_ = self._around.results.get(self._tree.span(function.name))
        if type_ is None or function in self._generators:
            return None
        return type_ if function.asynchronous is None else result_of(type_)

    @cached_property
    def _generators(self) -> Container[cst.FunctionDef]:
        return generators(self._tree)


_PLAIN = frozenset({"bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple"})
_OF_ELEMENTS = frozenset(
    {
        *("list", "set", "frozenset", "typing.Iterable", "typing.Iterator", "typing.Sequence", "typing.Collection"),
        *("typing.MutableSequence", "typing.AbstractSet", "typing.Container"),
    }
)
_OF_VALUES = frozenset({"dict", "typing.Mapping", "typing.MutableMapping"})


def _element(type_: str | None) -> str | None:
    """The type of the elements of a container; None where it is not known."""
    return _argument(type_, _OF_ELEMENTS, 1)


def _value(type_: str | None) -> str | None:
    """The type of the values of a mapping."""
    return _argument(type_, _OF_VALUES, 2)


def _argument(type_: str | None, kinds: Container[str], count: int) -> str | None:
    parts = [] if type_ is None else [one for one in members_of(type_) if one != "None"]
    if len(parts) != 1 or parts[0].partition("[")[0] not in kinds:
        return None
    arguments = list(arguments_of(parts[0]))
    return arguments[-1] if len(arguments) == count else None
