"""What can hold a function besides its own name: variables and attributes, with all places that bind or use them.

A variable of a module may be used by other files. Attributes are told apart by their names alone, over the whole
project, and by what the checker knows of the objects that are asked. A place that cannot be told raises `UnseenError`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.graph import Call, CallGraph, ClassFact, Function, Reference
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import Kind, kinds_of
from codemods.facts.texts import Text
from codemods.facts.units import Unit, Units, UnseenError
from codemods.facts.variables import Occurrence, Path, Role, Scope
from codemods.model import Span
from codemods.tree import dotted_name

NAMESPACE = "argparse.Namespace"
"""What a parser of the command line gives: `set_defaults` says what its attributes hold."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a function, or of a module."""

    path: str
    scope: tuple[int, int] | None
    """The line and the column where the function starts; None for the module."""
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """All attributes of a name that may be one and the same."""

    name: str


Slot = Variable | Attribute


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a file that binds a slot or uses it."""

    unit: Unit
    path: Path
    """Down to the name, the attribute, or the call that asks for it."""
    role: Role
    value: cst.BaseExpression | None = None


_IMPORTS_ALL = re.compile(r"^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]*\(?[ \t]*\*", re.M)


class Files:
    """The files of a project, parsed in parts when they are asked for, and what the checker says of them."""

    def __init__(
        self, graph: CallGraph, texts: Mapping[str, Text], types_of: Callable[[str], Mapping[Span, str]]
    ) -> None:
        self.texts = texts
        self.units = Units(graph.functions, texts)
        self._types_of = types_of
        self.functions = {one.name: one for one in graph.functions}
        self._functions_at = {(one.path, one.span): one.name for one in graph.functions}
        self.classes = {one.name: one for one in graph.classes}
        self._classes_at = {(one.path, one.span): one for one in graph.classes}
        self._classes_written = {one.name.replace(":", ".").replace(".<locals>", ""): one for one in graph.classes}
        self.references = {(one.path, one.span): one for one in graph.references}
        self.calls: dict[tuple[str, Span], list[Call]] = defaultdict(list)
        for call in graph.calls:
            self.calls[call.path, call.span].append(call)
        self.sites: dict[str, list[Call]] = defaultdict(list)
        for call in graph.calls:
            for target in call.targets:
                self.sites[target].append(call)
        self._modules: dict[str, str] = {}
        placed: Iterator[tuple[str, str]] = (
            (one.path, name)
            for parts in (graph.functions, graph.classes, graph.calls, graph.references)
            for one in parts
            for name in [one.caller if isinstance(one, Call | Reference) else one.name]
        )
        for path, name in placed:
            self._modules.setdefault(path, name.partition(":")[0])
        self.path_of = {module: path for path, module in self._modules.items()}
        self.project = {module.partition(".")[0] for module in self.path_of}
        """The top-level names of the project's modules."""

    def module(self, file: str) -> str | None:
        """The name of a file's module, as far as the graph tells."""
        return self._modules.get(file)

    def with_word(self, name: str) -> Iterator[str]:
        """The files that hold a word."""
        return (file for file, text in sorted(self.texts.items()) if name in text.lines.words)

    def kinds(self, unit: Unit, node: cst.BaseExpression) -> frozenset[Kind] | None:
        """What the checker knows of an expression."""
        return kinds_of(self._types_of(unit.file).get(unit.span(node)))

    def class_written(self, kind: Kind) -> ClassFact | None:
        """The project's class that a kind is of."""
        return self._classes_written.get(kind.name)

    def class_around(self, unit: Unit, path: Path) -> ClassFact | None:
        """The innermost class whose body holds the end of a path."""
        for node in reversed(path[:-1]):
            if isinstance(node, cst.ClassDef):
                return self._classes_at.get((unit.file, unit.span(node.name)))
        return None if unit.function is None else self.classes.get(unit.function.owner or "")

    def function_around(self, unit: Unit, path: Path) -> str | None:
        """The function whose body holds the end of a path, else the module."""
        for outer, inner in zip(path[-2::-1], path[:0:-1], strict=False):
            if isinstance(outer, cst.FunctionDef) and inner is outer.body:
                return self._functions_at.get((unit.file, unit.span(outer.name)))
        module = self.module(unit.file)
        return None if module is None else f"{module}:"

    def function_of(self, unit: Unit, node: cst.FunctionDef) -> Function | None:
        """The function that a definition defines."""
        return self.functions.get(self._functions_at.get((unit.file, unit.span(node.name)), ""))

    def targets(self, unit: Unit, call: cst.Call) -> Sequence[Call]:
        """What the checker knows of a call."""
        return self.calls.get((unit.file, unit.span(call)), ())

    def slot(self, unit: Unit, scope: Scope, name: str) -> Slot:
        """What a name in a scope stands for."""
        if isinstance(scope, cst.ClassDef):
            return Attribute(name)
        return Variable(unit.file, unit.start(scope), name)

    def parameter(self, function: Function, name: str) -> Variable:
        """A parameter of a function."""
        unit = self.units.around(function)
        node = unit.function_at(function.span)
        if node is None:
            raise UnseenError(f"{function.path}:{function.span.line}")
        return Variable(function.path, unit.start(node), name)

    def imported_from(self, file: str, statement: cst.ImportFrom) -> str | None:
        """The module that names are imported from; None where that cannot be told."""
        named = "" if statement.module is None else dotted_name(statement.module) or ""
        level = len(statement.relative)
        if level == 0:
            return named
        module = self.module(file)
        if module is None:
            return None
        parts = module.split(".") if file.endswith("__init__.py") else module.split(".")[:-1]
        parts = parts[: len(parts) - level + 1]
        return ".".join([*parts, *([named] if named else [])])


class Slots:
    """Finds all places of a slot."""

    def __init__(
        self, files: Files, is_opaque: Callable[[ClassFact], bool], unread_with: Callable[[str], str | None]
    ) -> None:
        """`is_opaque` tells of a class whether its instances can have attributes that it does not tell of.

        `unread_with` names the first file that holds a word and could not be read.
        """
        self._unread_with = unread_with
        self._files = files
        self._is_opaque = is_opaque
        self._found: dict[Slot, Sequence[Place]] = {}
        self._unseen: dict[Slot, str] = {}

    def places(self, slot: Slot) -> Sequence[Place]:
        """Every place that binds a slot or uses it. Raises UnseenError where one cannot be told."""
        if slot in self._unseen:
            raise UnseenError(self._unseen[slot])
        if slot not in self._found:
            try:
                self._found[slot] = tuple(self._find(slot))
            except UnseenError as where:
                self._unseen[slot] = str(where)
                raise
        return self._found[slot]

    def lose(self, slots: Iterable[Slot], why: str) -> None:
        """Notes that something of some slots gets out of sight."""
        self._unseen.update((slot, why) for slot in slots if slot not in self._unseen)

    def _find(self, slot: Slot) -> Iterator[Place]:
        unread = None if isinstance(slot, Variable) and slot.scope is not None else self._unread_with(slot.name)
        if unread is not None:
            raise UnseenError(f"{slot.name} in {unread}, which could not be read")
        if isinstance(slot, Attribute):
            yield from _AttributePlaces(self._files, slot.name, self._is_opaque).places()
            return
        yield from self._in_file(slot)
        if slot.scope is None:
            yield from self._elsewhere(slot)

    def _in_file(self, slot: Variable) -> Iterator[Place]:
        files = self._files
        for unit in files.units.with_name(slot.path, slot.name):
            for one in unit.occurrences(slot.name):
                if isinstance(one.path[-2], cst.NameItem) and self._is_within(slot, unit, one.path):
                    raise UnseenError(unit.where(one.path[-1]))
                if files.slot(unit, one.scope, slot.name) == slot:
                    yield Place(unit, one.path, one.role, one.value)
            for name in ("locals", "exec", "eval") if slot.scope is not None else ():
                for path in unit.nodes(name):
                    if self._is_within(slot, unit, path):
                        raise UnseenError(unit.where(path[-1]))

    def _is_within(self, slot: Variable, unit: Unit, path: Path) -> bool:
        """Whether the end of a path stands where a variable is seen: in its function, or anywhere for a module's."""
        functions = (one for one in path[:-1] if isinstance(one, cst.FunctionDef | cst.Lambda))
        return slot.scope is None or any(unit.start(one) == slot.scope for one in functions)

    def _elsewhere(self, slot: Variable) -> Iterator[Place]:
        """What other files, and texts, do with a variable of a module."""
        files = self._files
        module = files.module(slot.path)
        for file in files.with_word(slot.name):
            if file != slot.path and _IMPORTS_ALL.search(files.texts[file].lines.text):
                raise UnseenError(f"{file}, which imports all names of a module")
            for unit in files.units.with_name(file, slot.name):
                _refuse_texts(unit, slot.name)
                for path in unit.nodes(slot.name):
                    yield from self._mention(slot, unit, path, module)

    def _mention(self, slot: Variable, unit: Unit, path: Path, module: str | None) -> Iterator[Place]:
        node = path[-1]
        match path[-2]:
            case cst.ImportAlias() as alias if alias.name is node and isinstance(path[-3], cst.ImportFrom):
                if unit.file != slot.path and self._is_from(unit, path[-3], module):
                    bound = alias.asname.name if alias.asname is not None else node
                    yield Place(unit, unit.tree.path(bound), Role.IMPORT)
            case cst.Attribute() as attribute if attribute.attr is node:
                if self._is_of_module(unit, path[:-1], module):
                    is_use = _role_of_attribute(path[:-1])[0] is Role.USE
                    yield Place(unit, path[:-1], Role.USE if is_use else Role.OTHERWISE)

    def _is_from(self, unit: Unit, statement: cst.ImportFrom, module: str | None) -> bool:
        named = self._files.imported_from(unit.file, statement)
        if named is None or module is None:
            raise UnseenError(unit.where(statement))
        if named != module and named not in self._files.path_of and _last(named) == _last(module):
            raise UnseenError(unit.where(statement))
        return named == module

    def _is_of_module(self, unit: Unit, path: Path, module: str | None) -> bool:
        attribute = path[-1]
        assert isinstance(attribute, cst.Attribute)
        if isinstance(attribute.value, cst.Name) and attribute.value.value in {"self", "cls"}:
            return False
        if any(isinstance(one, cst.Import | cst.ImportFrom) for one in path):
            return False
        kinds = self._files.kinds(unit, attribute.value)
        if kinds is None:
            raise UnseenError(unit.where(attribute))
        return any(one.is_module and one.name == module for one in kinds)


def _last(module: str) -> str:
    return module.rpartition(".")[2]


def _refuse_texts(unit: Unit, name: str) -> None:
    """Raises UnseenError where a variable of a module is named in a text; `__all__` only says what is there."""
    for node in unit.tree.all(cst.SimpleString):
        if not _names(node, name):
            continue
        around = unit.tree.path(node)
        is_list = any(
            isinstance(one, cst.Assign)
            and any(isinstance(target.target, cst.Name) and target.target.value == "__all__" for target in one.targets)
            for one in around
        )
        if not is_list:
            raise UnseenError(unit.where(node))


def _names(node: cst.SimpleString, name: str) -> bool:
    """Whether a text is a name, or a path that ends with it."""
    value = node.evaluated_value
    return isinstance(value, str) and (value == name or value.endswith((f".{name}", f":{name}")))


def _role_of_attribute(path: Path) -> tuple[Role, cst.BaseExpression | None]:
    node, parent = path[-1], path[-2]
    match parent:
        case cst.AssignTarget():
            assign = path[-3]
            assert isinstance(assign, cst.Assign)
            return Role.VALUE, assign.value
        case cst.AnnAssign() if parent.target is node:
            return (Role.DECLARED, None) if parent.value is None else (Role.VALUE, parent.value)
        case cst.AugAssign() | cst.For() | cst.CompFor() if parent.target is node:
            return Role.OTHERWISE, None
        case cst.Del() | cst.AsName():
            return Role.OTHERWISE, None
        case cst.Element() | cst.StarredElement():
            targets = (cst.AssignTarget, cst.Del, cst.For, cst.CompFor)
            outer = path[-4] if len(path) > 3 else None
            is_target = isinstance(outer, targets) and getattr(outer, "target", path[-3]) is path[-3]
            return (Role.OTHERWISE if is_target else Role.USE), None
    return Role.USE, None


class _AttributePlaces:
    """The places of the attributes of one name."""

    def __init__(self, files: Files, name: str, is_opaque: Callable[[ClassFact], bool]) -> None:
        self._files = files
        self._name = name
        self._is_opaque = is_opaque
        self._owners: set[str] = set()
        """What binds the attribute: classes, and `NAMESPACE`."""
        self._unknown: list[tuple[Unit, cst.CSTNode]] = []
        """Uses of it on variables of unknown type."""

    def places(self) -> Iterator[Place]:
        """All of them, once it is certain that nothing else can be meant."""
        files, name = self._files, self._name
        if name.startswith("__"):
            raise UnseenError(f"an attribute {name}, which Python itself asks for")
        for function in files.functions.values():
            if function.owner is not None and last_name(function.name) == name:
                raise UnseenError(f"{function.path}:{function.span.line}, where a method has the name {name}")
        units = (unit for file in files.with_word(name) for unit in files.units.with_name(file, name))
        found = [one for unit in units for one in self._in_unit(unit)]
        for owner in sorted(self._owners - {NAMESPACE}):
            self._check_class(files.classes[owner])
        if NAMESPACE in self._owners:
            self._check_keywords()
            self._check_options()
        if self._owners != {NAMESPACE}:
            for unit, node in self._unknown:
                raise UnseenError(unit.where(node))
        yield from found

    def _in_unit(self, unit: Unit) -> Iterator[Place]:
        for path in unit.nodes(self._name):
            node, parent = path[-1], path[-2]
            if isinstance(parent, cst.Attribute) and parent.attr is node:
                yield from self._attribute(unit, path[:-1])
            elif isinstance(parent, cst.Arg) and parent.keyword is node:
                yield from self._keyword(unit, path)
            elif (one := unit.variables.at(path)) is not None and isinstance(one.scope, cst.ClassDef):
                yield self._in_class_body(unit, one)
        for text in unit.tree.all(cst.SimpleString):
            if self._may_name(text):
                yield from self._text(unit, unit.tree.path(text))

    def _in_class_body(self, unit: Unit, one: Occurrence) -> Place:
        owner = self._files.class_around(unit, one.path)
        if owner is None or not isinstance(one.scope, cst.ClassDef) or one.scope.decorators:
            raise UnseenError(unit.where(one.path[-1]))
        if one.role is not Role.USE:
            self._owners.add(owner.name)
        return Place(unit, one.path, one.role, one.value)

    def _attribute(self, unit: Unit, path: Path) -> Iterator[Place]:
        attribute = path[-1]
        assert isinstance(attribute, cst.Attribute)
        if any(isinstance(one, cst.Import | cst.ImportFrom) for one in path):
            return
        role, value = _role_of_attribute(path)
        owners = self.owners(unit, path)
        if owners is None:
            if not isinstance(attribute.value, cst.Name) or role is not Role.USE or "partial" in self._words(unit):
                raise UnseenError(unit.where(attribute))
            self._unknown.append((unit, attribute))
        elif not owners:
            return
        elif role is not Role.USE:
            self._owners |= owners
        yield Place(unit, path, role, value)

    def _words(self, unit: Unit) -> frozenset[str]:
        return self._files.texts[unit.file].lines.words

    def owners(self, unit: Unit, path: Path) -> frozenset[str] | None:
        """What an attribute is asked of: classes and `NAMESPACE`; nothing of the kind, or None where it is unknown."""
        attribute = path[-1]
        assert isinstance(attribute, cst.Attribute)
        if isinstance(attribute.value, cst.Name) and attribute.value.value in {"self", "cls"}:
            owner = self._files.class_around(unit, path)
            return None if owner is None else frozenset({owner.name})
        kinds = self._files.kinds(unit, attribute.value)
        if kinds is None:
            return None
        found = set()
        for kind in kinds:
            own = self._files.class_written(kind)
            if own is not None:
                found.add(own.name)
            elif kind.name == NAMESPACE:
                found.add(NAMESPACE)
            elif not kind.is_module and kind.name.partition(".")[0] in self._files.project:
                return None
        return frozenset(found)

    def _keyword(self, unit: Unit, path: Path) -> Iterator[Place]:
        """An argument of that name: of a function that takes it, or for an attribute of what the call makes."""
        call, argument = path[-3], path[-2]
        if not isinstance(call, cst.Call) or not isinstance(argument, cst.Arg):
            return
        targets = [name for one in self._files.targets(unit, call) for name in one.targets]
        takes = [self._files.functions[name].parameters or () for name in targets]
        if targets and all(any(one.name == self._name for one in parameters) for parameters in takes):
            return
        match call.func:
            case cst.Attribute(attr=cst.Name(value="set_defaults")):
                self._owners.add(NAMESPACE)
        yield Place(unit, path, Role.VALUE, argument.value)

    def _may_name(self, text: cst.SimpleString) -> bool:
        value = text.evaluated_value
        if not isinstance(value, str):
            return False
        return _names(text, self._name)

    def _text(self, unit: Unit, path: Path) -> Iterator[Place]:
        """A text that is the name."""
        match path[-5:]:
            case (_, _, cst.Call(func=cst.Name(value="hasattr")), cst.Arg(), _):
                return
            case (_, _, cst.Call(func=cst.Name(value="getattr"), args=[_, second, *_]) as call, cst.Arg() as own, _):
                if second is own and isinstance(call.args[0].value, cst.Name | cst.Attribute):
                    self._unknown.append((unit, call))
                    yield Place(unit, path[:-2], Role.USE)
                    return
            case (cst.Del(), cst.Subscript(), cst.SubscriptElement(), cst.Index(), _):
                return  # what a dict of all attributes has of it is thrown away
            case (_, cst.Expr(), cst.Call(func=cst.Attribute(attr=cst.Name(value="pop"))), cst.Arg(), _):
                return
            case (_, _, _, cst.Expr(), _):
                return  # a docstring
        raise UnseenError(unit.where(path[-1]))

    def _check_class(self, owner: ClassFact) -> None:
        """Raises UnseenError where something else may ask instances of a class for the attribute."""
        for one in self._files.classes.values():
            if owner.name in (one.name, *one.mro) and (one.foreign_bases or one.is_protocol or self._is_opaque(one)):
                raise UnseenError(f"{one.path}:{one.span.line}, where {one.name} has bases that are not all seen")

    def _check_keywords(self) -> None:
        """Raises UnseenError where what a parser gives may be handed on as keywords to a parameter of the name."""
        taking = {
            one.name
            for one in self._files.functions.values()
            if any(parameter.name == self._name for parameter in one.parameters or ())
        }
        for (file, span), calls in self._files.calls.items():
            takes = any(not taking.isdisjoint(call.targets) for call in calls)
            if takes and "**" in self._files.texts[file].lines.slice(span):
                raise UnseenError(f"{file}:{span.line}")

    def _check_options(self) -> None:
        """Raises UnseenError where an option of the command line may set the attribute."""
        option = re.compile(r"[\"']-+" + re.escape(self._name).replace("_", "[-_]") + r"[\"']")
        for file, text in sorted(self._files.texts.items()):
            match = option.search(text.lines.text)
            if match is not None:
                raise UnseenError(f"{file}:{text.lines.position(match.start())[0]}")
