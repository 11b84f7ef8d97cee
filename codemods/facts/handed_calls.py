"""Calls of coroutine methods of what frameworks hand to functions: `ctx.send("pong")` in a command."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Set
from dataclasses import replace
from functools import cache

from codemods.facts.arguments import closing
from codemods.facts.awaitables import Classes, is_coroutine_type
from codemods.facts.closure import is_awaited, is_coroutine_function
from codemods.facts.graph import Call, CallGraph, CallKind, ForeignTarget, Function
from codemods.facts.handed import Handed, open_parameters, sets_attribute
from codemods.facts.kinds import kinds_of
from codemods.facts.signatures import keeps_signature
from codemods.facts.texts import Text

_METHOD = re.compile(r"(?P<name>[^\W\d]\w*)(?P<attributes>(?:\.\w+)*)\.(?P<method>\w+)(?=\()")


def handed_calls(
    graph: CallGraph,
    texts: Mapping[str, Text],
    outside: Container[str],
    handed: Handed,
    runs_of: Callable[[str], Set[str]],
) -> Iterator[Call]:
    """The calls of coroutine methods that nothing awaits where they stand, of parameters without annotation.

    `runs_of` gives the functions of the project that a call of one of them may run.
    """
    functions = {one.name: one for one in graph.functions}

    def types_of(name: str) -> Mapping[str, str]:
        return handed.types(functions[name])

    open_names = cache(lambda name: {one.name for one in open_parameters(functions[name])})
    is_replaced = cache(lambda paths, method: sets_attribute((texts[path] for path in paths), method))
    classes = handed.expressions.classes
    for call in graph.calls:
        is_unknown = call.kind is CallKind.CALL and not call.is_resolved and not call.targets and not call.foreign
        if not is_unknown or call.path in outside or call.caller not in functions:
            continue
        written = _METHOD.match(texts[call.path].lines.text, _start(call, texts[call.path]))
        if written is None or written["name"] not in open_names(call.caller):
            continue
        if is_awaited(call.span, texts[call.path]) or not _is_whole(call, written, texts[call.path]):
            continue
        if written["name"] not in types_of(call.caller):
            continue
        type_ = types_of(call.caller)[written["name"]]
        for attribute in written["attributes"].split(".")[1:]:
            type_ = classes.attribute(type_, attribute)
        name = _coroutine_method(type_, written["method"], classes, functions, runs_of)
        if name is not None and not is_replaced(handed.makers(call.path, written["name"]), written["method"]):
            yield replace(call, foreign=(ForeignTarget(name, None, True),), is_resolved=True, is_by_flow=True)


def _start(call: Call, text: Text) -> int:
    return text.lines.offset(call.span.line, call.span.column)


def _is_whole(call: Call, written: re.Match[str], text: Text) -> bool:
    """Whether a call is one of what is written at its start, and nothing more."""
    masked = text.lines.masked
    end = None if masked is None else closing(masked.outline, written.end())
    return end is not None and text.lines.position(end + 1) == (call.span.end_line, call.span.end_column)


def _coroutine_method(
    type_: str,
    method: str,
    classes: Classes,
    functions: Mapping[str, Function],
    runs_of: Callable[[str], Set[str]],
) -> str | None:
    """The name of a method that gives a coroutine, whatever an object of the type is; None where it may not."""
    names = []
    for kind in kinds_of(type_) or ():
        found = None if kind.is_class or kind.is_module else classes.method(kind.name, method)
        if found is None or not keeps_signature(found[1]) or found[1].is_property_getter:
            return None
        results = [one.return_annotation for one in found[1].undecorated_signatures]
        if not results or not all(one is not None and is_coroutine_type(one.string) for one in results):
            return None
        if found[0] in functions and not all(is_coroutine_function(functions[one]) for one in runs_of(found[0])):
            return None
        names.append(found[0] if found[0] in functions else found[0].replace(":", "."))
    return names[0] if names else None
