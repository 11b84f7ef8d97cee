"""The parameters of functions, as the report tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from codemods.facts.awaitables import Classes
from codemods.facts.graph import Parameter, ParameterKind
from codemods.facts.report import ClassRef, FunctionDefinition, ParameterEntry, Signature, wrong_shape


def parameters_of(definition: FunctionDefinition) -> tuple[Parameter, ...] | None:
    """The parameters of a function that is not overloaded; None where the checker does not say."""
    if len(definition.undecorated_signatures) != 1:
        return None
    return listed(definition.undecorated_signatures[0])


def listed(signature: Signature) -> tuple[Parameter, ...] | None:
    """The parameters of one signature; None where the checker does not say."""
    if isinstance(signature.parameters, str) or signature.parameters.List is None:
        return None
    return tuple(_parameter(entry) for entry in signature.parameters.List)


def result_type(definition: FunctionDefinition) -> str | None:
    """The type of what a function gives, as it is defined; None where it is overloaded."""
    match definition.undecorated_signatures:
        case (Signature(return_annotation=annotation),) if annotation is not None:
            return annotation.string
    return None


_KEEPS_SIGNATURE = frozenset({"typing.overload", "abc.abstractmethod", "typing.final", "typing.override"})


def keeps_signature(definition: FunctionDefinition) -> bool:
    """Whether calling a function is calling what it was defined as: a decorator that is not known may change that."""
    targets = [target for found in definition.decorator_callees.values() for target in found]
    refs = [target.Function or target.Overrides for target in targets]
    names = [None if ref is None else f"{ref.module_name}.{ref.function_name}" for ref in refs]
    return all(name in _KEEPS_SIGNATURE for name in names)


def depends_on_receiver(definition: FunctionDefinition) -> bool:
    """Whether what a function gives may depend on the class of the object that it is called on."""
    results = [one.return_annotation for one in definition.undecorated_signatures]
    return len(results) > 1 or any(one is not None and one.string.startswith("typing.Awaitable[") for one in results)


def fitting(definition: FunctionDefinition, classes: Classes, receiver: ClassRef | None) -> Sequence[Signature]:
    """Of a function's signatures, those that objects of a class have.

    Libraries with one method for both colors tell them apart by the type of `self`, whose attribute has one value for
    each: `_is_async_client: Literal[True]` in redis 8.
    """
    signatures = definition.undecorated_signatures
    if receiver is None or len(signatures) < 2:
        return signatures
    has: dict[str, str] = {}
    for name, type_ in classes.fields(receiver):
        has.setdefault(name, type_)
    return [one for one in signatures if not _contradicts(one, has, classes)]


def _contradicts(signature: Signature, has: dict[str, str], classes: Classes) -> bool:
    parameters = listed(signature)
    if not parameters:
        return False
    wanted = classes.fields_of(parameters[0].type)
    return any(type_.startswith("typing.Literal[") and has.get(name, type_) != type_ for name, type_ in wanted)


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
