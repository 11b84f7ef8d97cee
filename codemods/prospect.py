"""What may become async at best, by the graph and the texts alone: only that is worth being parsed.

What the syntax tells can keep more functions sync, and never fewer: to plan with the best that it could say gives a
bound from above. LibCST costs more than everything else of a run, so that the bound pays for itself.
"""

from __future__ import annotations

from collections.abc import Container

from codemods.facts.closure import Closure, blocking_name, narrowed, plain_functions, plain_sites
from codemods.facts.graph import CallGraph
from codemods.facts.inheritance import Inheritance
from codemods.locking import LockFinder, Seen
from codemods.packs import Knowledge
from codemods.planning.facts import BlockingCall, PlanningFacts, PlanningOptions
from codemods.planning.promotion import Promotion, promote
from codemods.rules.rule import Offer

_BEST = Offer(rule="", native="any", reason="")


def worth_parsing(
    graph: CallGraph,
    closure: Closure,
    inheritance: Inheritance,
    finder: LockFinder,
    knowledge: Knowledge,
    options: PlanningOptions,
    outside: Container[str],
) -> Closure:
    """The closure of what may change. The finder knows the mentions of its functions afterwards."""

    def best() -> Promotion:
        seen = Seen.nothing(closure.paths)
        functions = plain_functions(graph)
        functions.update({one.name: one for one in finder.planned(closure.functions, seen)})
        facts = PlanningFacts(
            functions=functions,
            sites=plain_sites(graph),
            blocking=tuple(
                BlockingCall(call.path, call.span, call.caller, blocking_name(call, knowledge) or "", _BEST)
                for call in closure.seeds
            ),
            families=inheritance.families,
            loop_starters=graph.callers_of(knowledge.loop_starters),
        )
        return promote(facts, options)[0]

    promotion = best()
    finder.look_for_mentions(promotion.running)  # they cost much, and few functions come so far
    promotion = best()
    return narrowed(closure, graph, outside, inheritance.families, promotion.running, promotion.locked)
