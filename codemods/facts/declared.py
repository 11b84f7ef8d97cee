"""What the user says of calls that the checker does not resolve, and of attributes that are iterated over.

`any-receiver` in `[[tool.awaitify.call]]`, and attributes in `[[tool.awaitify.iter]]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache

from codemods.facts.flow import receiver_of
from codemods.facts.graph import Call, CallGraph, CallKind, ForeignTarget
from codemods.facts.inheritance import last_name
from codemods.facts.texts import Text
from codemods.model import Span

_ATTRIBUTE = re.compile(r"(?s)(?P<receiver>.+)\.(?P<name>\w+)\Z")


def with_any_receiver(graph: CallGraph, texts: Mapping[str, Text], known: Mapping[str, str]) -> CallGraph:
    """The graph in which unresolved calls of some methods by their name are calls of these.

    `known` gives the qualified name of each method by its last part; a method of the project becomes a target of the
    call by flow, any other one a target outside of the project.
    """
    own = {last_name(name): name for name in graph.declared}
    calls = list(_resolved(graph, texts, known, own)) if known else graph.calls
    return replace(graph, calls=tuple(calls))


def _resolved(
    graph: CallGraph, texts: Mapping[str, Text], known: Mapping[str, str], own: Mapping[str, str]
) -> Iterator[Call]:
    for call in graph.calls:
        is_unknown = call.kind is CallKind.CALL and not call.is_resolved and not call.targets and not call.foreign
        place = receiver_of(call, texts[call.path].lines, known) if is_unknown else None
        if place is None:
            yield call
        elif place[1] in own:
            yield replace(call, targets=(own[place[1]],), is_resolved=True, is_by_flow=True)
        else:
            name = known[place[1]]
            yield replace(call, foreign=(ForeignTarget(name, name, is_coroutine=False),), is_resolved=True)


def with_iterated_attributes(
    graph: CallGraph,
    texts: Mapping[str, Text],
    types_of: Callable[[str], Mapping[Span, str]],
    names: Collection[str],
) -> CallGraph:
    """The graph in which loops over some attributes, named `module.Class.attribute`, are calls of something of theirs.

    `types_of` gives the types of the expressions of a file; asked where an attribute of such a name is iterated over.
    """
    last_parts = {name.rpartition(".")[2] for name in names}
    types_of = cache(types_of)
    found: list[Call] = []
    for path, span, caller in graph.iterated:
        lines = texts[path].lines
        match = _ATTRIBUTE.match(lines.slice(span))
        if match is None or match["name"] not in last_parts:
            continue
        start = lines.offset(span.line, span.column)
        kind = types_of(path).get(lines.span(start, start + len(match["receiver"])))
        name = f"{kind}.{match['name']}"
        if name in names:
            target = ForeignTarget(name, name, is_coroutine=False)
            found.append(Call(path, span, caller, CallKind.IMPLICIT, (), (target,), is_resolved=True))
    taken = {(one.path, one.span) for one in found}
    others = [one for one in graph.calls if one.kind is not CallKind.IMPLICIT or (one.path, one.span) not in taken]
    calls = sorted([*others, *found], key=lambda one: (one.path, one.span, one.kind)) if found else graph.calls
    known = graph.known_names | {target.name for one in found for target in one.foreign}
    return replace(graph, calls=tuple(calls), known_names=known)
