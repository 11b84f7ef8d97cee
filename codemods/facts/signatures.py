"""The parameters of functions, as the report tells of them."""

from __future__ import annotations

from codemods.facts.graph import Parameter, ParameterKind
from codemods.facts.report import FunctionDefinition, ParameterEntry, wrong_shape


def parameters_of(definition: FunctionDefinition) -> tuple[Parameter, ...] | None:
    """The parameters of a function that is not overloaded; None where the checker does not say."""
    if len(definition.undecorated_signatures) != 1:
        return None
    listed = definition.undecorated_signatures[0].parameters
    if isinstance(listed, str) or listed.List is None:
        return None
    return tuple(_parameter(entry) for entry in listed.List)


def _parameter(entry: ParameterEntry) -> Parameter:
    for kind, fact in (
        (ParameterKind.POSITIONAL, entry.PosOnly),
        (ParameterKind.EITHER, entry.Pos),
        (ParameterKind.KEYWORD, entry.KwOnly),
        (ParameterKind.REST, entry.VarArg),
        (ParameterKind.KEYWORDS, entry.Kwargs),
    ):
        if fact is not None:
            return Parameter(fact.name, kind, fact.required, fact.annotation.string)
    raise wrong_shape("a parameter is of no known kind")
