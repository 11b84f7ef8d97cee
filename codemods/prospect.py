"""What may become async at best, by the graph and the texts alone: only that is worth being parsed.

What the syntax tells can keep more functions sync, and never fewer: to plan with the best that it could say gives a
bound from above. LibCST costs more than everything else of a run, so that the bound pays for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace

from codemods.callers import Callers
from codemods.facts.closure import (
    Closure,
    blocking_name,
    find_closure,
    narrowed,
    plain_functions,
    plain_sites,
    with_receivers,
)
from codemods.facts.graph import CallGraph
from codemods.facts.inheritance import Inheritance, last_name
from codemods.locking import LockFinder, Seen
from codemods.mentions import MentionFinder, Sources
from codemods.model import Scope, Span
from codemods.packs import Knowledge
from codemods.planning.facts import BlockingCall, PlanningFacts, PlanningOptions, Site, UnawaitedCall
from codemods.planning.index import CallIndex
from codemods.planning.promotion import Promotion, promote
from codemods.receivers import receivers_of
from codemods.rules.rule import Offer

_BEST = Offer(rule="", native="any", reason="")


@dataclass(frozen=True, slots=True)
class Finders:
    """What is asked about the functions of one graph."""

    locks: LockFinder
    mentions: MentionFinder
    callers: Callers


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is worth being parsed."""

    graph: CallGraph
    """With the calls that only the flow of types resolves."""
    closure: Closure
    """Of what may change."""
    callers: Callers
    mentions: MentionFinder
    locks: LockFinder
    """It knows the mentions of the closure's functions."""


def worth_parsing(
    graph: CallGraph,
    closure: Closure,
    inheritance: Inheritance,
    finders_of: Callable[[CallGraph], Finders],
    sources: Sources,
    knowledge: Knowledge,
    options: PlanningOptions,
    types_of: Callable[[str], Mapping[Span, str]],
) -> Prospect:
    """Narrows a closure to what may change. `types_of` gives the types of the expressions of a file."""

    def best(graph: CallGraph, closure: Closure, locks: LockFinder, *, are_values_seen: bool = False) -> Promotion:
        seen = Seen.nothing(closure.paths)
        functions = plain_functions(graph)
        planned = locks.planned(closure.functions, seen, are_values_seen=are_values_seen)
        functions.update({one.name: one for one in planned})
        for name in _closers(graph, closure, knowledge):
            functions[name] = replace(functions[name], is_async=True, lock=None)
        facts = PlanningFacts(
            functions=functions,
            sites=tuple(map(_hoped, plain_sites(graph))) if are_values_seen else plain_sites(graph),
            blocking=(
                *(
                    BlockingCall(call.path, call.span, call.caller, blocking_name(call, knowledge) or "", _BEST)
                    for call in closure.seeds
                ),
                *(
                    BlockingCall(one.path, one.span, one.name, "", _BEST)
                    for one in graph.functions
                    if one.name in closure.receivers
                ),
            ),
            unawaited=tuple(UnawaitedCall(one.path, one.span, one.caller, "", is_seed=True) for one in closure.lost),
            families=inheritance.families,
            loop_starters=graph.callers_of(knowledge.loop_starters),
        )
        return promote(facts, options)[0]

    coroutines = {one.name for one in graph.functions if one.gives_coroutine}
    asked: set[str] = set()
    while True:
        finders = finders_of(graph)
        promotion = best(graph, closure, finders.locks)
        not_reached = _not_reached(graph, closure, inheritance)
        followed = finders.callers.followed({*promotion.running, *not_reached, *coroutines})
        if followed is graph:
            hoped = best(graph, closure, finders.locks, are_values_seen=True).running
            values = _used_as_values(graph, {*hoped, *not_reached})
            followed = finders.callers.with_values(values - asked) if values - asked else graph
            asked |= values
        if followed is graph:
            break
        graph = followed  # more calls, more callers: what may change by them may be called in such a way too
        closure = find_closure(
            graph,
            sources.texts,
            knowledge,
            sources.outside,
            inheritance,
            only_reached=options.scope is Scope.ASYNC,
        )
    finders.mentions.look_for(promotion.running)  # they cost much, and few functions come so far
    promotion = best(graph, closure, finders.locks)
    found = narrowed(closure, graph, sources.outside, inheritance.families, promotion.running, promotion.locked)
    receivers = receivers_of(graph, found, sources, knowledge, types_of)
    if receivers:
        wider = with_receivers(closure, graph, inheritance.families, receivers)
        finders.mentions.look_for({*best(graph, wider, finders.locks).running, *receivers})
        reading = best(graph, wider, finders.locks)
        running = promotion.running | reading.running
        # whether they have to wait is not known yet: what keeps them sync then may not do so
        locked = {name: why for name, why in promotion.locked.items() if name in reading.locked}
        found = narrowed(wider, graph, sources.outside, inheritance.families, running, locked)
    closure = found
    return Prospect(graph, closure, finders.callers, finders.mentions, finders.locks)


def _closers(graph: CallGraph, closure: Closure, knowledge: Knowledge) -> frozenset[str]:
    """The methods by which `with` may close what an object keeps: each may become one that can await."""
    closing = {call.caller for call in closure.seeds if blocking_name(call, knowledge) in knowledge.closing}
    callers = {call.caller for call in graph.calls if not closing.isdisjoint(call.targets)}
    return frozenset(name for name in closing | callers if last_name(name) == "__exit__")


def _hoped(site: Site) -> Site:
    """A call as it would be if all that flows into it were seen."""
    return replace(site, is_mixed=False)


def _used_as_values(graph: CallGraph, names: Container[str]) -> frozenset[str]:
    """Of some functions, those that are used as values by which not all calls are seen."""
    found = {target for one in graph.references if not one.is_followed for target in one.targets if target in names}
    return frozenset(one.name for one in graph.functions if one.name in found and not one.is_async)


def _not_reached(graph: CallGraph, closure: Closure, inheritance: Inheritance) -> frozenset[str]:
    """The functions that block and that async code does not reach by the calls that are known."""
    if not closure.out_of_scope:
        return frozenset()
    index = CallIndex(plain_functions(graph), plain_sites(graph), inheritance.families)
    return index.callers_of({call.caller for call in closure.out_of_scope})
