"""The types that flow into parameters without annotation from the calls of their function, and on into attributes.

A fixpoint upward from nothing: what a parameter can be is what any call hands it, its default included. A parameter is
open, and so is all it flows into, where anything else may call its function, or where its name is bound again. Types
are named by class; what is not an instance of a plain class of the project or of a builtin one is open too.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.facts.bodies import Assigned, Bodies, Place
from codemods.facts.call_arguments import CallArguments
from codemods.facts.expression_values import METHOD, ExpressionValues, Value, joined
from codemods.facts.graph import Call, CallGraph, CallKind, ClassFact, Function, ParameterKind
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import UNKNOWN, kinds_of, members_of
from codemods.facts.lookups import HOOKS
from codemods.facts.plain_data import PLAIN, SHALLOW, is_of_plain
from codemods.facts.statements import opening_of
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.tree import LineTable

_ABSTRACT = frozenset({"typing", "collections", "_typeshed", "abc", "contextlib"})
"""The modules of classes that others need not derive from to count as them."""


def followed(
    graph: CallGraph,
    texts: Mapping[str, Text],
    names: Container[str],
    is_partly_known: Callable[[str, Span], bool],
    flow: Flow,
) -> Mapping[tuple[str, Span, CallKind], Call]:
    """The calls that carry one of the names and whose receiver only the flow knows, with its targets.

    By path, place and kind. `is_partly_known` tells of an expression whether the checker counts on a part of its type.
    """
    found: dict[tuple[str, Span, CallKind], Call] = {}
    for call in graph.calls:
        if call.kind is not CallKind.CALL or call.is_by_flow or call.foreign or bool(call.targets) != call.is_resolved:
            continue
        place = receiver_of(call, texts[call.path].lines, names)
        if place is None or (call.targets and not is_partly_known(call.path, place[0])):
            continue
        value = flow.receiver(call.path, call.caller, place[0])
        if value is None:
            continue
        key = (call.path, call.span, call.kind)
        methods = flow.methods(value, place[1])
        if methods.own:
            known = tuple(sorted({*call.targets, *methods.own}))
            found[key] = replace(call, targets=known, is_resolved=not methods.are_others, is_by_flow=True)
        elif not call.targets and not methods.are_unknown:
            found[key] = replace(call, is_resolved=True, is_by_flow=True)  # it runs nothing of the project
    return found


def receiver_of(call: Call, lines: LineTable, names: Container[str] | None = None) -> tuple[Span, str] | None:
    """The receiver of a call of a method, and the name of that.

    None, too, where the method has none of the names, if some are given.
    """
    if lines.masked is None:
        return None
    start, end = lines.offset(call.span.line, call.span.column), lines.offset(call.span.end_line, call.span.end_column)
    opening = opening_of(lines.masked.outline, start, end)
    match = None if opening is None else METHOD.match(lines.masked.outline[start:opening])
    if match is None or (names is not None and match["name"] not in names):
        return None
    return lines.span(start, start + match.end("receiver")), match["name"]


@dataclass(frozen=True, slots=True)
class _Parameter:
    function: str
    index: int


@dataclass(frozen=True, slots=True)
class _Attribute:
    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class _Variable:
    """A name that a function binds."""

    function: str
    name: str
    is_untyped: bool
    """Whether only what the checker knows nothing of is meant."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What a call of a function gives, awaited if it is a coroutine function."""

    function: str


_Node = _Parameter | _Attribute | _Variable | _Result


@dataclass(frozen=True, slots=True)
class Methods:
    """What a call of a method can run."""

    own: tuple[str, ...]
    """Functions of the project."""
    are_others: bool
    """Whether it can run something else as well."""
    are_unknown: bool
    """Whether that may be a function of the project."""


def _texts(function: Function) -> Iterator[str]:
    """The decorators of a function as they are written, by their last names."""
    return (one.text.rpartition(".")[2] for one in function.decorators)


class Flow:
    """Answers what an expression can be."""

    def __init__(
        self,
        graph: CallGraph,
        texts: Mapping[str, Text],
        types_of: Callable[[str], Mapping[Span, str]],
        is_open: Callable[[Function], bool],
        is_opaque: Callable[[ClassFact], bool],
        members_of: Callable[[str], frozenset[str] | None],
        handed: Callable[[Function], Mapping[str, str]],
        decoders: Container[str],
    ) -> None:
        """`is_open` tells of a function whether anything may call it besides the resolved calls, `is_opaque` of a class
        whether its instances can have attributes that the class does not tell of. `members_of` gives the names of all
        that objects of a class from elsewhere have, where that is known, `handed` the types of what a framework gives
        to the parameters of a function, by name; `decoders` are functions that give plain data.
        """
        self._texts = texts
        self._types_of = types_of
        self._arguments = CallArguments(texts, types_of)
        self._is_open = is_open
        self._is_opaque = is_opaque
        self._members_of = members_of
        self._handed = handed
        self._expressions = ExpressionValues(graph.calls, texts, types_of, decoders, self)
        self._foreign_bases = {base for one in graph.classes for base in one.foreign_bases}
        self._functions = {one.name: one for one in graph.functions}
        self._runs = {one.name: one.runs for one in graph.wrappers}
        self._sites: dict[str, list[Call]] = defaultdict(list)
        for call in graph.calls:
            for target in call.targets:
                self._sites[target].append(call)
        self._classes = {one.name: one for one in graph.classes}
        self._by_written: dict[str, list[ClassFact]] = defaultdict(list)
        self._line: dict[str, set[str]] = defaultdict(set)
        for one in graph.classes:
            module, _, qualname = one.name.partition(":")
            for name in {qualname.replace(".<locals>", ""), qualname.rpartition(".")[2]}:
                self._by_written[f"{module}.{name}"].append(one)
            for base in (one.name, *one.mro):
                self._line[base] |= {one.name, *one.mro}
        self._members = {(one.owner, last_name(one.name)): one.name for one in graph.functions if one.owner is not None}
        named: dict[str, set[str]] = defaultdict(set)
        for owner, name in self._members:
            named[owner].add(name)
        self._of_foreign = {
            (base, name)
            for one in graph.classes
            for base in one.foreign_bases
            for owner in self._line[one.name]
            for name in named[owner]
        }
        self._values: dict[_Node, Value] = {}
        self._settled: set[_Node] = set()
        self._open: dict[str, bool] = {}
        self._bodies = Bodies(graph.functions, texts)

    def receiver(self, path: str, caller: str, span: Span) -> Value:
        """What an expression in a function can be."""
        lines = self._texts[path].lines
        start, end = lines.offset(span.line, span.column), lines.offset(span.end_line, span.end_column)
        place = Place(path, caller, start, end)
        while True:
            before = dict(self._values)
            found = self._expressions.of(place)
            for node in [one for one in self._values if one not in self._settled]:
                old = self._values[node]
                if old is not None:
                    self._values[node] = joined(old, self._flowing_into(node))
            if self._values == before:
                self._settled.update(before)  # they depend on one another alone: nothing fresh changes them
                return found or None  # what nothing flows into is not called, as far as can be seen

    def methods(self, value: frozenset[str], name: str) -> Methods:
        """The methods of a name that a call on a value can run."""
        found: set[str] = set()
        are_others = are_unknown = False
        for one in value:
            if one == PLAIN:
                are_others = are_others or is_of_plain(name)
            elif one not in self._classes:
                are_unknown = are_unknown or (one, name) in self._of_foreign
                are_others = are_others or self._foreign_has(one, name)
            else:
                for owner in self._line[one]:
                    if (owner, name) in self._members:
                        found.add(self._members[owner, name])
                    are_unknown = are_unknown or name in self._classes[owner].attributes
        return Methods(tuple(sorted(found)), are_others or are_unknown, are_unknown)

    def _foreign_has(self, class_name: str, method: str) -> bool:
        if class_name.startswith("builtins."):
            return hasattr(getattr(builtins, class_name.removeprefix("builtins."), None), method)
        members = self._members_of(class_name)
        return members is None or method in members

    def _flowing_into(self, node: _Node) -> Value:
        match node:
            case _Parameter():
                return self._into_parameter(node)
            case _Attribute():
                return self._into_attribute(node)
            case _Variable():
                return self._into_variable(self._functions[node.function], node)
            case _Result():
                return self._into_result(self._functions[node.function])

    def _of(self, node: _Node) -> Value:
        return self._values.setdefault(node, frozenset())

    def _into_parameter(self, node: _Parameter) -> Value:
        function = self._functions[node.function]
        parameters = function.parameters or ()
        parameter = parameters[node.index]
        if function.name in self._runs:
            own = self._of_methods(self._runs[function.name]) if node.index == 0 else None
            return None if own is None or self._has_other_callers(function) else own
        sites = self._sites[function.name]
        if not sites:
            return self.named(self._handed(function).get(parameter.name))
        if function.decorators:
            return None
        if parameter.kind in {ParameterKind.REST, ParameterKind.KEYWORDS}:
            return None
        value: Value = frozenset()
        for site in sites:
            argument = self._arguments.argument(site, function, node.index)
            if argument is None:
                return None
            if isinstance(argument, Place):
                value = joined(value, self._expressions.of(argument))
            else:
                value = joined(value, None if parameter.is_required else self._default(parameter.type))
            if value is None:
                return None
        # asked last: it costs much, and most parameters take something unknown anyway
        return None if value is None or self._has_other_callers(function) else value

    def _of_methods(self, names: Sequence[str]) -> Value:
        """What the first parameter can be of what takes the place of methods."""
        methods = [self._functions[name] for name in names]
        are_plain = all(
            one.owner is not None and not {"staticmethod", "classmethod"} & set(_texts(one)) for one in methods
        )
        return frozenset(one.owner for one in methods if one.owner is not None) if are_plain else None

    def _has_other_callers(self, function: Function) -> bool:
        if function.name not in self._open:
            self._open[function.name] = self._is_open(function)
        return self._open[function.name]

    def _default(self, type_: str) -> Value:
        """What the type of a parameter tells of its default."""
        known = [part for part in members_of(type_) if part not in UNKNOWN and part != "None"]
        if not known:
            return frozenset() if "None" in members_of(type_) else None
        return self.named(" | ".join(known))

    def _into_attribute(self, node: _Attribute) -> Value:
        one = self._classes[node.owner]
        if self._is_opaque(one):
            return None
        value: Value = frozenset()
        for owner in sorted(self._line[node.owner]):
            if (owner, node.name) in self._members:
                return None  # a property or a method
        types = [
            self._classes[owner].attributes[node.name]
            for owner in sorted(self._line[node.owner])
            if node.name in self._classes[owner].attributes
        ]
        if not types:
            return None
        is_known = True
        for type_ in types:
            parts = [part for part in members_of(type_) if part not in UNKNOWN and part != "None"]
            if not {"Any", "typing.Any"}.isdisjoint(members_of(type_)):
                return None
            is_known = is_known and bool(parts) and not UNKNOWN & set(members_of(type_))
            if parts:
                value = joined(value, self.named(" | ".join(parts)))
        if is_known or value is None:
            return value
        assigned = self._bodies.assignments(node.name)
        if assigned is None:
            return None
        for place in assigned:
            if self._may_be_of(place, node.owner):
                value = joined(value, self._expressions.of(place.value))
        if value is not None and PLAIN in value and self._bodies.is_attribute_filled(node.name):
            return value - {PLAIN} | SHALLOW
        return value

    def _may_be_of(self, assigned: Assigned, owner: str) -> bool:
        """Whether the object whose attribute is assigned may be an instance of a class: not `self` of another one."""
        method = self._functions.get(assigned.value.caller)
        if method is None or method.owner is None or method.decorators or not method.parameters:
            return True
        is_self = method.parameters[0].name == assigned.receiver
        return not is_self or method.owner in self._line[owner] or self._bodies.is_rebound(method, assigned.receiver)

    def attribute(self, value: frozenset[str], name: str) -> Value:
        """What an attribute of a value can be."""
        found: Value = frozenset()
        for one in sorted(value):
            if one not in self._classes:
                return None
            found = joined(found, self._of(_Attribute(one, name)))
        return found

    def variable(self, caller: str, name: str, *, is_untyped: bool) -> Value:
        """What a name can be in a function: one that the function, or one around it, binds or takes.

        Where the checker knows nothing of it at a place, nothing that it knows the type of has come there: it would
        tell of a union.
        """
        function = self._functions.get(caller)
        if function is None or function.parameters is None:
            return None
        index = next((index for index, one in enumerate(function.parameters) if one.name == name), None)
        bound = self._bodies.bindings(function, name)
        if bound is None:
            return None
        if index is None and not bound:
            return self.variable(function.parent, name, is_untyped=False)
        value: Value = frozenset() if index is None else self._of(_Parameter(function.name, index))
        if bound:
            value = joined(value, self._of(_Variable(function.name, name, is_untyped)))
        if value is not None and PLAIN in value and self._bodies.is_filled(function, name):
            return value - {PLAIN} | SHALLOW
        return value

    def result(self, function: str, *, is_awaited: bool) -> Value:
        """What a call of a function of the project can give."""
        called = self._functions[function]
        if called.decorators or called.is_async != is_awaited:
            return None
        return self._of(_Result(function))

    def result_of_method(self, value: frozenset[str], name: str) -> Value:
        """What a call of a method of a value can give, where it is one of the project."""
        methods = self.methods(value, name)
        if methods.are_others:
            return None
        found: Value = frozenset()
        for one in methods.own:
            found = joined(found, self.result(one, is_awaited=False))
        return found

    def named(self, type_: str | None) -> Value:
        """The classes that a type names, where it names all, and each for certain."""
        kinds = kinds_of(type_)
        if not kinds:
            return None
        found: set[str] = set()
        for kind in kinds:
            own = self._by_written.get(kind.name, ())
            if kind.is_class or kind.is_module:
                return None
            if len(own) == 1 and not self._is_opaque(own[0]):
                found.add(own[0].name)
            elif not own and (kind.name.startswith("builtins.") or self._is_plainly_foreign(kind.name)):
                found.add(kind.name)
            else:
                return None
        return frozenset(found)

    def _is_plainly_foreign(self, name: str) -> bool:
        """Whether objects of a class from elsewhere have its methods alone, and hand nothing on."""
        if name.partition(".")[0] in _ABSTRACT or name in self._foreign_bases:
            return False
        members = self._members_of(name)
        return members is not None and HOOKS.isdisjoint(members)

    def _into_variable(self, function: Function, node: _Variable) -> Value:
        value: Value = frozenset()
        for one in self._bodies.bindings(function, node.name) or ():
            if node.is_untyped and not one.is_part and self._expressions.is_typed(one.value):
                continue
            bound = self._expressions.of(one.value)
            if one.is_part and bound is not None and not bound <= {PLAIN}:
                return None
            value = joined(value, bound)
        return value

    def _into_result(self, function: Function) -> Value:
        known = None if function.is_async else self.named(function.result)
        returned = self._bodies.returned(function)
        if known is not None or returned is None:
            return known
        value: Value = frozenset()
        for place in returned:
            value = joined(value, self._expressions.of(place))
        return value
