"""Responses that go from function to function: all who get one take another library's, or it stays what it is.

One leaves a function that returns it, or passes it to another one. Who calls these is known for certain, or the
response stays; each place where it comes to has to be understood, and those that hand it on again pass the question on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.model import Span
from codemods.planning.facts import BlockingCall, PlanningFacts, Reception, Route, Site
from codemods.planning.handlers import taken_back, with_whole_groups
from codemods.planning.index import CallIndex
from codemods.planning.known_callers import why_called_otherwise
from codemods.planning.promotion import Promotion
from codemods.planning.routes import Routes


@dataclass(frozen=True, slots=True)
class ResponseChange:
    """What becomes of a response where a function gets it, other than in a call that is awaited."""

    path: str
    form: object
    """The rule's own data."""


def settle_responses(facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> PlanningFacts:
    """The facts, less the native forms whose responses would reach something that cannot take them.

    The same facts where there are none of these: what is taken away changes the promotion, which is to be made anew.
    """
    given = _native_givers(facts)
    check = _Check(facts, promotion, index) if given else None
    refused: dict[tuple[str, Span], str] = {}
    for group, givers in sorted(given.items()):
        assert check is not None
        why = check.refusal(group)
        if why is not None:
            refused.update({(one.path, one.span): why for one in givers})
    if not refused:
        return facts
    blocking = [
        taken_back(one, f"the response is {'returned' if one.offer.is_returned else 'passed on'}, and {why}")
        if (why := refused.get((one.path, one.span))) is not None
        else one
        for one in facts.blocking
    ]
    return replace(facts, blocking=with_whole_groups(blocking))


def received_natively(facts: PlanningFacts) -> Iterator[Reception]:
    """Where functions get another library's responses, once all is settled."""
    routes = Routes(facts)
    for group in sorted(routes.given_by(one for one in facts.blocking if one.offer.native is not None)):
        yield from routes.receptions(group)


def changed_responses(facts: PlanningFacts, promotion: Promotion) -> tuple[ResponseChange, ...]:
    """What has to change where functions get responses, other than in the calls that are awaited."""
    return tuple(
        ResponseChange(one.path, one.offer.native)
        for one in received_natively(facts)
        if not _is_awaited(one, promotion) and one.offer.native is not None
    )


def with_response_notes(facts: PlanningFacts, promotion: Promotion) -> PlanningFacts:
    """The facts with what is to be said of requests because of what functions do that get their responses."""
    routes = Routes(facts)

    def noted(call: BlockingCall) -> BlockingCall:
        groups = {routes.of(route) for route in call.goes_to} if call.offer.native is not None else set()
        found = [
            note
            for group in sorted(groups)
            for one in routes.receptions(group)
            if not _is_awaited(one, promotion)
            for note in one.offer.notes
        ]
        notes = tuple(dict.fromkeys((*call.offer.notes, *found)))
        return replace(call, offer=replace(call.offer, notes=notes)) if found else call

    return replace(facts, blocking=tuple(map(noted, facts.blocking)))


def _is_awaited(one: Reception, promotion: Promotion) -> bool:
    """Whether a response is what a call gives that is awaited from now on: its change goes with that."""
    return not one.source.parameter and one.source.function in promotion.promoted


def _native_givers(facts: PlanningFacts) -> dict[Route, list[BlockingCall]]:
    return dict(Routes(facts).given_by(one for one in facts.blocking if one.offer.native is not None))


class _Check:
    def __init__(self, facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._promotion = promotion
        self._index = index
        self._routes = Routes(facts)
        self._givers = self._routes.given_by(facts.blocking)
        self._received = {(one.path, one.span): one for one in facts.received if not one.source.parameter}
        self._blocking = index.callers_of({one.caller for one in facts.blocking if not self._runs(one.caller)})

    def refusal(self, group: Route) -> str | None:
        """Why something that gets the responses of a group cannot take other ones; None when all can."""
        givers, received = self._givers[group], self._routes.receptions(group)
        everywhere: list[BlockingCall | Reception] = [*givers, *received]
        handed = {(one.path, handed.call, handed.to) for one in everywhere for handed in one.handed}
        for route in sorted({route for one in everywhere for route in _ways_of(one)}):
            why = self._of_parameter(route, handed) if route.parameter else self._of_function(route.function)
            if why is not None:
                return why
        kept = next((one for one in givers if not self._becomes_native(one)), None)
        if kept is not None:
            return f"the one of {kept.path}:{kept.span.line} stays what it is"
        return _why_none(everywhere) or _why_gone(everywhere)

    def _becomes_native(self, giver: BlockingCall) -> bool:
        can_await = giver.place.position is Position.AWAITABLE and self._runs(giver.caller)
        return can_await and giver.offer.native is not None and not giver.is_ignored

    def _runs(self, name: str) -> bool:
        return self._promotion.runs(self._facts.functions.get(name))

    def _of_function(self, name: str) -> str | None:
        """Why those who call a function that returns a response cannot take another one."""
        function = self._facts.functions[name]
        if function.is_async:
            return f"{name} is a coroutine function already, so that who gets it is not known"
        has_own = any(one.caller == name and one.offer.is_returned for one in self._facts.blocking)
        if has_own and name not in self._promotion.promoted:
            return f"{name} does not become async, so that who gets it is not known"
        why = self._of_calls(name)
        return why or next(
            (why for site in self._index.by_target[name] if (why := self._of_site(site)) is not None), None
        )

    def _of_calls(self, name: str) -> str | None:
        """Why it is not known who calls a function."""
        if name in self._facts.watched:
            return self._facts.watched[name]
        why = why_called_otherwise(name, self._facts, self._index)
        return None if why is None else f"{why}, so that who gets it is not known"

    def _of_site(self, site: Site) -> str | None:
        """Why what a call of a function that returns a response gives cannot be another one."""
        where = f"{site.path}:{site.span.line}"
        received = self._received.get((site.path, site.span))
        if received is None or site.kind is not CallKind.CALL:
            return f"what {where} does with it is not known"
        if received.offer.native is None:
            return f"{where} gets it: {received.offer.reason}"
        needs_await = received.source.function in self._promotion.promoted or received.offer.awaits
        if needs_await and not (self._runs(site.caller) and site.place.position is Position.AWAITABLE):
            return f"{where}, which gets it, is not async"
        if not site.is_certain:
            return f"the call in {where} is not known for certain"
        return None

    def _of_parameter(self, route: Route, handed: set[tuple[str, Span, Route]]) -> str | None:
        """Why a parameter of a function cannot take another response."""
        name = route.function
        received = next((one for one in self._routes.receptions(self._routes.of(route)) if one.source == route), None)
        if received is None:
            return f"what {name} does with it is not known"
        if received.offer.native is None:
            return f"{name} gets it: {received.offer.reason}"
        if not self._runs(name):
            if received.offer.awaits:
                return f"{name}, which reads it, stays sync{self._why_locked(name)}"
            if name in self._blocking:
                return f"{name}, which gets it, stays sync and runs in a thread"
        why = self._of_calls(name)
        if why is not None:
            return why
        for site in self._index.by_target[name]:
            where = f"{site.path}:{site.span.line}"
            if (site.path, site.span, route) not in handed:
                return f"{name} gets something else in {where}"
            if not site.is_certain:
                return f"the call in {where} is not known for certain"
        return None

    def _why_locked(self, name: str) -> str:
        why = self._promotion.locked.get(name)
        return "" if why is None else f": {why}"


def _ways_of(one: BlockingCall | Reception) -> frozenset[Route]:
    return one.goes_to | {one.source} if isinstance(one, Reception) else one.goes_to


def _why_none(everywhere: Sequence[BlockingCall | Reception]) -> str | None:
    """Why it may be None where its truth is asked for."""
    asking = next((one for one in everywhere if one.offer.asks_truth), None)
    if asking is None or not any(handed.may_be_none for one in everywhere for handed in one.handed):
        return None
    return f"{asking.path}:{asking.span.line} asks for its truth, and it may be None there"


def _why_gone(everywhere: Sequence[BlockingCall | Reception]) -> str | None:
    """Why the bytes of a body may be gone where they are asked for."""
    reader = next((one for one in everywhere if one.offer.reads_bytes), None)
    if reader is None:
        return None
    raising = _raising(everywhere)
    # who passes one on has it still
    is_shared = any(one.handed for one in everywhere)
    lets_go = any(one.offer.lets_go for one in everywhere if one.goes_to or is_shared)
    if lets_go or any(handed.is_guarded and handed.to in raising for one in everywhere for handed in one.handed):
        return f"{reader.path}:{reader.span.line} asks for its content, which may be gone by then"
    return None


def _raising(everywhere: Sequence[BlockingCall | Reception]) -> set[Route]:
    """The parameters of functions that may raise for what they get, themselves or by what they pass it on to."""
    received = [one for one in everywhere if isinstance(one, Reception)]
    found: set[Route] = set()
    while fresh := {one.source for one in received if one.offer.may_raise or not found.isdisjoint(one.goes_to)} - found:
        found |= fresh
    return found
