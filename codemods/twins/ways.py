"""The ways by which objects of classes that have twins go on: variables, parameters, results, attributes.

Each way is followed to its end: to all places that may have an object by it. And all that comes by it has to be one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.facts.graph import Call, CallKind, ClassFact, Function
from codemods.facts.lookups import looked_up_names
from codemods.facts.syntax import enclosing_function, function_named_at
from codemods.facts.twins import TwinPair
from codemods.facts.variables import Occurrence, Role
from codemods.model import Span
from codemods.planning.facts import TwinName
from codemods.twins.files import Path, TwinFile, TwinFiles, dotted
from codemods.twins.uses import argument_for, constructed, is_none, parameter_of, taking


@dataclass
class Followed:
    """The objects of one class, as far as they are followed."""

    pair: TwinPair
    refusal: str | None = None
    names: set[TwinName] = field(default_factory=set)
    makings: set[tuple[str, int, str]] = field(default_factory=set)
    through: set[str] = field(default_factory=set)
    givers: set[str] = field(default_factory=set)
    keeps: str | None = None
    others: set[str] = field(default_factory=set)

    def refuse(self, why: str) -> None:
        """Keeps the class as it is; the first reason stays."""
        self.refusal = self.refusal or why


class Ways:
    """The ways that are known so far, of all classes."""

    def __init__(self, files: TwinFiles, followed: Mapping[str, Followed], outside: Collection[str]) -> None:
        """`followed` are the objects, by the class that blocks; files in `outside` are never changed."""
        self._outside = outside
        self._files = files
        self._found = followed
        self._graph = files.graph
        self._functions = {one.name: one for one in files.graph.functions}
        self._calls: dict[tuple[str, Span], list[Call]] = defaultdict(list)
        self._callers: dict[str, list[Call]] = defaultdict(list)
        for call in files.graph.calls:
            self._calls[call.path, call.span].append(call)
            for target in call.targets:
                self._callers[target].append(call)
        self.held: dict[tuple[str, Span], str] = {}
        """The expressions that may be an object, by file and place, with its class."""
        self._queue: list[tuple[Followed, TwinFile, Path]] = []
        self._known: set[tuple[object, ...]] = set()
        self._checks: list[Callable[[], None]] = []

    def next_use(self) -> tuple[Followed, TwinFile, Path] | None:
        """An expression that was not looked at yet; None when there is none any more."""
        return self._queue.pop() if self._queue else None

    def check(self) -> None:
        """Asks, once all is known, whether what comes by each way is an object of the class, or None."""
        for check in self._checks:
            check()

    def hold(self, file: TwinFile, found: Followed, path: Path) -> None:
        """Notes that the expression at the end of a path may be one of the objects."""
        key = (file.path, file.span(path))
        known = self.held.setdefault(key, found.pair.sync)
        if file.path in self._outside:
            found.refuse(f"{file.place(path)} may hold one, and is not among the given paths")
        if known != found.pair.sync:
            found.refuse(f"{file.place(path)} may hold a {self._found[known].pair.known_as} as well")
        if (found.pair.sync, *key) not in self._known:
            self._known.add((found.pair.sync, *key))
            self._queue.append((found, file, path))

    def assign(self, file: TwinFile, found: Followed, target: cst.BaseExpression) -> None:
        match target:
            case cst.Name():
                self.bind(file, found, file.tree.path(target))
            case cst.Attribute():
                self.store(file, found, file.tree.path(target))
            case _:
                line = file.tree.span(target).line
                found.refuse(f"it is put into something in {file.path}:{line} that is not followed")

    def bind(self, file: TwinFile, found: Followed, path: Path) -> None:
        """Follows a variable that holds an object."""
        scope, occurrences = file.occurrences(path)
        if not occurrences or isinstance(scope, cst.ClassDef | cst.Lambda):
            found.refuse(f"it is given a name in {file.place(path)} that is not followed")
            return
        name = cst.ensure_type(path[-1], cst.Name).value
        if not self._is_new("variable", found.pair.sync, file.path, id(scope), name):
            return
        for one in occurrences:
            self._occurrence(file, found, one)
        if scope is None:
            self._share(file, found, name, file.place(path))

    def _occurrence(self, file: TwinFile, found: Followed, one: Occurrence) -> None:
        match one.role:
            case Role.USE:
                self.hold(file, found, one.path)
            case Role.VALUE:
                assert one.value is not None
                self._has_to_be_one(file, found, file.tree.path(one.value))
            case Role.DECLARED:
                pass
            case Role.PARAMETER:
                function = next((node for node in reversed(one.path) if isinstance(node, cst.FunctionDef)), None)
                name = cst.ensure_type(one.path[-1], cst.Name).value
                self.take(found, file.function(function), name, file.place(one.path))
            case Role.OTHERWISE if len(one.path) > 3 and isinstance(one.path[-3], cst.WithItem):
                self._has_to_be_one(file, found, (*one.path[:-2], one.path[-3].item))
            case _:
                found.refuse(f"its name is bound in {file.place(one.path)} in a way that is not followed")

    def take(self, found: Followed, function: Function | None, name: str, where: str) -> None:
        """Follows a parameter that gets an object."""
        file = None if function is None else self._files.file(function.path)
        node = None if function is None or file is None else function_named_at(file.tree, function.span)
        parameter = None if node is None else parameter_of(node, name)
        if function is None or file is None or parameter is None or dotted(function.owner) in self._found:
            found.refuse(f"it is handed on in {where}, and which parameter takes it cannot be told")
            return
        if not self._is_new("parameter", found.pair.sync, function.name, name):
            return
        if parameter.default is not None and not is_none(parameter.default):
            found.refuse(f"{name} of {function.name} has a default of its own")
        found.through.add(function.name)
        self.bind(file, found, file.tree.path(parameter.name))
        for call in self._callers[function.name]:
            self._check_argument(found, call, function, name)

    def _check_argument(self, found: Followed, call: Call, function: Function, name: str) -> None:
        """What a call gives to a parameter has to be an object of the class, or None."""
        where, file = f"{call.path}:{call.span.line}", self._files.file(call.path)
        node = None if file is None else file.tree.at(call.span, cst.Call)
        if file is None or node is None or not taking(call, function):
            found.refuse(f"{where} may give something else to {name} of {function.name}")
            return
        argument = argument_for(file.tree, node, call, function, name, file.types)
        if isinstance(argument, cst.Arg):
            self._has_to_be_one(file, found, file.tree.path(argument.value))
        elif argument is not None:
            found.refuse(f"what {where} gives to {name} of {function.name} cannot be told")

    def hand(self, file: TwinFile, found: Followed, path: Path) -> None:
        """Follows an argument to the parameter that takes it."""
        call, argument = path[-3], path[-2]
        if isinstance(call, cst.Call) and isinstance(argument, cst.Arg) and not argument.star:
            for one in self._calls.get((file.path, file.tree.span(call)), ()):
                target = constructed(one) or (one.sole_target if one.kind is CallKind.CALL else None)
                function = self._functions.get(target or "")
                if function is None:
                    continue
                for parameter in function.parameters or ():
                    given = argument_for(file.tree, call, one, function, parameter.name, file.types)
                    if given is argument:
                        self.take(found, function, parameter.name, file.place(path))
                        return
        found.refuse(f"it is handed on in {file.place(path)}, where it cannot be followed")

    def give(self, found: Followed, function: Function | None, where: str) -> None:
        """Follows what a function returns to its calls."""
        file = None if function is None else self._files.file(function.path)
        node = None if function is None or file is None else function_named_at(file.tree, function.span)
        if function is None or file is None or node is None or dotted(function.owner) in self._found:
            found.refuse(f"it is returned in {where}, and who gets it cannot be told")
            return
        if not self._is_new("result", found.pair.sync, function.name):
            return
        found.givers.add(function.name)
        is_hidden = any(one.overrides == function.name for one in self._graph.functions) or function.overrides
        if (function.decorators and not function.is_property) or is_hidden or list(file.tree.all(cst.Yield, node)):
            found.refuse(f"{function.name}, which returns it in {where}, gives it in a way that is not followed")
            return
        for returned in file.tree.all(cst.Return, node):
            path = file.tree.path(returned)
            if enclosing_function(path) is node and returned.value is not None:
                self._has_to_be_one(file, found, (*path, returned.value))
        if function.is_property:
            owner = self._files.classes.get(dotted(function.owner))
            self._ask_everywhere(found, owner, function.name.rpartition(".")[2], where)
            return
        found.through.add(function.name)
        for call in self._callers[function.name]:
            self._got(found, call, function)

    def _got(self, found: Followed, call: Call, function: Function) -> None:
        file = self._files.file(call.path)
        node = None if file is None else file.tree.at(call.span, cst.Call)
        if file is None or node is None or call.kind is not CallKind.CALL or call.sole_target != function.name:
            found.refuse(f"who gets what {call.path}:{call.span.line} calls cannot be told")
            return
        path = file.tree.path(node)
        if function.is_async and not isinstance(path[-2], cst.Await):
            found.refuse(f"{file.place(path)} does not await {function.name}, which returns it")
            return
        self.hold(file, found, path[:-1] if function.is_async else path)

    def store(self, file: TwinFile, found: Followed, path: Path) -> None:
        """Follows an attribute that an object is assigned to."""
        attribute = cst.ensure_type(path[-1], cst.Attribute)
        kinds = file.kinds(attribute.value) or frozenset()
        owners = [self._files.classes.get(one.name) for one in kinds if not one.is_class and not one.is_module]
        owner = owners[0] if len(owners) == len(kinds) == 1 else None
        self.keep(found, owner, attribute.attr.value, file.place(path))

    def keep(self, found: Followed, owner: ClassFact | None, name: str, where: str) -> None:
        found.keeps = found.keeps or where
        if owner is None:
            found.refuse(f"it is kept in {where} by something that is not followed")
        elif self._is_new("attribute", found.pair.sync, owner.name, name):
            self._ask_everywhere(found, owner, name, where)
            self._check_class_body(found, owner, name)

    def _ask_everywhere(self, found: Followed, owner: ClassFact | None, name: str, where: str) -> None:
        """Follows all places that ask for an attribute of the objects of a class."""
        if owner is None or any(one.foreign_bases for one in self._files.kin(owner)):
            found.refuse(f"it is kept in {where} by an object that something else may ask for it")
            return
        related = self._files.related(owner)
        for path in self._files.unreadable({name}):
            found.refuse(f"{path}, which cannot be read, may ask {owner.name} for {name}")
        for file in self._files.naming({name}):
            for node in file.tree.all(cst.Attribute):
                if node.attr.value != name:
                    continue
                kinds = file.kinds(node.value)
                if kinds is None:
                    line = file.tree.span(node).line
                    found.refuse(f"{file.path}:{line} asks for {name} of something that may be a {owner.name}")
                elif any(one.name in related for one in kinds):
                    self._attribute(file, found, file.tree.path(node), related)
        texts, project = self._files.texts, self._files.project
        for one in looked_up_names(texts, frozenset({name}), project, self._files.expressions.types):
            if one.kinds is None or any(kind.name in related for kind in one.kinds):
                found.refuse(f"{one.path}:{one.line} may look up {name} by its name")

    def _attribute(self, file: TwinFile, found: Followed, path: Path, related: Collection[str]) -> None:
        kinds = file.kinds(cst.ensure_type(path[-1], cst.Attribute).value) or ()
        if any(one.is_class or one.name not in related for one in kinds):
            found.refuse(f"{file.place(path)} may ask something else for it")
            return
        match path[-2]:
            case cst.AssignTarget():
                value = cst.ensure_type(path[-3], cst.Assign).value
                self._has_to_be_one(file, found, file.tree.path(value))
            case cst.AnnAssign(target=target, value=value) if target is path[-1]:
                if value is not None:
                    self._has_to_be_one(file, found, file.tree.path(value))
            case cst.AugAssign() | cst.Del() | cst.AsName() | cst.For() | cst.CompFor() | cst.Element():
                found.refuse(f"{file.place(path)} puts something else in its place")
            case _:
                self.hold(file, found, path)

    def _check_class_body(self, found: Followed, owner: ClassFact, name: str) -> None:
        """What classes say of an attribute themselves has to be None, if anything."""
        for one in self._files.related(owner):
            fact = self._files.classes.get(one)
            file = None if fact is None else self._files.file(fact.path)
            if file is None or not file.variables.has(name):
                continue
            for occurrence in file.variables.occurrences(name):
                if isinstance(occurrence.scope, cst.ClassDef) and file.class_at(occurrence.scope) is fact:
                    if occurrence.role is Role.VALUE and occurrence.value is not None:
                        self._has_to_be_one(file, found, file.tree.path(occurrence.value))
                    elif occurrence.role is not Role.DECLARED:
                        found.refuse(f"{file.place(occurrence.path)} gives another meaning to {name}")

    def _share(self, file: TwinFile, found: Followed, name: str, where: str) -> None:
        """Follows a variable of a module to the files that take it from there."""
        found.keeps = found.keeps or where
        for other in self._files.naming({name}):
            for statement in other.tree.all(cst.ImportFrom):
                self._share_import(other, found, statement, name, file.modules)
            for node in other.tree.all(cst.Attribute):
                kinds = other.kinds(node.value) if node.attr.value == name else ()
                if any(one.is_module and one.name in file.modules for one in kinds or ()):
                    path = other.tree.path(node)
                    if isinstance(path[-2], cst.AssignTarget | cst.AugAssign | cst.Del | cst.AnnAssign):
                        found.refuse(f"{other.place(path)} puts something else in its place")
                    self.hold(other, found, path)
        texts, project = self._files.texts, self._files.project
        for one in looked_up_names(texts, frozenset({name}), project, self._files.expressions.types):
            if one.kinds is None or any(kind.is_module for kind in one.kinds):
                found.refuse(f"{one.path}:{one.line} may look up {name} by its name")

    def _share_import(
        self, file: TwinFile, found: Followed, statement: cst.ImportFrom, name: str, modules: Collection[str]
    ) -> None:
        path = file.tree.path(statement)
        dots, module = "." * len(statement.relative), file.tree.module.code_for_node(statement.module or cst.Name("_"))
        written = dots if statement.module is None else f"{dots}{module}"
        if not any(one.rstrip(".") in modules for one in file.names.absolute(written)):
            return
        if isinstance(statement.names, cst.ImportStar):
            found.refuse(f"{file.place(path)} imports everything from beside it")
            return
        for alias in statement.names:
            if alias.evaluated_name != name:
                continue
            local = alias.evaluated_alias or name
            scope = enclosing_function(path)
            for one in file.variables.occurrences(local):
                if one.scope is not scope or one.role is Role.IMPORT:
                    continue
                if one.role is Role.USE:
                    self.hold(file, found, one.path)
                else:
                    found.refuse(f"{file.place(one.path)} binds its name to something else")
            if scope is None and self._is_new("variable", found.pair.sync, file.path, id(None), local):
                self._share(file, found, local, file.place(path))

    def _has_to_be_one(self, file: TwinFile, found: Followed, path: Path) -> None:
        """Has the value at the end of a path be an object of the class, or None, and nothing else."""
        self._checks.append(lambda: self._check_value(file, found, path))

    def _check_value(self, file: TwinFile, found: Followed, path: Path) -> None:
        if not self._is_held(file, found, path[-1]):
            found.refuse(f"{file.place(path)} gives something to its name that may not be one")

    def _is_held(self, file: TwinFile, found: Followed, node: cst.CSTNode) -> bool:
        match node:
            case cst.IfExp(body=one, orelse=other):
                return self._is_held(file, found, one) and self._is_held(file, found, other)
            case cst.BooleanOperation(left=one, right=other):
                return self._is_held(file, found, one) and self._is_held(file, found, other)
            case cst.NamedExpr(value=value):
                return self._is_held(file, found, value)
        return is_none(node) or self.held.get((file.path, file.tree.span(node))) == found.pair.sync

    def _is_new(self, *key: object) -> bool:
        if key in self._known:
            return False
        self._known.add(key)
        return True
