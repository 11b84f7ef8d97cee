"""The call graph with what is done with the objects of classes that have twins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from codemods.facts.expressions import Expressions
from codemods.facts.graph import Call, CallGraph, CallKind, ForeignTarget
from codemods.facts.texts import Text
from codemods.facts.twins import TwinPair, TwinShapes
from codemods.model import Span
from codemods.packs import DeclaredTwin, Knowledge
from codemods.twins.files import TwinFiles
from codemods.twins.finding import NO_USES, TwinFinder, TwinUses


def find_twins(
    graph: CallGraph,
    texts: Mapping[str, Text],
    expressions: Expressions,
    declared: Sequence[DeclaredTwin],
    classes: Mapping[str, str],
    outside: Collection[str],
    unread: Mapping[str, bytes],
) -> TwinUses:
    """What a project does with the objects of classes that have twins; `classes` are those that names mean.

    Files in `outside` are never changed; `unread` are the bytes of those that are not known.
    """
    known: dict[str, list[DeclaredTwin]] = {}
    for one in declared:
        if one.sync in classes and one.twin in classes:
            known.setdefault(classes[one.sync], []).append(one)
    pairs = [_pair(tables, classes) for tables in known.values()]
    if not pairs:
        return NO_USES
    files = TwinFiles(graph, texts, expressions, pairs)
    return TwinFinder(files, TwinShapes(expressions.classes, pairs), outside, unread).find()


def _pair(tables: Sequence[DeclaredTwin], classes: Mapping[str, str]) -> TwinPair:
    """What the tables of one class say, which has several names if these are several."""
    first, *others = tables
    return TwinPair(
        sync=classes[first.sync],
        twin=classes[first.twin],
        known_as=first.sync,
        twin_known_as=first.twin,
        rename=first.rename,
        without=frozenset(name for one in tables for name in one.without),
        needs_loop=any(one.needs_loop for one in tables),
        aliases={one.sync: one.twin for one in others},
        makers={name: twin for one in tables for name, twin in one.makers.items()},
    )


def with_twin_calls(graph: CallGraph, uses: TwinUses) -> CallGraph:
    """The graph in which calls of methods that have twins are calls of a library's, whoever defines these."""
    if not uses.calls and not uses.own:
        return graph
    calls: dict[tuple[str, Span, CallKind], Call] = {(one.path, one.span, one.kind): one for one in graph.calls}
    made = {(path, line) for one in uses.classes for path, line, _ in one.makings}
    for key, call in calls.items():
        is_made = call.kind is CallKind.CONSTRUCT and (call.path, call.span.line) in made
        if is_made and set(call.targets) <= uses.own:
            calls[key] = replace(call, targets=())
    for key, one in uses.calls.items():
        target = ForeignTarget(one.name, one.name, is_coroutine=False)
        calls[key] = Call(one.path, one.span, one.caller, one.kind, (), (target,), is_resolved=True)
    entered = {(path, span) for path, span, kind in uses.calls if kind is CallKind.IMPLICIT}
    return replace(
        graph,
        calls=tuple(sorted(calls.values(), key=lambda one: (one.path, one.span, one.kind))),
        entered=tuple(one for one in graph.entered if one not in entered),
        async_only=tuple(one for one in graph.async_only if (one.path, one.span) not in entered),
    )


def with_twin_methods(knowledge: Knowledge, uses: TwinUses) -> Knowledge:
    """The knowledge in which the methods that the project calls, and their twins await, block."""
    return replace(knowledge, twin_methods=frozenset(one.name for one in uses.calls.values()))
