"""What is entered with `with` or iterated with `for`, and can only be with `async with` and `async for`."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import lru_cache

from codemods.facts.expressions import Expressions
from codemods.facts.graph import AsyncOnly, CallGraph, CallKind, Function
from codemods.facts.handed import Handed
from codemods.facts.kinds import kinds_of
from codemods.facts.texts import Text

_MAKES_MANAGER = "contextlib.asynccontextmanager"


def async_only(
    graph: CallGraph, texts: Mapping[str, Text], outside: Container[str], expressions: Expressions, handed: Handed
) -> Iterator[AsyncOnly]:
    """Of what the checker found no method for, those that have the async one, for certain."""
    functions = {one.name: one for one in graph.functions}
    calls = {(one.path, one.span): one for one in graph.calls if one.kind is CallKind.CALL and one.is_resolved}
    types_of = lru_cache(maxsize=1)(expressions.types)
    callees_of = lru_cache(maxsize=1)(expressions.callees)
    for one in graph.async_only:
        if one.path in outside or "async" not in texts[one.path].lines.words:
            continue
        if not one.is_known:
            name = texts[one.path].lines.slice(one.span)
            type_ = handed.types(functions[one.caller]).get(name) if one.caller in functions else None
            if type_ is not None and _has_only(type_, one, expressions):
                yield one
            continue
        call = calls.get((one.path, one.span))
        if call is not None and call.targets:
            if not call.foreign and all(_is_made(functions[name], one) for name in call.targets):
                yield one
            continue
        types = [types_of(one.path).get(one.span)]
        if types == [None]:
            found = callees_of(one.path).at(one.span)
            types = [signature.result for callee in found for signature in callee.signatures or ()]
        if types and all(type_ is not None and _has_only(type_, one, expressions) for type_ in types):
            yield one


def _is_made(function: Function, one: AsyncOnly) -> bool:
    """Whether a function of the project makes an asynchronous manager or iterator."""
    is_generator = function.is_async and not function.gives_coroutine and function.result is not None
    if one.is_entered:
        return is_generator and [decorator.target for decorator in function.decorators] == [_MAKES_MANAGER]
    return is_generator and not function.decorators


def _has_only(type_: str, one: AsyncOnly, expressions: Expressions) -> bool:
    wanted, other = ("__aenter__", {"__enter__"}) if one.is_entered else ("__aiter__", {"__iter__", "__getitem__"})
    kinds = kinds_of(type_)
    if not kinds:
        return False
    for kind in kinds:
        members = None if kind.is_class or kind.is_module else expressions.classes.members(kind.name)
        if members is None or wanted not in members or not members.isdisjoint(other):
            return False
    return True
