"""The greatest consistent promotion: which functions become async, and which have to stay as they are.

A least fixpoint upward from the seeds, with families of overrides as one, inside a loop that demotes what a
function that stays sync has to be able to call. The result does not depend on the order of anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.model import Scope
from codemods.planning.facts import PlannedFunction, PlanningFacts, PlanningOptions, Site


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who changes color."""

    promoted: Mapping[str, str]
    """The functions that become async, and why."""
    locked: Mapping[str, str]
    """The functions that stay as they are although their color was asked about, and why."""
    reached: frozenset[str]
    """The functions that async code calls, directly or through others; async functions are among them."""


class CallIndex:
    """The sites by caller and by target, and the families."""

    def __init__(
        self,
        functions: Mapping[str, PlannedFunction],
        sites: Iterable[Site],
        families: Iterable[frozenset[str]] = (),
    ) -> None:
        self.functions = functions
        self.by_target: dict[str, list[Site]] = defaultdict(list)
        self.by_caller: dict[str, list[Site]] = defaultdict(list)
        ordered = sorted(sites, key=lambda one: (one.path, one.span, one.kind))
        for site in ordered:
            self.by_caller[site.caller].append(site)
            for target in site.targets:
                self.by_target[target].append(site)
        self._families = _families(functions, ordered, families)

    def family(self, name: str) -> frozenset[str]:
        """The functions that have the same color as one, itself included."""
        return self._families.get(name, frozenset({name}))

    def callers_of(self, names: Iterable[str]) -> frozenset[str]:
        """Functions and everything that calls them, directly or through others, overrides included."""
        seen: set[str] = set()
        queue = sorted(names)
        while queue:
            name = queue.pop()
            if name in seen:
                continue
            seen.add(name)
            queue += self.family(name) - seen
            queue += [site.caller for site in self.by_target[name] if site.caller not in seen]
        return frozenset(seen)

    def reached_from(self, roots: Iterable[str]) -> frozenset[str]:
        """The roots and everything they call, directly or through others, overrides included."""
        seen = set(roots)
        queue = list(seen)
        while queue:
            for site in self.by_caller[queue.pop()]:
                for target in site.targets:
                    fresh = self.family(target) - seen
                    seen |= fresh
                    queue.extend(fresh)
        return frozenset(seen)


def _families(
    functions: Mapping[str, PlannedFunction], sites: Iterable[Site], families: Iterable[frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Functions joined by overriding, by their classes, or by being targets of one call, as sets."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while (above := parent.get(name, name)) != name:
            name = above
        return name

    def join(one: str, other: str) -> None:
        low, high = sorted((find(one), find(other)))
        parent[high] = low

    for function in functions.values():
        if function.overrides is not None and function.overrides in functions:
            join(function.name, function.overrides)
    for site in sites:
        for target in site.targets[1:]:
            join(site.targets[0], target)
    for family in families:
        known = sorted(family & functions.keys())
        for name in known[1:]:
            join(known[0], name)
    members: dict[str, set[str]] = defaultdict(set)
    for name in functions:
        members[find(name)].add(name)
    return {name: frozenset(group) for group in members.values() if len(group) > 1 for name in group}


def promote(facts: PlanningFacts, options: PlanningOptions) -> tuple[Promotion, CallIndex]:
    """Decides the color of every function."""
    index = CallIndex(facts.functions, facts.sites, facts.families)
    asynchronous = {function.name for function in facts.functions.values() if function.is_async}
    reached = index.reached_from(asynchronous)
    drivers = dict(_drivers(facts, options, reached))
    locked = _spread(index, _first_locks(facts, options, index, reached))
    while True:
        promoted, violations = _close(index, drivers, locked)
        fresh = {name: why for name, why in violations.items() if name not in locked}
        if not fresh:
            return Promotion(promoted, locked, reached), index
        locked |= _spread(index, fresh)


def _drivers(facts: PlanningFacts, options: PlanningOptions, reached: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The sync functions that a blocking call asks to become async, and why.

    What only a thread can do is no reason to make a program async; for code that async code reaches, it is.
    """
    for call in sorted(facts.blocking, key=lambda one: (one.path, one.span), reverse=True):
        function = facts.functions.get(call.caller)
        if function is None or function.is_async or call.is_ignored:
            continue
        if call.place.position is not Position.AWAITABLE:
            continue
        is_reached = call.caller in reached
        wanted = is_reached or (options.scope is Scope.ALL and call.offer.native is not None)
        if wanted and (call.offer.native is not None or options.fallback == "thread"):
            yield call.caller, f"it calls {call.name} in line {call.span.line}"


def _first_locks(
    facts: PlanningFacts, options: PlanningOptions, index: CallIndex, reached: frozenset[str]
) -> dict[str, str]:
    """The functions that have to stay as they are whatever the others do."""
    locks: dict[str, str] = {}
    for function in facts.functions.values():
        why = _own_lock(function, options, index, reached)
        if why is not None:
            locks[function.name] = why
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
    if function.is_called_from_outside:
        return "it is an entry point that is called from outside the project"
    family = index.family(function.name)
    is_unused = not any(site.caller not in family for member in family for site in index.by_target[member])
    if is_unused and function.foreign_caller is not None:
        return f"nothing in the project calls it, and {function.foreign_caller} may"
    if options.scope is Scope.ASYNC and is_unused and function.name not in reached:
        return "async code does not reach it, and nothing in the project calls it"
    return None


def _site_lock(site: Site, facts: PlanningFacts) -> str | None:
    """Why what a site calls cannot become async; None when the site can await it."""
    where = f"{site.path}:{site.span.line}"
    if site.kind is not CallKind.CALL:
        return f"it is called by the syntax in {where}, not by a call expression"
    match site.place.position:
        case Position.BLOCKED:
            return f"it is called {site.place.blocker} in {where}, which cannot await it"
        case Position.AWAITED if any(not facts.functions[one].is_async for one in site.targets):
            return f"what it returns is awaited in {where} already"
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
    index: CallIndex, drivers: Mapping[str, str], locked: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The closure upward from the drivers, and the functions in it that a sync function has to call."""
    promoted: dict[str, str] = {}
    violations: dict[str, str] = {}
    queue = [(name, why) for name, why in sorted(drivers.items()) if name not in locked]
    while queue:
        name, why = queue.pop(0)
        if name in promoted or name in locked:
            continue
        function = index.functions[name]
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
            if caller.name in locked:
                where = f"{site.path}:{site.span.line}"
                violations.setdefault(name, f"{caller.name} calls it in {where} and stays sync: {locked[caller.name]}")
            else:
                queue.append((caller.name, f"it calls {name} in line {site.span.line}"))
    return promoted, violations
