"""Functions of the project that are given to a function of a library which packs know: threads, pools, schedulers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from codemods.facts.arguments import arguments_in
from codemods.facts.graph import Call, CallGraph, Given, Reference
from codemods.facts.statements import opening_of
from codemods.facts.texts import Text


def with_given(graph: CallGraph, texts: Mapping[str, Text], takers: Container[str | None]) -> CallGraph:
    """The graph whose references say to which of the takers, which are named as packs name them, they are given."""
    calls: dict[str, list[tuple[Call, str]]] = defaultdict(list)
    for call in graph.calls:
        # an object is made by `__new__` as well, which does nothing with functions
        called = [one.known_as for one in call.foreign if one.name != "builtins.object.__new__"]
        if call.is_resolved and not call.targets and len(called) == 1 and called[0] is not None and called[0] in takers:
            calls[call.path].append((call, called[0]))
    if not calls:
        return graph
    references = tuple(
        replace(one, given=_given(one, calls[one.path], texts[one.path])) if one.path in calls else one
        for one in graph.references
    )
    return replace(graph, references=references)


def _given(reference: Reference, calls: Sequence[tuple[Call, str]], text: Text) -> Given | None:
    """To what a reference is given as it is; None when that is not known."""
    lines = text.lines
    start = lines.offset(reference.span.line, reference.span.column)
    end = lines.offset(reference.span.end_line, reference.span.end_column)
    for call, name in calls:
        low = lines.offset(call.span.line, call.span.column)
        high = lines.offset(call.span.end_line, call.span.end_column)
        if not low <= start < high or lines.masked is None:
            continue
        opening = opening_of(lines.masked.outline, low, high)
        arguments = None if opening is None else arguments_in(lines.masked.outline, lines.text, opening + 1, high - 1)
        for index, one in enumerate(arguments or ()):
            if one.stars:
                break  # nobody knows at which place the next one is
            if one.start == start and one.start + len(one.text) == end:
                return Given(name, one.keyword, None if one.keyword is not None else index)
    return None
