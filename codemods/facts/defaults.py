"""Calls in the defaults of parameters: they are made where the function is defined, and not when it is called.

The checker's report has them among the calls of the function itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from codemods.facts.arguments import closing
from codemods.facts.graph import Call, CallGraph, Function
from codemods.facts.texts import Text

_BODY_BEGINS = re.compile(r":[ \t]*(?:#[^\r\n]*)?$", re.M)


def with_defaults(graph: CallGraph, texts: Mapping[str, Text]) -> CallGraph:
    """The graph whose calls in defaults are those of what the function is defined in."""
    functions = {
        one.name: one
        for one in graph.functions
        if one.parameters is None or any(not each.is_required for each in one.parameters)
    }

    def moved(call: Call) -> Call:
        function = functions.get(call.caller)
        if function is None or function.path != call.path or not _is_in_header(call, function, texts[call.path]):
            return call
        return replace(call, caller=_around(function))

    return replace(graph, calls=tuple(map(moved, graph.calls)))


def _is_in_header(call: Call, function: Function, text: Text) -> bool:
    """Whether a call of a function stands among its parameters."""
    lines = text.lines
    name = lines.offset(function.span.end_line, function.span.end_column)
    start = lines.offset(call.span.line, call.span.column)
    if _BODY_BEGINS.search(lines.text, name, start) is not None or lines.masked is None:
        return False  # to search for the end of the parameters costs more
    opening = lines.masked.outline.find("(", name)
    end = closing(lines.masked.outline, opening) if 0 <= opening < start else None
    return end is not None and start < end


def _around(function: Function) -> str:
    """The function that another one is defined in, or its module."""
    module, _, qualname = function.name.partition(":")
    around, within, _ = qualname.rpartition(".<locals>.")
    return f"{module}:{around}" if within else f"{module}:"
