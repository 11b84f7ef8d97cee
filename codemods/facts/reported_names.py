"""How the checker's report names functions, and what each of them is in the project or outside of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from codemods.facts.awaitables import Classes, is_coroutine_type
from codemods.facts.graph import ForeignTarget
from codemods.facts.report import CallTarget, ClassRef, Definitions, FunctionDefinition, FunctionRef, Parent, Report
from codemods.facts.signatures import depends_on_receiver, fitting, keeps_signature


@dataclass(slots=True)
class ReportedNames:
    """How functions and classes of the report are called, by module and id."""

    report: Report
    classes: Classes
    project: dict[tuple[int, str], str] = field(default_factory=dict)
    _foreign: dict[tuple[int, str, tuple[int, int] | None], ForeignTarget] = field(default_factory=dict)
    known_as: dict[str, str] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    """Functions of the project that others take the place of in calls: these count as calls of a library's."""

    def forget_foreign(self) -> None:
        """Has functions outside the project be named anew: packs' names may be known meanwhile."""
        self._foreign.clear()

    def function(self, ref: FunctionRef) -> str | None:
        """The name of a function of the project; None for others."""
        return self.project.get((ref.module_id, plain_id(ref.function_id)))

    def foreign(self, ref: FunctionRef, receiver: ClassRef | None = None) -> ForeignTarget:
        """A function outside the project, as it is called on an object of a class."""
        definitions = self.report.definitions(ref.module_id)
        definition = definitions.function_definitions.get(plain_id(ref.function_id))
        depends = definition is not None and depends_on_receiver(definition)
        by_class = (receiver.module_id, receiver.class_id) if depends and receiver is not None else None
        key = (ref.module_id, plain_id(ref.function_id), by_class)
        found = self._foreign.get(key)
        if found is None:
            qualname = ref.function_name if definition is None else qualname_of(definition, definitions)
            name = f"{ref.module_name}.{qualname}"
            found = self._foreign[key] = self._target(name, definition, receiver if by_class else None)
        return found

    def _target(self, name: str, definition: FunctionDefinition | None, receiver: ClassRef | None) -> ForeignTarget:
        """A decorator that is not known may change what a function gives."""
        known_as = self.known_as.get(name)
        if definition is None or not keeps_signature(definition):
            return ForeignTarget(name, known_as, False)
        fits = [one.return_annotation for one in fitting(definition, self.classes, receiver)]
        results = ["Unknown" if one is None else one.string for one in fits]
        is_coroutine = bool(results) and all(map(is_coroutine_type, results))
        awaitable = None if is_coroutine or not results else self.classes.awaitable(" | ".join(sorted({*results})))
        if awaitable is not None and receiver is not None and not awaitable.is_lazy:
            # a pipeline declares the results that it has at its end, and gives itself
            awaitable = replace(awaitable, members=awaitable.members | self.classes.members_of(receiver))
        return ForeignTarget(name, known_as, is_coroutine, awaitable, results[0] if len(results) == 1 else None)


def plain_id(function_id: str) -> str:
    """The id of the function itself: calls of a decorated one may name the pseudo-function `FDT:n`."""
    return "F:" + function_id.removeprefix("FDT:") if function_id.startswith("FDT:") else function_id


def qualname_of(definition: FunctionDefinition, definitions: Definitions) -> str:
    """The name of a function within its module, as Python's `__qualname__` gives it."""
    return prefix_of(definition.parent, definitions) + definition.name


def prefix_of(parent: Parent | str, definitions: Definitions) -> str:
    """What stands before the name of a function or class that is defined in another one; empty at module level."""
    if isinstance(parent, str):
        return ""
    if parent.Class is not None:
        outer = definitions.class_definitions[str(parent.Class.class_id)]
        return f"{prefix_of(outer.parent, definitions)}{outer.name}."
    if parent.Function is not None:
        function = definitions.function_definitions[f"F:{parent.Function.func_def_index}"]
        return f"{qualname_of(function, definitions)}.<locals>."
    return ""


def gives_coroutine(definition: FunctionDefinition) -> bool:
    """Whether a function is declared to give a coroutine, undecorated."""
    signatures = definition.undecorated_signatures
    return bool(signatures) and all(
        signature.return_annotation is not None and is_coroutine_type(signature.return_annotation.string)
        for signature in signatures
    )


def function_of(target: CallTarget) -> FunctionRef | None:
    """The function that a target of a call is; None where the report says only that there is one."""
    return None if isinstance(target.target, str) else target.target.Function or target.target.Overrides
