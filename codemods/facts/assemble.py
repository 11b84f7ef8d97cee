"""Builds the call graph of a project from the checker's report.

Each module's part of the report is reduced to edges at once, so that memory does not follow the report's size.
Functions are told apart by file and place, not by module name: a file reached under two names is one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from codemods.facts.awaitables import Classes
from codemods.facts.graph import (
    AsyncOnly,
    Call,
    CallGraph,
    CallKind,
    Decorator,
    ForeignTarget,
    Function,
    Reference,
)
from codemods.facts.report import (
    ENTERS_OR_ITERATES,
    PROBED_CALL,
    Access,
    Callees,
    CallTarget,
    Definitions,
    Expression,
    FunctionDefinition,
    FunctionRef,
    Parent,
    Report,
    parse_place,
    wrong_shape,
)
from codemods.facts.reported_classes import reported_classes
from codemods.facts.reported_names import ReportedNames, function_of, gives_coroutine, plain_id, prefix_of, qualname_of
from codemods.facts.signatures import parameters_of, result_type
from codemods.facts.texts import Text
from codemods.model import Span

_ASYNC_DEF = re.compile(r"\basync(?:\s|\\\r?\n)+def(?:\s|\\\r?\n)+\Z")
_DECORATED = "|artificial-call|for-decorated-target"
_ENTERS = "with-enter"
_FIELD = "CF:"
"""How the id of an attribute of a class begins."""


def assemble(
    report: Report,
    texts: Mapping[str, Text],
    probe: Path,
    known_names: Sequence[str],
    replaced: Container[str] = (),
    *,
    asks_iteration: bool = False,
) -> CallGraph:
    """The call graph of the files in `texts`, whose keys are absolute paths.

    `probe` is the checked module whose line n holds the n-th of `known_names`, 1-based, as an expression: what
    these resolve to is the checker's answer, so that re-exports and aliases need no guessing. `replaced` are those of
    them that something else is called instead of, be they functions of the project. `asks_iteration` says that what
    `for` iterates over is wanted, which is much.
    """
    names = ReportedNames(report, Classes(report))
    own = [
        (module.module_id, texts[path])
        for module in report.modules.values()
        if (path := module.path) is not None and path in texts
    ]
    functions: dict[tuple[str, str], Function] = {}
    for module_id, text in own:
        _name_functions(report, module_id, text, names, functions)
    meant = list(_resolve_probe(report, probe, known_names, names))
    names.known_as.update((one.name, known) for one, known in meant if isinstance(one, ForeignTarget))
    names.replaced = {one for one, known in meant if isinstance(one, str) and known in replaced}
    names.known_as.update((_dotted(one), known) for one, known in meant if one in names.replaced)
    own_modules = {module_id for module_id, _ in own}
    classes = {
        fact.name: fact for module_id, text in own for fact in reported_classes(report, module_id, text, own_modules)
    }
    builder = _Edges(names, own_modules, asks_iteration=asks_iteration)
    for module_id, text in own:
        builder.read_module(report, module_id, text)
    unread = {
        texts[path].name
        for module in report.modules.values()
        if module.failed_to_load and (path := module.path) is not None and path in texts
    }
    return CallGraph(
        functions=tuple(sorted(_finish_functions(functions.values(), builder), key=_function_order)),
        classes=tuple(sorted(classes.values(), key=lambda fact: (fact.path, fact.span))),
        calls=tuple(sorted(builder.calls.values(), key=lambda call: (call.path, call.span, call.kind))),
        references=tuple(sorted(builder.references.values(), key=lambda one: (one.path, one.span))),
        unread=frozenset(unread),
        declared=frozenset(one for one, _ in meant if isinstance(one, str) and one not in names.replaced),
        known_names=frozenset(known for _, known in meant),
        entered=tuple(sorted(builder.entered)),
        iterated=tuple(sorted((path, span, caller) for (path, span), caller in builder.iterated.items())),
        async_only=tuple(one for _, one in sorted(builder.async_only.items())),
    )


def _dotted(name: ForeignTarget | str) -> str:
    """The name of a function of the project as one of a library would be written."""
    return name.replace(":", ".") if isinstance(name, str) else name.name


def _function_order(function: Function) -> tuple[str, Span]:
    return function.path, function.span


def _name_functions(
    report: Report, module_id: int, text: Text, names: ReportedNames, functions: dict[tuple[str, str], Function]
) -> None:
    """Names the functions of a module, and makes those that no other name of the same file made before."""
    definitions = report.definitions(module_id)
    module = report.modules[module_id].module_name
    taken = {function.name for function in functions.values()}
    written = [
        (parse_place(definition.name_location).line, definition.name_location, function_id, definition)
        for function_id, definition in definitions.function_definitions.items()
        if definition.name_location is not None  # made up by the checker: the __init__ of a dataclass
    ]
    for _, location, function_id, definition in sorted(written, key=lambda one: one[:2]):
        key = (text.name, location)
        function = functions.get(key)
        if function is None:
            span = text.span(parse_place(location))
            name = f"{module}:{qualname_of(definition, definitions)}"
            if name in taken:  # defined again in the same scope: two branches, a property's setter
                name = f"{name}@{span.line}"
            taken.add(name)
            function = functions[key] = _function(report, module_id, text, definition, name, span, names.classes)
        names.project[module_id, function_id] = function.name


def _function(
    report: Report,
    module_id: int,
    text: Text,
    definition: FunctionDefinition,
    name: str,
    span: Span,
    classes: Classes,
) -> Function:
    definitions = report.definitions(module_id)
    module = report.modules[module_id].module_name
    prefix = prefix_of(definition.parent, definitions)
    is_method = isinstance(definition.parent, Parent) and definition.parent.Class is not None
    start = text.lines.offset(span.line, span.column)
    is_async = _ASYNC_DEF.search(text.lines.text[max(0, start - 200) : start]) is not None
    owner = f"{module}:{prefix.removesuffix('.')}" if is_method else None
    return Function(
        name=name,
        path=text.name,
        span=span,
        is_async=is_async,
        is_property=definition.is_property_getter or definition.is_property_setter,
        gives_coroutine=gives_coroutine(definition),
        owner=owner,
        parent=f"{module}:{prefix.removesuffix('.').removesuffix('.<locals>')}",
        decorators=(),
        overrides=None,
        overrides_foreign=None,
        parameters=parameters_of(definition),
        result=result_type(definition),
        awaitable=None if is_async else classes.awaitable(result_type(definition) or "Unknown"),
    )


def _resolve_probe(
    report: Report, probe: Path, known_names: Sequence[str], names: ReportedNames
) -> Iterator[tuple[ForeignTarget | str, str]]:
    """Yields the function, that of the project by its name, and the name users know, of what the checker resolved."""
    module = next((one for one in report.modules.values() if one.path == str(probe)), None)
    if module is None:
        raise wrong_shape("it lacks a module that was checked")
    graphs = report.calls(module.module_id).call_graphs
    if not any(_resolves(expression) for scope in graphs.values() for expression in scope.values()):
        raise wrong_shape(f"it does not resolve {PROBED_CALL}")  # fields that may be absent hide a new name
    for expressions in graphs.values():
        for location, expression in expressions.items():
            access = expression.AttributeAccess
            line = parse_place(location.partition("|")[0]).line
            known = known_names[line - 1] if line <= len(known_names) else ""
            if access is None or access.if_called is None or not _is_whole(location, known):
                continue
            for target in access.if_called.call_targets:
                ref = function_of(target)
                if ref is not None:
                    yield names.function(ref) or names.foreign(ref), known
    names.forget_foreign()  # made before the names were known


def _resolves(expression: Expression) -> bool:
    """Whether an expression is a call that has a target."""
    return expression.Call is not None and any(
        function_of(target) is not None for target in expression.Call.call_targets
    )


def _is_whole(location: str, expression: str) -> bool:
    place = parse_place(location)
    return place.column == 1 and place.end_column == len(expression) + 1


class _Edges:
    """Collects calls and references, module by module."""

    def __init__(self, names: ReportedNames, own_modules: Container[int], *, asks_iteration: bool) -> None:
        self.calls: dict[tuple[str, Span, CallKind], Call] = {}
        self.references: dict[tuple[str, Span], Reference] = {}
        self.async_only: dict[tuple[str, Span], AsyncOnly] = {}
        self.decorators: dict[str, tuple[Decorator, ...]] = {}
        self.bases: dict[str, str] = {}
        self.foreign_bases: dict[str, str] = {}
        self.iterated: dict[tuple[str, Span], str] = {}
        self.entered: set[tuple[str, Span]] = set()
        self._names = names
        self._own_modules = own_modules
        self._asks_iteration = asks_iteration

    def read_module(self, report: Report, module_id: int, text: Text) -> None:
        """Adds what one module of the report says."""
        definitions = report.definitions(module_id)
        module = report.modules[module_id].module_name
        for function_id, definition in definitions.function_definitions.items():
            name = self._names.project.get((module_id, function_id))
            if name is not None and definition.overridden_base_method is not None:
                self._note_base(name, definition.overridden_base_method)
        for scope, expressions in report.calls(module_id).call_graphs.items():
            caller = self._caller(scope, module_id, module, definitions)
            if scope.startswith("FDT:"):
                decorated = self._names.project.get((module_id, plain_id(scope)))
                if decorated is not None:
                    self.decorators[decorated] = tuple(self._decorators(expressions, text))
            for location, expression in expressions.items():
                self._read(location, expression, caller, text)

    def known_as(self, name: str | None) -> str | None:
        """The name a pack gives a function outside of the project."""
        return self._names.known_as.get(name or "")

    def _note_base(self, name: str, base: FunctionRef) -> None:
        own = self._names.function(base)
        if own is not None:
            self.bases[name] = own
        else:
            self.foreign_bases[name] = self._names.foreign(base).name

    def _caller(self, scope: str, module_id: int, module: str, definitions: Definitions) -> str:
        if scope.startswith("F:"):
            return self._names.project.get((module_id, scope), f"{module}:")
        parent: Parent | str = "TopLevel"
        if scope.startswith("FDT:"):
            parent = definitions.function_definitions[plain_id(scope)].parent
        elif scope.startswith("CTL:"):
            parent = definitions.class_definitions[scope.removeprefix("CTL:")].parent
        while isinstance(parent, Parent) and parent.Class is not None:
            parent = definitions.class_definitions[str(parent.Class.class_id)].parent
        if isinstance(parent, Parent) and parent.Function is not None:
            function_id = f"F:{parent.Function.func_def_index}"
            return self._names.project.get((module_id, function_id), f"{module}:")
        return f"{module}:"

    def _decorators(self, expressions: Mapping[str, Expression], text: Text) -> Iterator[Decorator]:
        places = [key.removesuffix(_DECORATED) for key in expressions if key.endswith(_DECORATED)]
        for place in sorted(places, key=lambda one: parse_place(one).line):
            # a decorator with arguments is known by the call that makes it
            made = expressions.get(place)
            plain = expressions[place + _DECORATED]
            callees = made.Call if made is not None and made.Call is not None else plain.Call
            written = text.lines.slice(text.span(parse_place(place)))
            target = self._single_target(callees)
            yield Decorator(written, target, self._names.known_as.get(target or ""))

    def _single_target(self, callees: Callees | None) -> str | None:
        if callees is None:
            return None
        for target in (*callees.call_targets, *callees.init_targets):
            ref = function_of(target)
            if ref is not None:
                own = self._names.function(ref)
                return own if own is not None else self._names.foreign(ref).name
        return None

    def _read(self, location: str, expression: Expression, caller: str, text: Text) -> None:
        place, _, implicit = location.partition("|")
        if expression.Call is not None:
            self._add_call(place, expression.Call, caller, text, implicit=bool(implicit))
            if implicit.endswith(ENTERS_OR_ITERATES):
                self._note_use(place, expression.Call, caller, text, is_entered=implicit.endswith(_ENTERS))
        access = expression.AttributeAccess or expression.Identifier
        if access is not None:
            self._add_access(place, access, caller, text)

    def _note_use(self, place: str, callees: Callees, caller: str, text: Text, *, is_entered: bool) -> None:
        """Notes what is entered or iterated, for all who ask later what it may be."""
        is_unknown = is_entered and callees.unresolved is not None
        is_asked = self._asks_iteration and not is_entered
        if callees.call_targets and not is_unknown and not is_asked:
            return
        span = text.span(parse_place(place))
        if not callees.call_targets:
            self.async_only[text.name, span] = AsyncOnly(text.name, span, caller, is_entered, callees.is_refused)
        if is_unknown:
            self.entered.add((text.name, span))
        if is_asked:
            self.iterated[text.name, span] = caller

    def _add_call(self, place: str, callees: Callees, caller: str, text: Text, *, implicit: bool) -> None:
        kind = CallKind.IMPLICIT if implicit else CallKind.CALL
        is_resolved = callees.unresolved is None and not any(map(self._is_own_field, callees.call_targets))
        self._add(place, kind, callees.call_targets, is_resolved, caller, text)
        made = (*callees.init_targets, *callees.new_targets)
        if made:
            self._add(place, CallKind.CONSTRUCT, made, True, caller, text)

    def _add_access(self, place: str, access: Access, caller: str, text: Text) -> None:
        self._add(place, CallKind.PROPERTY, (*access.property_getters, *access.property_setters), True, caller, text)
        if access.if_called is None:
            return
        targets = self._own((*access.if_called.call_targets, *access.if_called.init_targets))
        if targets:
            span = text.span(parse_place(place))
            self.references[text.name, span] = Reference(text.name, span, caller, targets)

    def _own(self, targets: Iterable[CallTarget]) -> tuple[str, ...]:
        found = {own for one in targets if (ref := function_of(one)) and (own := self._names.function(ref))}
        return tuple(sorted(found - self._names.replaced))

    def _add(
        self,
        place: str,
        kind: CallKind,
        targets: Sequence[CallTarget],
        is_resolved: bool,
        caller: str,
        text: Text,
    ) -> None:
        own = self._own(targets)
        foreign = self._foreign(targets)
        matters = own or any(target.known_as or target.is_awaitable for target in foreign)
        if not matters and (is_resolved or kind is not CallKind.CALL):
            return
        span = text.span(parse_place(place))
        key = (text.name, span, kind)
        before = self.calls.get(key)
        if before is not None:  # the file was checked under two names
            own = tuple(sorted({*before.targets, *own}))
            foreign = before.foreign or foreign
            is_resolved = before.is_resolved or is_resolved
        self.calls[key] = Call(text.name, span, caller, kind, own, foreign, is_resolved)

    def _is_own_field(self, target: CallTarget) -> bool:
        """Whether a target is an attribute of a class of the project that is no method: it may hold any function."""
        ref = function_of(target)
        return ref is not None and ref.module_id in self._own_modules and ref.function_id.startswith(_FIELD)

    def _is_foreign(self, ref: FunctionRef) -> bool:
        own = self._names.function(ref)
        return own is None or own in self._names.replaced

    def _foreign(self, targets: Iterable[CallTarget]) -> tuple[ForeignTarget, ...]:
        refs = [(ref, one.receiver_class) for one in targets if (ref := function_of(one)) and self._is_foreign(ref)]
        found = {target.name: target for ref, one in refs if (target := self._names.foreign(ref, one))}
        return tuple(found[name] for name in sorted(found))


def _finish_functions(functions: Iterable[Function], edges: _Edges) -> Iterator[Function]:
    for one in functions:
        yield Function(
            name=one.name,
            path=one.path,
            span=one.span,
            is_async=one.is_async,
            is_property=one.is_property,
            gives_coroutine=one.gives_coroutine,
            owner=one.owner,
            parent=one.parent,
            decorators=edges.decorators.get(one.name, ()),
            overrides=edges.bases.get(one.name),
            overrides_foreign=edges.foreign_bases.get(one.name),
            parameters=one.parameters,
            result=one.result,
            awaitable=one.awaitable,
            overrides_known_as=edges.known_as(edges.foreign_bases.get(one.name)),
        )
