"""Classes that have an async twin: the twin takes the place of one everywhere in the project, or nowhere.

Every call that the twin awaits has to stand where it can be awaited, in a function that becomes async. An object that
outlives the function which makes it may only be asked in one event loop, since it belongs to the first that it meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codemods.facts.syntax import Position
from codemods.planning.facts import BlockingCall, PlanningFacts, Site, TwinClass, TwinName
from codemods.planning.handlers import taken_back
from codemods.planning.index import CallIndex
from codemods.planning.promotion import Promotion


def settle_twins(facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> PlanningFacts:
    """The facts, less the native forms of calls of classes that have to stay.

    The same facts where there are none of these: what is taken away changes the promotion, which is to be made anew.
    """
    native = list(twins_taken(facts))
    check = _Check(facts, promotion, index)
    refused = {one.name: why for one in native if (why := check.refusal(one)) is not None}
    if not refused:
        return facts
    while True:  # what holds objects of one that stays, stays
        spread = {
            one.name: f"{other} stays: {refused[other]}"
            for one in native
            for other in sorted(one.others & refused.keys())
            if one.name not in refused
        }
        if not spread:
            break
        refused |= spread
    blocking = tuple(
        taken_back(call, f"{name} stays what it is: {refused[name]}") if (name := _class_of(call)) in refused else call
        for call in facts.blocking
    )
    return replace(facts, blocking=blocking)


def twins_taken(facts: PlanningFacts) -> Iterator[TwinClass]:
    """The classes whose twins take their place, as far as is settled."""
    native = {_class_of(call) for call in facts.blocking if call.offer.native is not None}
    known = {one.name: one for one in facts.twins}
    wanted = native & known.keys()
    while True:
        wider = wanted.union(*(known[name].others & known.keys() for name in wanted))
        if wider == wanted:
            return (known[name] for name in sorted(wanted))
        wanted = wider


def with_twin_notes(facts: PlanningFacts, promotion: Promotion) -> PlanningFacts:
    """The facts with what is to be said of calls of objects that may outlive an event loop."""
    notes: dict[str, str] = {}
    for one in twins_taken(facts):
        outside = [making for making in one.makings if not promotion.runs(facts.functions.get(making[2]))]
        where = one.keeps or (f"{outside[0][0]}:{outside[0][1]}" if outside else None)
        if where is not None:
            notes[one.name] = f"the {one.twin} of {where} cannot be asked in a second event loop"
    blocking = tuple(
        replace(call, offer=replace(call.offer, notes=(*call.offer.notes, notes[_class_of(call)])))
        if _class_of(call) in notes and call.offer.native is not None
        else call
        for call in facts.blocking
    )
    return replace(facts, blocking=blocking)


def twin_names(facts: PlanningFacts) -> tuple[TwinName, ...]:
    """The places that name twins from now on."""
    return tuple(name for one in twins_taken(facts) for name in one.names)


def _class_of(call: BlockingCall) -> str:
    return call.name.rpartition(".")[0]


class _Check:
    def __init__(self, facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._promotion = promotion
        self._index = index

    def refusal(self, twin: TwinClass) -> str | None:
        """Why the twin of a class cannot take its place; None when it can."""
        if twin.refusal is not None:
            return twin.refusal
        calls = [one for one in self._facts.blocking if _class_of(one) == twin.name]
        return (
            next((why for one in calls if (why := self._of_call(one)) is not None), None)
            or next((why for one in sorted(twin.givers) if (why := self._of_giver(one)) is not None), None)
            or self._of_loops(twin, calls)
        )

    def _of_call(self, call: BlockingCall) -> str | None:
        where = f"the call in {call.path}:{call.span.line}"
        if call.is_ignored:
            return f"{where} is to be ignored"
        if call.caller not in self._facts.functions:
            return f"{where} stands at module level, where await cannot"
        if call.place.position is not Position.AWAITABLE:
            return f"{where} stands {call.place.blocker or 'at module level'}, where await cannot"
        if not self._runs(call.caller):
            return f"{where} cannot be awaited: {call.caller} stays sync{self._why(call.caller)}"
        if call.offer.native is None:
            return f"{where} stays: {call.offer.reason}"
        return None

    def _why(self, name: str) -> str:
        why = self._promotion.locked.get(name)
        return "" if why is None else f", since {why}"

    def _of_giver(self, name: str) -> str | None:
        """Why what a function returns may come into another event loop."""
        bridged = next((site for site in self._index.by_target[name] if self._is_bridged(site)), None)
        is_async = name in self._promotion.promoted
        return f"{name} would give one out of an event loop" if is_async and bridged is not None else None

    def _of_loops(self, twin: TwinClass, calls: list[BlockingCall]) -> str | None:
        """Why an object may be asked in more than one event loop."""
        outside = [one for one in twin.makings if not self._runs(one[2])]
        if outside and twin.needs_loop:
            path, line, _ = outside[0]
            return f"the one of {path}:{line} is not made in an event loop"
        if not outside and twin.keeps is None:
            return None
        asking = {one.caller for one in calls} | {one[2] for one in twin.makings if self._runs(one[2])}
        entries = sorted(entry for entry, root in self._entries() if asking & self._index.reached_from({root}))
        if len(entries) < 2:
            return None
        where = twin.keeps or f"{outside[0][0]}:{outside[0][1]}"
        return f"the one of {where} may come into two event loops, those of {entries[0]} and {entries[1]}"

    def _entries(self) -> Iterator[tuple[str, str]]:
        """Where event loops start, with the functions that they run."""
        for site in self._facts.sites:
            if self._is_bridged(site):
                for target in site.targets:
                    yield f"{site.path}:{site.span.line}", target
        for name in (*self._promotion.split, *self._facts.loop_starters):
            yield name, name
        for name, function in self._facts.functions.items():
            if function.is_async and name.rpartition(":")[2].rpartition(".")[2].startswith("test"):
                yield f"{function.path}:{function.line}", name

    def _is_bridged(self, site: Site) -> bool:
        is_awaited = any(name in self._promotion.promoted for name in site.targets)
        is_outside = site.place.position is Position.MAIN_GUARD or not self._runs(site.caller)
        return is_awaited and is_outside

    def _runs(self, name: str) -> bool:
        return self._promotion.runs(self._facts.functions.get(name))
