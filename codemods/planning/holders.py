"""Sessions that functions hand on to each other: all that hold one get another library's, or none does.

A session of an event loop is made while that runs, by a function that closes it, and is asked by nobody afterwards. So
every variable that it can get to has to be known, with all that is done there, and every call that hands it on has to
be awaited where it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.facts.syntax import Position
from codemods.model import Span
from codemods.planning.facts import BlockingCall, PlannedFunction, PlanningFacts, SessionHolder, Site
from codemods.planning.handlers import taken_back, with_whole_groups
from codemods.planning.index import CallIndex
from codemods.planning.known_callers import why_called_otherwise
from codemods.planning.promotion import Promotion


@dataclass(frozen=True, slots=True)
class HolderChange:
    """A variable that holds another library's session from now on."""

    path: str
    form: object
    """The rule's own data."""
    settings: tuple[str, ...]
    """What the session is told where it is made."""


def settle_held(facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> PlanningFacts:
    """The facts, less the native forms of requests whose session goes where another library's cannot.

    The same facts where there are none of these: what is taken away changes the promotion, which is to be made anew.
    """
    check = _Check(facts, promotion, index)
    refused: dict[tuple[str, str], str] = {}
    for family in _native_families(facts):
        why = check.refusal(family)
        if why is not None:
            refused.update({(one.function, one.name): why for one in family})
    known = {(one.function, one.name) for one in facts.holders}
    blocking: list[BlockingCall] = []
    for call in facts.blocking:
        holder = (call.caller, call.offer.holder or "")
        if call.offer.native is None or call.offer.holder is None or (holder in known and holder not in refused):
            blocking.append(call)
        else:
            why = refused.get(holder, f"it is not known where {call.offer.holder} goes")
            blocking.append(taken_back(call, f"its session goes from function to function: {why}"))
    if blocking == list(facts.blocking):
        return facts
    return replace(facts, blocking=with_whole_groups(blocking))


def with_held_notes(facts: PlanningFacts) -> PlanningFacts:
    """The facts with what is to be said of requests whose session goes from function to function."""
    notes: dict[tuple[str, str], tuple[str, ...]] = {}
    for family in _native_families(facts):
        told = set(_settings(family))
        depending = [one.depends for one in family if one.depends is not None]
        all_notes = [one.told if one.setting in told else one.untold for one in depending]
        all_notes += [note for one in family for note in one.notes]
        notes.update({(one.function, one.name): tuple(dict.fromkeys(all_notes)) for one in family})
    return replace(facts, blocking=tuple(_noted(call, notes) for call in facts.blocking))


def held_natively(facts: PlanningFacts) -> tuple[HolderChange, ...]:
    """The variables that hold another library's session, once all is settled."""
    return tuple(
        HolderChange(one.path, one.form, _settings(family))
        for family in _native_families(facts)
        for one in family
        if one.form is not None
    )


def _noted(call: BlockingCall, notes: Mapping[tuple[str, str], tuple[str, ...]]) -> BlockingCall:
    found = notes.get((call.caller, call.offer.holder or ""), ())
    if call.offer.native is None or not found:
        return call
    return replace(call, offer=replace(call.offer, notes=tuple(dict.fromkeys((*found, *call.offer.notes)))))


def _settings(family: Sequence[SessionHolder]) -> tuple[str, ...]:
    return tuple(sorted({setting for one in family for setting in one.settings}))


def _native_families(facts: PlanningFacts) -> Iterator[Sequence[SessionHolder]]:
    """The variables that can hold the same session, where a request of theirs has a native form."""
    native = {(one.caller, one.offer.holder) for one in facts.blocking if one.offer.native is not None}
    by_key = {(one.function, one.name): one for one in facts.holders}
    beside: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for key, holder in by_key.items():
        for other in holder.others & by_key.keys():
            beside[key].add(other)
            beside[other].add(key)
    seen: set[tuple[str, str]] = set()
    for key in sorted(by_key):
        family: set[tuple[str, str]] = set()
        queue = [] if key in seen else [key]
        while queue:
            one = queue.pop()
            if one not in family:
                family.add(one)
                queue += beside[one]
        seen |= family
        if not native.isdisjoint(family):
            yield [by_key[one] for one in sorted(family)]


class _Check:
    def __init__(self, facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._promotion = promotion
        self._index = index
        self._blocking: Mapping[tuple[str, Span], BlockingCall] = {(one.path, one.span): one for one in facts.blocking}

    def refusal(self, family: Sequence[SessionHolder]) -> str | None:
        """Why the session of some variables has to stay what it is; None when it can change."""
        for checked in (self._of_holder, self._of_requests, self._of_function):
            for one in family:
                why = checked(one)
                if why is not None:
                    return why
        if all(one.is_parameter for one in family):
            return f"nothing that is known makes {family[0].name} of {family[0].function}"
        return None

    def _of_holder(self, holder: SessionHolder) -> str | None:
        return None if holder.refusal is None else f"{holder.name} of {holder.function} {holder.refusal}"

    def _of_function(self, holder: SessionHolder) -> str | None:
        name = holder.function
        function = self._facts.functions[name]
        if not self._runs(name):
            return f"{name}, which holds it, stays sync"
        if function.is_generator:
            return f"{name}, which holds it, yields, and may be left in the middle"
        if not holder.is_parameter:
            return None
        sites = self._index.by_target[name]
        why = why_called_otherwise(name, self._facts, self._index)
        return why or next((why for site in sites if (why := self._of_site(site, function))), None)

    def _of_site(self, site: Site, function: PlannedFunction) -> str | None:
        """Why a call cannot hand the session of an event loop on; None when it awaits what it calls there."""
        where = f"the call in {site.path}:{site.span.line}"
        if not site.is_certain:
            return f"{where}, which hands it on, is not known for certain"
        if not site.awaits(function) or not self._runs(site.caller):
            return f"{where}, which hands it on, does not await"
        return None

    def _of_requests(self, holder: SessionHolder) -> str | None:
        for span in sorted(holder.requests):
            call = self._blocking.get((holder.path, span))
            where = f"the request in {holder.path}:{span.line}"
            if call is None:
                return f"{where} could not be resolved; an annotation of {holder.name} may help"
            if call.offer.native is None:
                return f"{where} stays what it is: {call.offer.reason}"
            if call.is_ignored or call.place.position is not Position.AWAITABLE:
                return f"{where} stays what it is"
        return None

    def _runs(self, name: str) -> bool:
        return self._promotion.runs(self._facts.functions.get(name))
