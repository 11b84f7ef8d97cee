"""The greatest consistent promotion: which functions become async, and which have to stay as they are.

A least fixpoint upward from the seeds, with families of overrides as one, inside a loop that demotes what a
function that stays sync has to be able to call. The result does not depend on the order of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.model import Scope
from codemods.planning.facts import BlockingCall, PlannedFunction, PlanningFacts, PlanningOptions, Runner, Site
from codemods.planning.index import CallIndex
from codemods.planning.loops import Bridges, nested_loops
from codemods.planning.routes import Routes
from codemods.rules.rule import Refusal


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who changes color."""

    promoted: Mapping[str, str]
    """The functions that become async, and why."""
    split: Mapping[str, str]
    """The functions that become a sync shell and an async core, and why."""
    locked: Mapping[str, str]
    """The functions that stay as they are although their color was asked about, and why."""
    reached: frozenset[str]
    """The functions that async code calls, directly or through others; async functions are among them."""

    @property
    def running(self) -> frozenset[str]:
        """The functions whose body becomes that of a coroutine."""
        return frozenset(self.promoted.keys() | self.split.keys())

    def runs(self, function: PlannedFunction | None) -> bool:
        """Whether the body of a function is that of a coroutine once the plan is carried out."""
        if function is None or function.stays_def:
            return False
        return function.is_async or function.name in self.promoted or function.name in self.split


def promote(facts: PlanningFacts, options: PlanningOptions) -> tuple[Promotion, CallIndex]:
    """Decides the color of every function."""
    index = CallIndex(facts.functions, facts.sites, facts.families)
    asynchronous = {function.name for function in facts.functions.values() if function.is_async}
    reached = index.reached_from(asynchronous)
    drivers = dict(_drivers(facts, options, reached))
    locks = _first_locks(facts, options, index, reached)
    for name in drivers:
        if facts.functions[name].stays_def and not facts.functions[name].is_declared:
            locks.setdefault(name, "it blocks, and its callers get something from it that they have to iterate over")
    locked = _spread(index, locks)
    bridges = Bridges(facts, index)
    while True:
        promoted, split, violations = _close(index, drivers, locked, bridges)
        fresh = {name: why for name, why in violations.items() if name not in locked}
        if not fresh and not bridges.withdraw(promoted):
            fresh = nested_loops(facts, index, promoted.keys(), split.keys(), bridges.used(promoted))
            if not fresh:
                return Promotion(promoted, split, locked, reached), index
        locked |= _spread(index, fresh)


def _drivers(facts: PlanningFacts, options: PlanningOptions, reached: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The sync functions that a blocking call asks to become async, and why.

    What only a thread can do is no reason to make a program async; for code that async code reaches, it is.
    """
    for one in facts.functions.values():
        if one.is_declared and not one.is_async and (options.scope is Scope.ALL or one.name in reached):
            yield one.name, "you declared that it blocks"
    wanted = [
        call
        for call in sorted(facts.blocking, key=lambda one: (one.path, one.span), reverse=True)
        if not call.is_ignored
        and call.place.position is Position.AWAITABLE
        and (call.caller in reached or (options.scope is Scope.ALL and call.offer.native is not None))
        and (call.offer.native is not None or (options.fallback == "thread" and call.offer.can_thread))
    ]
    yield from _readers(facts, wanted)
    for lost in facts.unawaited:
        if lost.is_seed and not lost.is_ignored and lost.place.position is Position.AWAITABLE:
            yield lost.caller, f"it drops the coroutine of {lost.name} in line {lost.span.line}"
    for call in wanted:
        if call.caller in facts.functions and not facts.functions[call.caller].is_async:
            yield call.caller, f"it calls {call.name} in line {call.span.line}"


def _readers(facts: PlanningFacts, wanted: Iterable[BlockingCall]) -> Iterator[tuple[str, str]]:
    """The sync functions that have to wait for what a blocking call gave in another one, and why."""
    routes = Routes(facts)
    given = routes.given_by(call for call in wanted if call.offer.native is not None)
    for group, givers in sorted(given.items(), reverse=True):
        giver = min(givers, key=lambda one: (one.path, one.span))
        for one in routes.receptions(group):
            function = facts.functions.get(one.caller)
            if one.offer.awaits and function is not None and not function.is_async:
                yield one.caller, f"it reads what {giver.name} gives in {giver.path}:{giver.span.line}"


def _first_locks(
    facts: PlanningFacts, options: PlanningOptions, index: CallIndex, reached: frozenset[str]
) -> dict[str, str]:
    """The functions that have to stay as they are whatever the others do."""
    locks: dict[str, str] = {}
    for function in facts.functions.values():
        why = _own_lock(function, options, index, reached)
        if why is not None:
            locks[function.name] = why
    for name in index.callers_of(facts.context_setters):
        setter = facts.functions.get(name)
        if setter is not None and setter.runner is not None and not setter.is_async:
            locks.setdefault(name, "it sets context variables, which are not seen outside of an event loop of its own")
    for name in index.callers_of(facts.loop_starters):
        if name in facts.functions and not facts.functions[name].is_async:
            locks.setdefault(name, "it starts an event loop, which cannot be done in a running one")
    for sites in index.by_caller.values():
        for site in sites:
            why = _site_lock(site, facts)
            for target in site.targets if why is not None else ():
                locks.setdefault(target, why or "")
    return locks


def _own_lock(
    function: PlannedFunction, options: PlanningOptions, index: CallIndex, reached: frozenset[str]
) -> str | None:
    if function.lock is not None:
        return function.lock
    if function.is_async:
        return None
    if function.catches_interrupt and function.name not in reached:
        return "it looks out for KeyboardInterrupt, which Ctrl-C does not raise in a coroutine"
    family = index.family(function.name)
    if function.runner is not None:
        return _lock_of_entry(function, function.runner, family)
    if function.is_called_from_outside:
        return "it is an entry point that is called from outside the project"
    is_unused = not any(site.caller not in family for member in family for site in index.by_target[member])
    if is_unused and function.foreign_caller is not None:
        return f"nothing in the project calls it, and {function.foreign_caller} may"
    if options.scope is Scope.ASYNC and is_unused and function.name not in reached:
        return "async code does not reach it, and nothing in the project calls it"
    return None


def _lock_of_entry(function: PlannedFunction, runner: Runner, family: frozenset[str]) -> str | None:
    if runner.core is None:
        return f"{runner.who} calls it and would not await it"
    if len(family) > 1:
        other = min(family - {function.name})
        return f"{runner.who} calls it and would not await it; it cannot be split, since {other} stands for it as well"
    return None


def _site_lock(site: Site, facts: PlanningFacts) -> str | None:
    """Why what a site calls cannot become async; None when the site can await it."""
    where = f"{site.path}:{site.span.line}"
    if isinstance(site.consumed, Refusal):
        return f"it is called in {where}, and {site.consumed.reason}"
    if site.kind is not CallKind.CALL and site.consumed is None:
        return f"it is called by the syntax in {where}, not by a call expression"
    match site.place.position:
        case Position.BLOCKED:
            return f"it is called {site.place.blocker} in {where}, which cannot await it"
        case Position.AWAITED if any(not facts.functions[one].is_async for one in site.targets):
            return f"what it returns is awaited in {where} already"
        case Position.MAIN_GUARD if site.consumed is not None:
            return f"what it gives is used at module level in {where}, where no async form of that can stand"
    if site.is_mixed:
        return f"the call in {where} may also call something that does not become async"
    return None


def _spread(index: CallIndex, locks: Mapping[str, str]) -> dict[str, str]:
    """Locks whole families."""
    spread = dict(locks)
    for name in sorted(locks):
        for member in index.family(name) - {name}:
            spread.setdefault(member, f"it has the color of {name}: {locks[name]}")
    return spread


def _close(
    index: CallIndex, drivers: Mapping[str, str], locked: Mapping[str, str], bridges: Bridges
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The closure upward from the drivers: what becomes async, what is split, and what a sync function has to call."""
    promoted: dict[str, str] = {}
    split: dict[str, str] = {}
    violations: dict[str, str] = {}
    queue = [(name, why) for name, why in sorted(drivers.items()) if name not in locked]
    while queue:
        name, why = queue.pop(0)
        if name in promoted or name in split or name in locked:
            continue
        function = index.functions[name]
        if function.runner is not None and not function.is_async:
            split[name] = f"{why}, and {function.runner.who} calls it outside of any event loop"
            continue  # its shell is called as before
        if not function.is_async:
            promoted[name] = why
            queue += [
                (member, f"it has the color of {name}, which becomes async")
                for member in sorted(index.family(name) - {name})
            ]
        for site in index.by_target[name] if not function.is_async else ():
            caller = index.functions.get(site.caller)
            if caller is None or caller.is_async:
                continue  # module level was asked about before
            if caller.stays_def and not site.is_handed_on:
                where = f"{site.path}:{site.span.line}"
                why = "gives its callers something that they have to iterate over"
                violations.setdefault(name, f"{caller.name} calls it in {where} and {why}")
            elif caller.name not in locked:
                queue.append((caller.name, f"it calls {name} in line {site.span.line}"))
            elif (refusal := bridges.refusal(site, name)) is not None:
                where = f"{site.path}:{site.span.line}"
                why = f"{locked[caller.name]}{refusal}"
                violations.setdefault(name, f"{caller.name} calls it in {where} and stays sync: {why}")
    return promoted, split, violations
