"""Planning facts written by hand: every call stands on a line of its own."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

from codemods.facts.syntax import Place, Position, Use
from codemods.model import Action, Fallback, Finding, Guard, Guards, Scope, Span
from codemods.planning.facts import (
    ANYWHERE,
    BlockingCall,
    PlannedFunction,
    PlanningFacts,
    PlanningOptions,
    Runner,
    Site,
    UnawaitedCall,
)
from codemods.planning.plan import Plan, make_plan
from codemods.rules.rule import Offer

Thing = TypeVar("Thing")

NATIVE = Offer("AW101", "the rule's own data", "it has a twin", notes=("it differs",))
RAISING = replace(NATIVE, rule="AW102", raises=True)
COMMAND = Runner("click", "_core", "click")
SCRIPT = Runner("a console script", "_core", is_alike=True)
TEST = Runner("a test runner")
THREAD_ONLY = Offer("AW103", None, "it has no async form")
IN_LAMBDA = replace(ANYWHERE, position=Position.BLOCKED, blocker="in a lambda")
AT_MAIN = replace(ANYWHERE, position=Position.MAIN_GUARD)
AWAITED = replace(ANYWHERE, position=Position.AWAITED)
DROPPED = replace(ANYWHERE, use=Use.DROPPED)


def guard(name: str, line: int = 900, **about: Any) -> Guard:
    """A handler for an exception; nothing under it can change unless `refusal` says otherwise."""
    known: dict[str, Any] = {"refusal": "catches other exceptions", "is_rewritten": False, "minds_decoding": False}
    about = {**known, "library": "time", "notes": (), **about}
    return Guard("a.py", Span(line, 12, line, 12 + len(name)), f"except {name}", (name,), **about)


def guarded(*guards: Guard) -> Place:
    """A place under handlers."""
    return replace(ANYWHERE, guards=Guards.around(guards))


class Draft:
    """Facts that grow call by call; every method gives the line of what it added."""

    def __init__(self, text: str = "") -> None:
        """`text` is words: names of functions, each in file `a.py`; those behind `async` are async."""
        self.functions: dict[str, PlannedFunction] = {}
        self.sites: list[Site] = []
        self.blocking: list[BlockingCall] = []
        self.unawaited: list[UnawaitedCall] = []
        self.loop_bound: frozenset[str] = frozenset()
        self.loop_starters: frozenset[str] = frozenset()
        self.context_setters: frozenset[str] = frozenset()
        self.values: frozenset[str] = frozenset()
        self.dispatches: dict[str, frozenset[str]] = {}
        self._line = 0
        words = iter(text.split())
        for word in words:
            if word == "async":
                self.define(next(words), is_async=True)
            else:
                self.define(word)

    def _next_span(self) -> Span:
        self._line += 1
        return Span(self._line, 1, self._line, 9)

    def define(self, name: str, **about: Any) -> None:
        self.functions[name] = PlannedFunction(name, "a.py", 100 + len(self.functions), **about)

    def calls(self, caller: str, *targets: str, **about: Any) -> int:
        self.sites.append(Site("a.py", self._next_span(), caller, targets, **about))
        return self._line

    def blocks(self, caller: str, offer: Offer = NATIVE, **about: Any) -> int:
        self.blocking.append(BlockingCall("a.py", self._next_span(), caller, "time.sleep", offer, **about))
        return self._line

    def forgets(self, caller: str, place: Place = DROPPED, **about: Any) -> int:
        self.unawaited.append(UnawaitedCall("a.py", self._next_span(), caller, "b:send", place, **about))
        return self._line

    def chain(self, *names: str) -> None:
        """Every function calls the next one."""
        for caller, target in pairwise(names):
            self.calls(caller, target)

    def facts(self) -> PlanningFacts:
        return PlanningFacts(
            functions=self.functions,
            sites=tuple(self.sites),
            blocking=tuple(self.blocking),
            unawaited=tuple(self.unawaited),
            loop_bound=self.loop_bound,
            loop_starters=self.loop_starters,
            context_setters=self.context_setters,
            values=self.values,
            dispatches=self.dispatches,
        )

    def plan(self, scope: Scope = Scope.ALL, fallback: Fallback = Fallback.THREAD) -> Plan:
        return make_plan(self.facts(), PlanningOptions(scope, fallback))


def shuffled(facts: PlanningFacts, seed: int) -> PlanningFacts:
    """The same facts in another order."""
    chance = random.Random(seed)

    def mixed(things: Iterable[Thing]) -> list[Thing]:
        listed = list(things)
        chance.shuffle(listed)
        return listed

    return replace(
        facts,
        functions=dict(mixed(facts.functions.items())),
        sites=tuple(mixed(facts.sites)),
        blocking=tuple(mixed(facts.blocking)),
        unawaited=tuple(mixed(facts.unawaited)),
    )


def random_draft(seed: int) -> Draft:
    """A project of twelve functions, with families, boundaries and handlers wherever chance puts them."""
    chance = random.Random(seed)
    draft = Draft()
    names = [f"a:f{number}" for number in range(12)]
    for number, name in enumerate(names):
        kind = chance.random()
        draft.define(
            name,
            is_async=kind < 0.2,
            lock="it is a property" if 0.2 <= kind < 0.35 else None,
            is_called_from_outside=chance.random() < 0.05,
            runner=chance.choice([None] * 5 + [COMMAND, SCRIPT, TEST]),
            catches_interrupt=chance.random() < 0.05,
            overrides=chance.choice(names[:number]) if number and chance.random() < 0.15 else None,
        )
    for _ in range(18):
        risky = guarded(guard("Timeout", 900 + chance.randrange(9)))
        place = chance.choice([ANYWHERE] * 8 + [IN_LAMBDA, risky])
        targets = chance.sample(names, 2 if chance.random() < 0.1 else 1)
        draft.calls(chance.choice(names), *targets, place=place, is_mixed=chance.random() < 0.05)
    draft.calls("a:", chance.choice(names), place=AT_MAIN)
    for _ in range(5):
        offer = chance.choice([NATIVE, RAISING, THREAD_ONLY])
        draft.blocks(chance.choice(names), offer, is_ignored=chance.random() < 0.1)
    draft.blocks("a:", place=AT_MAIN)
    draft.forgets(chance.choice(names), is_seed=True)
    draft.values = frozenset(chance.sample(names, 1))
    draft.dispatches = {"click": frozenset(chance.sample(names, 1))}
    return draft


def actions(plan: Plan) -> dict[int, Action]:
    """What becomes of the calls, by line."""
    return {finding.line: finding.action for finding in plan.findings}


def at(plan: Plan, line: int) -> Finding:
    """The one finding of a line."""
    (found,) = (finding for finding in plan.findings if finding.line == line)
    return found
