"""The calls that run functions which are used as values: by variables, tables, parameters and attributes.

From each use of a function as a value to all that becomes of it, and from each call that is met on the way to all that
it may run. Either everything is seen, and then such a call has all these functions as its targets, or none of the
functions that meet there is followed. Syntax tells what becomes of a value; which expressions are functions of the
project, and what objects are, the checker says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import libcst as cst

from codemods.facts.bodies import Place as TextPlace
from codemods.facts.graph import ByName, Call, CallGraph, CallKind, ClassFact, Function
from codemods.facts.inheritance import last_name
from codemods.facts.slots import NAMESPACE, Attribute, Files, Place, Slot, Slots, Variable
from codemods.facts.texts import Text
from codemods.facts.units import Unit, UnseenError
from codemods.facts.value_uses import Bound, Called, Default, Kept, Leaf, Lost, Meets, Passed, Shape, Use, Uses
from codemods.facts.variables import Occurrence, Path, Role
from codemods.model import Span

_CallKey = tuple[str, Span]
_Node = Slot | _CallKey
_MAKERS = frozenset({"builtins.object.__new__"})
"""What else a call of a class runs, and does nothing with its arguments."""
_Argument = Callable[[Call, Function, int], TextPlace | str | None]


@dataclass(frozen=True, slots=True)
class Project:
    """What is asked of the project besides its syntax."""

    texts: Mapping[str, Text]
    types_of: Callable[[str], Mapping[Span, str]]
    unread_with: Callable[[str], str | None]
    """The first file that holds a word and could not be read."""
    is_open: Callable[[Function], bool]
    """Whether anything may call a function besides the resolved calls."""
    is_opaque: Callable[[ClassFact], bool]
    """Whether instances of a class can have attributes that it does not tell of."""
    argument: _Argument
    """What a call hands to a parameter; a text when it is left to its default, None when it cannot be told."""


def with_values(graph: CallGraph, names: Iterable[str], project: Project) -> CallGraph:
    """The graph with the calls that run some functions by their values; the same one where none is seen.

    The uses that are followed say so, and those of the other functions say where they get out of sight.
    """
    by_name = ByName(graph)
    files = Files(graph, project.texts, project.types_of)
    slots = Slots(files, project.is_opaque, project.unread_with)
    unseen: dict[str, str] = {}
    followed: set[str] = set()
    calls: dict[_CallKey, Call] = {}
    for name in sorted(names):
        if name in unseen or name in followed or not by_name.references(name):
            continue
        meeting = _Meeting(files, slots, project, by_name)
        try:
            meeting.explore(name)
            found = meeting.calls()
        except UnseenError as where:
            unseen.update((one, str(where)) for one in meeting.functions - followed)
            slots.lose(meeting.slots, str(where))
            continue
        followed |= meeting.functions
        calls.update(found)
    if not followed and not unseen:
        return graph
    return _told(graph, calls, followed, unseen)


def _told(graph: CallGraph, calls: Mapping[_CallKey, Call], followed: set[str], unseen: Mapping[str, str]) -> CallGraph:
    fresh = dict(calls)
    known = []
    for call in graph.calls:
        changed = fresh.pop((call.path, call.span), None) if call.kind is CallKind.CALL else None
        known.append(call if changed is None else changed)
    uses = tuple(
        replace(one, is_followed=True)
        if followed.issuperset(one.targets)
        else replace(one, unseen=next((unseen[target] for target in one.targets if target in unseen), one.unseen))
        for one in graph.references
    )
    all_calls = sorted([*known, *fresh.values()], key=lambda call: (call.path, call.span, call.kind))
    return replace(graph, calls=tuple(all_calls), references=uses)


@dataclass(slots=True)
class _Meeting:
    """The functions, slots and calls that depend on one another."""

    files: Files
    _slots: Slots
    project: Project
    by_name: ByName
    functions: set[str] = field(default_factory=set)
    _shapes: dict[Slot, Shape] = field(default_factory=dict)
    _into: dict[_Node, set[str | Slot]] = field(default_factory=lambda: defaultdict(set))
    """What flows into slots and calls."""
    _called: dict[_CallKey, tuple[Unit, Path]] = field(default_factory=dict)
    _covered: set[tuple[str, Span]] = field(default_factory=set)
    """Where references have been looked into."""
    _queue: list[str | Slot] = field(default_factory=list)
    _used: set[Slot] = field(default_factory=set)
    _imported: set[Slot] = field(default_factory=set)
    """Those that an import binds to another."""
    _kept: set[str] = field(default_factory=set)
    """The attributes of what a parser of the command line gives that hold functions."""

    def explore(self, name: str) -> None:
        """Follows a function, and all that it meets. Raises UnseenError where anything gets out of sight."""
        self._add_function(name)
        while self._queue:
            one = self._queue.pop()
            if isinstance(one, str):
                self._follow_function(one)
            else:
                self._follow_slot(one)
        for function in sorted(self.functions):
            for reference in self.by_name.references(function):
                if (reference.path, reference.span) not in self._covered:
                    raise UnseenError(f"{reference.path}:{reference.span.line}")
        self._check_parameters()
        self._check_slots()

    def calls(self) -> dict[_CallKey, Call]:
        """The calls that run the functions, with all their targets."""
        found: dict[_CallKey, Call] = {}
        for key, (unit, path) in self._called.items():
            targets = self._flowing_into(key)
            known = next((one for one in self.files.calls.get(key, ()) if one.kind is CallKind.CALL), None)
            is_known = known is not None and known.is_resolved and known.targets != ()
            if known is not None and is_known and (self._is_local(key, unit, path) or set(known.targets) == targets):
                continue  # the checker knows which of the values it is there
            caller = known.caller if known is not None else self.files.function_around(unit, path)
            if caller is None:
                raise UnseenError(unit.where(path[-1]))
            foreign = () if known is None else known.foreign
            own = tuple(sorted({*targets, *(known.targets if known is not None else ())}))
            found[key] = Call(key[0], key[1], caller, CallKind.CALL, own, foreign, is_resolved=True, is_by_flow=True)
        return found

    def _flowing_into(self, node: _Node) -> set[str]:
        seen: set[_Node] = {node}
        queue: list[_Node] = [node]
        found: set[str] = set()
        while queue:
            for one in self._into[queue.pop()]:
                if isinstance(one, str):
                    found.add(one)
                elif one not in seen:
                    seen.add(one)
                    queue.append(one)
        return found

    def _is_local(self, key: _CallKey, unit: Unit, path: Path) -> bool:
        """Whether a call is of variables of the very function it stands in, bound to functions by their names."""
        around = (one for one in reversed(path[:-1]) if isinstance(one, cst.FunctionDef | cst.Lambda))
        inner = next(around, None)
        scope = None if inner is None else unit.start(inner)
        slots = [one for one in self._into[key] if not isinstance(one, str)]
        return scope is not None and all(
            isinstance(one, Variable)
            and one.scope == scope
            and all(isinstance(value, str) for value in self._into[one])
            and all(place.role is not Role.PARAMETER for place in self._slots.places(one))
            for one in slots
        )

    def _check_parameters(self) -> None:
        """What a parser gives may be handed to the functions it holds, as keyword arguments."""
        for function in (self.files.functions[name] for name in sorted(self.functions)):
            for parameter in function.parameters or ():
                if parameter.name in self._kept:
                    raise UnseenError(f"{function.path}:{function.span.line}, which takes {parameter.name} as well")

    def _check_slots(self) -> None:
        """What nothing here asks for, something elsewhere may."""
        used = set(self._used)
        queue = list(used)
        while queue:
            slot = queue.pop()
            above = {one for one in self._into[slot] if not isinstance(one, str)} if slot in self._imported else set()
            queue += above - used
            used |= above
        for slot in self._shapes:
            if slot not in used | self._imported:
                raise UnseenError(f"{slot.name}, which nothing uses here")

    def _add_function(self, name: str) -> None:
        if name not in self.functions:
            self.functions.add(name)
            self._queue.append(name)

    def _add_slot(self, slot: Slot, shape: Shape | None, where: str) -> None:
        shape = shape or self._shapes.get(slot) or self._shape_of(slot)
        if shape is None or self._shapes.setdefault(slot, shape) is not shape:
            raise UnseenError(where)
        if slot not in self._into:
            self._into[slot] = set()
            self._queue.append(slot)

    def _shape_of(self, slot: Slot, seen: tuple[Slot, ...] = ()) -> Shape | None:
        """Which kind of container a slot is bound to, by what is written there."""
        for place in self._slots.places(slot):
            match place.value:
                case cst.Dict() | cst.DictComp():
                    return Shape.MAPPING
                case cst.List() | cst.Tuple() | cst.Set() | cst.ListComp():
                    return Shape.SEQUENCE
            if place.role is Role.IMPORT and slot not in seen:
                origin = self._origin(place)
                if origin != slot:
                    return self._shape_of(origin, (*seen, slot))
        return None

    @property
    def slots(self) -> Iterable[Slot]:
        """What has been met so far."""
        return self._shapes.keys()

    def _uses(self, unit: Unit) -> Uses:
        return Uses(lambda call: any(one.targets for one in self.files.targets(unit, call)))

    def _follow_function(self, name: str) -> None:
        function = self.files.functions[name]
        if function.is_async:
            raise UnseenError(f"where {name} may be called as well, which is async already")
        if last_name(name) == "__init__":
            raise UnseenError(f"where an instance of {name.removesuffix('.__init__')} may be made as well")
        for reference in self.by_name.references(name):
            where = f"{reference.path}:{reference.span.line}"
            unit = self.files.units.at(reference.path, reference.span)
            node = unit.at(reference.span, cst.Name) or unit.at(reference.span, cst.Attribute)
            if node is None:
                raise UnseenError(where)
            path = unit.tree.path(node)
            slot = self._slot_named(unit, path)
            if slot is not None:
                self._add_slot(slot, Shape.FUNCTION, where)
                continue
            self._covered.add((reference.path, reference.span))
            for use in self._uses(unit).of(path, Shape.FUNCTION):
                self._follow(unit, use, name)

    def _follow_slot(self, slot: Slot) -> None:
        shape = self._shapes[slot]
        places = self._slots.places(slot)
        if all(one.role in {Role.USE, Role.DECLARED} for one in places):
            raise UnseenError(f"{slot.name}, of which nothing here says what it is")
        for place in places:
            unit, node = place.unit, place.path[-1]
            where = unit.where(node)
            match place.role:
                case Role.VALUE:
                    assert place.value is not None
                    self._take(unit, place.value, shape, slot)
                case Role.ELEMENT | Role.ITEM if shape is Shape.FUNCTION:
                    assert place.value is not None
                    container = Shape.SEQUENCE if place.role is Role.ELEMENT else Shape.PAIRS
                    self._take(unit, place.value, container, slot)
                case Role.PARAMETER:
                    self._take_parameter(place, shape, slot)
                case Role.IMPORT:
                    self._take_import(place, shape, slot)
                case Role.DECLARED:
                    continue
                case Role.USE:
                    self._used.add(slot)
                    self._covered.add((unit.file, unit.span(node)))
                    for use in self._uses(unit).of(place.path, shape):
                        self._follow(unit, use, slot)
                case _:
                    raise UnseenError(where)

    def _follow(self, unit: Unit, use: Use, source: str | Slot) -> None:
        """Goes on from one use of a value."""
        files = self.files
        match use:
            case Lost(path):
                raise UnseenError(unit.where(path[-1]))
            case Called(call, path):
                key = (unit.file, unit.span(call))
                self._called[key] = (unit, path)
                self._into[key].add(source)
                self._take(unit, call.func, Shape.FUNCTION, key)
            case Meets(expression, shape):
                self._take(unit, expression, shape, (unit.file, unit.span(expression)))
            case Bound(target, shape):
                slot = self._bound(unit, target)
                self._add_slot(slot, shape, unit.where(target))
                self._into[slot].add(source)
            case Kept(name, path):
                self._check_parser(unit, path)
                self._kept.add(name)
                self._add_slot(Attribute(name), Shape.FUNCTION, unit.where(path[-1]))
                self._into[Attribute(name)].add(source)
            case Passed(call, argument, shape):
                for slot in self._parameters(unit, call, argument):
                    self._add_slot(slot, shape, unit.where(call))
                    self._into[slot].add(source)
            case Default(parameter, shape):
                one = unit.variables.at(unit.tree.path(parameter.name))
                if one is None or parameter.star:
                    raise UnseenError(unit.where(parameter))
                slot = files.slot(unit, one.scope, parameter.name.value)
                self._add_slot(slot, shape, unit.where(parameter))
                self._into[slot].add(source)

    def _check_parser(self, unit: Unit, path: Path) -> None:
        """Raises UnseenError where `set_defaults` is none of a parser of the command line."""
        call = path[-1]
        assert isinstance(call, cst.Call)
        assert isinstance(call.func, cst.Attribute)
        kinds = self.files.kinds(unit, call.func.value)
        is_own = any(last_name(one) == "set_defaults" for one in self.files.functions)
        if is_own or (kinds is not None and any(not one.name.startswith("argparse.") for one in kinds)):
            raise UnseenError(unit.where(call))

    def _bound(self, unit: Unit, target: cst.BaseExpression) -> Slot:
        """What a value is bound to."""
        path = unit.tree.path(target)
        one = unit.variables.at(path)
        if one is not None and isinstance(target, cst.Name):
            return self.files.slot(unit, one.scope, target.value)
        if not isinstance(target, cst.Attribute):
            raise UnseenError(unit.where(target))
        if isinstance(target.value, cst.Name) and target.value.value == "self":
            return Attribute(target.attr.value)
        kinds = self.files.kinds(unit, target.value)
        if not kinds or any(one.name != NAMESPACE and self.files.class_written(one) is None for one in kinds):
            raise UnseenError(unit.where(target))
        return Attribute(target.attr.value)

    def _slot_named(self, unit: Unit, path: Path) -> Slot | None:
        """What a name or an attribute stands for that holds functions; None where it is a function's own name."""
        node = path[-1]
        reference = self.files.references.get((unit.file, unit.span(node)))
        own = set() if reference is None else {last_name(one) for one in reference.targets}
        if isinstance(node, cst.Name):
            one = unit.variables.at(path)
            if one is None:
                raise UnseenError(unit.where(node))
            slot = self.files.slot(unit, one.scope, node.value)
            same = list(self._bindings(unit.file, slot, node.value))
            is_defined = all(other.role is Role.IMPORT or isinstance(other.path[-2], cst.FunctionDef) for other in same)
            if same and own and is_defined and (node.value in own or self._imports(own, same)):
                return None
            return slot
        if not isinstance(node, cst.Attribute):
            raise UnseenError(unit.where(node))
        kinds = self.files.kinds(unit, node.value)
        if own == {node.attr.value}:
            if kinds is None and not self._is_own_class(path):
                raise UnseenError(unit.where(node))
            known = (one.is_module or self.files.class_written(one) is not None for one in kinds or ())
            if not all(known):
                raise UnseenError(unit.where(node))
            return None
        if kinds and all(one.is_module for one in kinds):
            modules = {self.files.path_of.get(one.name) for one in kinds}
            path_of_module = modules.pop()
            if modules or path_of_module is None:
                raise UnseenError(unit.where(node))
            return Variable(path_of_module, None, node.attr.value)
        return Attribute(node.attr.value)

    def _bindings(self, file: str, slot: Slot, name: str) -> Iterator[Occurrence]:
        """What binds a name in a file."""
        for unit in self.files.units.with_name(file, name):
            for one in unit.occurrences(name):
                if one.role is not Role.USE and self.files.slot(unit, one.scope, name) == slot:
                    yield one

    def _is_own_class(self, path: Path) -> bool:
        """Whether an attribute is asked of `self` or `cls`, or of a class by its name."""
        node = path[-1]
        assert isinstance(node, cst.Attribute)
        return isinstance(node.value, cst.Name) and node.value.value in {"self", "cls"}

    def _imports(self, names: set[str], bindings: Iterable[Occurrence]) -> bool:
        """Whether an import binds one of these names under another."""
        aliases = (path[-3] for one in bindings if isinstance((path := one.path)[-2], cst.AsName))
        return any(isinstance(one, cst.ImportAlias) and one.evaluated_name in names for one in aliases)

    def _take(self, unit: Unit, expression: cst.BaseExpression, shape: Shape, into: _Node) -> None:
        """Notes all that an expression can be."""
        for leaf in self._uses(unit).leaves(expression, shape):
            self._take_leaf(unit, leaf, into)

    def _take_leaf(self, unit: Unit, leaf: Leaf, into: _Node) -> None:
        node = leaf.expression
        where = unit.where(node)
        match node:
            case cst.Call(args=[_, cst.Arg(value=cst.SimpleString() as name), *_]) if isinstance(
                name.evaluated_value, str
            ):
                slot: Slot | None = Attribute(name.evaluated_value)
            case cst.Name() | cst.Attribute():
                slot = self._slot_named(unit, unit.tree.path(node))
            case _:
                raise UnseenError(where)
        if slot is not None:
            self._add_slot(slot, leaf.shape, where)
            self._into[into].add(slot)
            return
        reference = self.files.references[unit.file, unit.span(node)]
        if leaf.shape is not Shape.FUNCTION:
            raise UnseenError(where)
        for target in reference.targets:
            self._add_function(target)
            self._into[into].add(target)

    def _take_parameter(self, place: Place, shape: Shape, slot: Slot) -> None:
        """Notes all that is handed to a parameter."""
        files, (node, parameter) = self.files, (place.path[-4], place.path[-2])
        where = place.unit.where(place.path[-1])
        assert isinstance(parameter, cst.Param)
        function = files.function_of(place.unit, node) if isinstance(node, cst.FunctionDef) else None
        if function is None or not files.sites[function.name] or parameter.star or function.decorators:
            raise UnseenError(f"{where}, a parameter of what something unknown may call")
        names = [one.name for one in function.parameters or ()]
        if parameter.name.value not in names:
            raise UnseenError(where)
        index = names.index(parameter.name.value)
        if parameter.default is not None:
            self._take(place.unit, parameter.default, shape, slot)
        for site in files.sites[function.name]:
            given = self.project.argument(site, function, index)
            if given is None:
                raise UnseenError(f"{site.path}:{site.span.line}")
            if isinstance(given, TextPlace):
                span = self.project.texts[given.path].lines.span(given.start, given.end)
                unit = files.units.at(given.path, span)
                value = unit.at(span, cst.BaseExpression)  # type: ignore[type-abstract]
                if value is None:
                    raise UnseenError(f"{site.path}:{site.span.line}")
                self._take(unit, value, shape, slot)
        if self.project.is_open(function):  # asked last: it costs much
            raise UnseenError(f"{where}, a parameter of what something unknown may call")

    def _parameters(self, unit: Unit, call: cst.Call, argument: cst.Arg) -> list[Slot]:
        """The parameters that an argument fills."""
        where = unit.where(call)
        lines = self.project.texts[unit.file].lines
        place = unit.span(argument.value)
        start = lines.offset(place.line, place.column)
        sites = self.files.targets(unit, call)
        plain = (one.is_resolved and one.targets and not {each.name for each in one.foreign} - _MAKERS for one in sites)
        if not sites or not all(plain):
            raise UnseenError(where)
        found: list[Slot] = []
        for site in sites:
            for target in site.targets:
                function = self.files.functions[target]
                for index, parameter in enumerate(function.parameters or ()):
                    given = self.project.argument(site, function, index)
                    if isinstance(given, TextPlace) and given.start == start:
                        found.append(self.files.parameter(function, parameter.name))
                        break
                else:
                    raise UnseenError(where)
        return found

    def _origin(self, place: Place) -> Variable:
        """The variable of a module that an import binds to another."""
        where = place.unit.where(place.path[-1])
        alias = next((one for one in place.path if isinstance(one, cst.ImportAlias)), None)
        statement = next((one for one in place.path if isinstance(one, cst.ImportFrom)), None)
        if alias is None or statement is None:
            raise UnseenError(where)
        origin = self.files.path_of.get(self.files.imported_from(place.unit.file, statement) or "")
        if origin is None:
            raise UnseenError(where)
        return Variable(origin, None, alias.evaluated_name)

    def _take_import(self, place: Place, shape: Shape, slot: Slot) -> None:
        """An import that binds a slot, or one by which another file has it too."""
        name = place.path[-1]
        assert isinstance(name, cst.Name)
        where = place.unit.where(name)
        one = place.unit.variables.at(place.path)
        if one is None:
            raise UnseenError(where)
        bound, origin = self.files.slot(place.unit, one.scope, name.value), self._origin(place)
        for end in (bound, origin):
            self._add_slot(end, shape, where)
        self._into[bound].add(origin)
        self._imported.add(bound)
