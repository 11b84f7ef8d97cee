"""The types that flow into parameters without annotation from the calls of their function, and on into attributes.

A fixpoint upward from nothing: what a parameter can be is what any call hands it, its default included. A parameter is
open, and so is all it flows into, where anything else may call its function, or where its name is bound again. Types
are named by class; what is not an instance of a plain class of the project or of a builtin one is open too.
"""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.facts.arguments import Argument, arguments_in, closing
from codemods.facts.bodies import Assigned, Bodies, Place
from codemods.facts.graph import Call, CallGraph, CallKind, ClassFact, Function, ParameterKind
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import UNKNOWN, kinds_of, members_of
from codemods.facts.statements import flat, opening_of
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.tree import LineTable

_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_METHOD_CALL = re.compile(r"(?P<receiver>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\.(?P<name>[^\W\d]\w*)\(")
_LITERAL = re.compile(r"(?:True|False|\d[\w.]*)\Z")
_LITERALS = frozenset(f"builtins.{name}" for name in ("bool", "int", "float", "complex", "str", "bytes"))
_OR_ELSE = re.compile(r"(?s)(?P<one>.+?)\s+if\s.+\selse\s+(?P<other>.+)\Z")

Value = frozenset[str] | None
"""The classes that an object can be an instance of, those that derive from them included; None when it may be
anything. What is None has no attributes that matter, and counts for nothing."""


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
        targets, is_all = flow.methods(value, place[1])
        if targets:
            known = tuple(sorted({*call.targets, *targets}))
            key = (call.path, call.span, call.kind)
            found[key] = replace(call, targets=known, is_resolved=is_all, is_by_flow=True)
    return found


def receiver_of(call: Call, lines: LineTable, names: Container[str] | None = None) -> tuple[Span, str] | None:
    """The receiver of a call, when it is a name or an attribute of one, and the name of the method.

    None, too, where the method has none of the names, if some are given.
    """
    match = _METHOD_CALL.match(lines.slice(call.span))
    if match is None or (names is not None and match["name"] not in names) or lines.masked is None:
        return None
    start = lines.offset(call.span.line, call.span.column)
    opening = opening_of(lines.masked.outline, start, lines.offset(call.span.end_line, call.span.end_column))
    if opening != start + match.end() - 1:
        return None  # a call of what another call gives
    return lines.span(start, start + len(match["receiver"])), match["name"]


@dataclass(frozen=True, slots=True)
class _Parameter:
    function: str
    index: int


@dataclass(frozen=True, slots=True)
class _Attribute:
    owner: str
    name: str


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
    ) -> None:
        """`is_open` tells of a function whether anything may call it besides the resolved calls, `is_opaque` of a class
        whether its instances can have attributes that the class does not tell of."""
        self._texts = texts
        self._types_of = types_of
        self._is_open = is_open
        self._is_opaque = is_opaque
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
        self._of_builtins = {
            (base, name)
            for one in graph.classes
            for base in one.foreign_bases
            for owner in self._line[one.name]
            for name in named[owner]
        }
        self._values: dict[_Parameter | _Attribute, Value] = {}
        self._settled: set[_Parameter | _Attribute] = set()
        self._open: dict[str, bool] = {}
        self._bodies = Bodies(graph.functions, texts)

    def receiver(self, path: str, caller: str, span: Span) -> Value:
        """What an expression in a function can be."""
        lines = self._texts[path].lines
        start, end = lines.offset(span.line, span.column), lines.offset(span.end_line, span.end_column)
        place = Place(path, caller, start, end)
        while True:
            before = dict(self._values)
            found = self._expression(place)
            for node in [one for one in self._values if one not in self._settled]:
                old = self._values[node]
                if old is not None:
                    self._values[node] = _joined(old, self._flowing_into(node))
            if self._values == before:
                self._settled.update(before)  # they depend on one another alone: nothing fresh changes them
                return found or None  # what nothing flows into is not called, as far as can be seen

    def methods(self, value: frozenset[str], name: str) -> tuple[tuple[str, ...], bool]:
        """The methods of a name that a call on a value can run, and whether it can run nothing else."""
        found: set[str] = set()
        is_all = True
        for one in value:
            if one.startswith("builtins."):
                is_all = is_all and not hasattr(getattr(builtins, one.removeprefix("builtins."), None), name)
                is_all = is_all and (one, name) not in self._of_builtins
                continue
            for owner in self._line[one]:
                if (owner, name) in self._members:
                    found.add(self._members[owner, name])
                if name in self._classes[owner].attributes:
                    is_all = False
        return tuple(sorted(found)), is_all

    def _flowing_into(self, node: _Parameter | _Attribute) -> Value:
        return self._into_parameter(node) if isinstance(node, _Parameter) else self._into_attribute(node)

    def _of(self, node: _Parameter | _Attribute) -> Value:
        return self._values.setdefault(node, frozenset())

    def _into_parameter(self, node: _Parameter) -> Value:
        function = self._functions[node.function]
        parameters = function.parameters or ()
        parameter = parameters[node.index]
        if function.name in self._runs:
            own = self._of_methods(self._runs[function.name]) if node.index == 0 else None
            return None if own is None or self._has_other_callers(function) else own
        sites = self._sites[function.name]
        if not sites or function.decorators:
            return None
        if parameter.kind in {ParameterKind.REST, ParameterKind.KEYWORDS}:
            return None
        value: Value = frozenset()
        for site in sites:
            argument = self.argument(site, function, node.index)
            if argument is None:
                return None
            if isinstance(argument, Place):
                value = _joined(value, self._expression(argument))
            else:
                value = _joined(value, None if parameter.is_required else self._default(parameter.type))
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
        return self._named(" | ".join(known))

    def argument(self, site: Call, function: Function, index: int) -> Place | str | None:
        """What a call hands to a parameter; a text when it is left to its default, None when it cannot be told."""
        lines = self._texts[site.path].lines
        if lines.masked is None or function.parameters is None or site.kind not in {CallKind.CALL, CallKind.CONSTRUCT}:
            return None
        end = lines.offset(site.span.end_line, site.span.end_column)
        start = lines.offset(site.span.line, site.span.column)
        opening = opening_of(lines.masked.outline, start, end)
        if opening is None:
            return None
        arguments = arguments_in(lines.masked.outline, lines.text, opening + 1, end - 1)
        if arguments is None or any(one.stars for one in arguments):
            return None
        offset = self._bound_parameters(site, function, lines, start, opening)
        if offset is None or index < offset:
            return None
        parameter = function.parameters[index]
        positional = [one for one in arguments if one.keyword is None]
        found: Argument | None = None
        if parameter.kind is not ParameterKind.KEYWORD and index - offset < len(positional):
            found = positional[index - offset]
        for one in arguments:
            if one.keyword == parameter.name:
                found = one
        if found is None:
            return "default"
        return Place(site.path, site.caller, found.start, found.start + len(found.text))

    def _bound_parameters(
        self, site: Call, function: Function, lines: LineTable, start: int, opening: int
    ) -> int | None:
        """How many parameters a call fills by itself: `self`, or none; None when it cannot be told."""
        if site.kind is CallKind.CONSTRUCT:
            return 1 if last_name(function.name) == "__init__" else None
        if function.owner is None:
            return 0
        callee = lines.text[start:opening].rstrip()
        receiver, dot, _ = callee.rpartition(".")
        if not dot:
            return None
        receiver = receiver.rstrip()
        if receiver == "super()":
            return 1
        kinds = kinds_of(self._types_of(site.path).get(lines.span(start, start + len(receiver))))
        return None if kinds is None or any(one.is_class or one.is_module for one in kinds) else 1

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
                value = _joined(value, self._named(" | ".join(parts)))
        if is_known or value is None:
            return value
        assigned = self._bodies.assignments(node.name)
        if assigned is None:
            return None
        for place in assigned:
            if self._may_be_of(place, node.owner):
                value = _joined(value, self._expression(place.value))
        return value

    def _may_be_of(self, assigned: Assigned, owner: str) -> bool:
        """Whether the object whose attribute is assigned may be an instance of a class: not `self` of another one."""
        method = self._functions.get(assigned.value.caller)
        if method is None or method.owner is None or method.decorators or not method.parameters:
            return True
        is_self = method.parameters[0].name == assigned.receiver
        return not is_self or method.owner in self._line[owner] or self._bodies.is_rebound(method, assigned.receiver)

    def _expression(self, place: Place) -> Value:
        lines = self._texts[place.path].lines
        text = lines.text[place.start : place.end]
        if text == "None":
            return frozenset()
        if _LITERAL.match(text) or (
            lines.masked is not None and not lines.masked.outline[place.start : place.end].strip()
        ):
            return _LITERALS
        known = self._named(self._types_of(place.path).get(lines.span(place.start, place.end)))
        if known is not None:
            return known
        if _CHAIN.match(text):
            return self._chain(place, text)
        if lines.masked is None:
            return None
        return self._compound(place, lines.masked.outline[place.start : place.end], text)

    def _compound(self, place: Place, outline: str, text: str) -> Value:
        """A construction, or one of several expressions."""
        either = _OR_ELSE.match(flat(outline))
        if either is not None:
            parts = [either.span("one"), either.span("other")]
            value: Value = frozenset()
            for low, high in parts:
                value = _joined(
                    value, self._expression(Place(place.path, place.caller, place.start + low, place.start + high))
                )
            return value
        match = re.match(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", outline)
        if (
            match is None
            or outline[match.end() : match.end() + 1] != "("
            or closing(outline, match.end()) != len(outline) - 1
        ):
            return None
        lines = self._texts[place.path].lines
        callee = self._types_of(place.path).get(lines.span(place.start, place.start + match.end()))
        kinds = kinds_of(callee)
        if not kinds or not all(one.is_class for one in kinds) or len(kinds) > 1:
            return None
        (kind,) = kinds
        return self._named(kind.name)

    def _chain(self, place: Place, text: str) -> Value:
        """A name and attributes of it."""
        lines = self._texts[place.path].lines
        types = self._types_of(place.path)
        name, *attributes = text.split(".")
        end = place.start + len(name)
        value = self._named(types.get(lines.span(place.start, end)))
        if value is None:
            value = self._parameter(place.caller, name)
        for attribute in attributes:
            if value is None:
                return None
            end += 1 + len(attribute)
            known = self._named(types.get(lines.span(place.start, end)))
            value = known if known is not None else self._attribute(value, attribute)
        return value

    def _attribute(self, value: frozenset[str], name: str) -> Value:
        found: Value = frozenset()
        for one in sorted(value):
            if one not in self._classes:
                return None
            found = _joined(found, self._of(_Attribute(one, name)))
        return found

    def _parameter(self, caller: str, name: str) -> Value:
        function = self._functions.get(caller)
        if function is None or function.parameters is None:
            return None
        for index, parameter in enumerate(function.parameters):
            if parameter.name == name:
                if self._bodies.is_rebound(function, name):
                    return None
                return self._of(_Parameter(function.name, index))
        return None

    def _named(self, type_: str | None) -> Value:
        """The classes that a type names, where it names all, and each for certain."""
        kinds = kinds_of(type_)
        if not kinds:
            return None
        found: set[str] = set()
        for kind in kinds:
            if kind.is_class or kind.is_module:
                return None
            own = self._by_written.get(kind.name, ())
            if len(own) == 1 and not self._is_opaque(own[0]):
                found.add(own[0].name)
            elif not own and kind.name.startswith("builtins."):
                found.add(kind.name)
            else:
                return None
        return frozenset(found)


def _joined(one: Value, other: Value) -> Value:
    return None if one is None or other is None else one | other
