"""What `with` and `async with` call in the end: the checker's report tells of what they call first alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codemods.facts.graph import Call, CallGraph, CallKind
from codemods.facts.inheritance import last_name

_LEAVING = {"__enter__": "__exit__", "__aenter__": "__aexit__"}


def with_exits(graph: CallGraph) -> CallGraph:
    """The graph whose `with` statements call the `__exit__` of the classes whose `__enter__` they call, and likewise
    those with `async`.

    What a subclass defines is not among them where the class of an object is only known to be one it derives from.
    """
    functions = {one.name: one for one in graph.functions}
    lines = {one.name: (one.name, *one.mro) for one in graph.classes}

    def exits(call: Call) -> Iterator[str]:
        for target in call.targets if call.kind is CallKind.IMPLICIT else ():
            leaving = _LEAVING.get(last_name(target))
            owners = lines.get(functions[target].owner or "", ()) if leaving is not None else ()
            yield from [name for one in owners if (name := f"{one}.{leaving}") in functions][:1]

    return replace(graph, calls=tuple(replace(one, targets=(*one.targets, *exits(one))) for one in graph.calls))
