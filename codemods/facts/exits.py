"""What `with` calls in the end: the checker's report tells of `__enter__` alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codemods.facts.graph import Call, CallGraph, CallKind
from codemods.facts.inheritance import last_name


def with_exits(graph: CallGraph) -> CallGraph:
    """The graph whose `with` statements call the `__exit__` of the classes whose `__enter__` they call.

    What a subclass defines is not among them where the class of an object is only known to be one it derives from.
    """
    functions = {one.name: one for one in graph.functions}
    lines = {one.name: (one.name, *one.mro) for one in graph.classes}

    def exits(call: Call) -> Iterator[str]:
        for target in call.targets if call.kind is CallKind.IMPLICIT else ():
            if last_name(target) == "__enter__":
                owners = lines.get(functions[target].owner or "", ())
                yield from [name for one in owners if (name := f"{one}.__exit__") in functions][:1]

    return replace(graph, calls=tuple(replace(one, targets=(*one.targets, *exits(one))) for one in graph.calls))
