"""Which handlers the exceptions of a call can reach, and what has to become of them.

An exception passes through the handlers around its call, then through those around every call of the function that
holds it, and so on up to one that catches it for certain: the handlers that it reaches are gathered over the call
graph, overrides included.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.model import Action, Finding, Guard, Guards, Question, Span
from codemods.planning.facts import BlockingCall, PlanningFacts, Reception, Route
from codemods.planning.index import CallIndex


@dataclass(frozen=True, slots=True, order=True)
class HandlerChange:
    """A handler that names other exceptions from now on."""

    path: str
    span: Span
    """The expression that names them."""
    kinds: tuple[str, ...]
    """The classes it names, in order."""
    keeps_old: bool
    """Whether the old exceptions may still come."""
    decodes: bool
    """Whether a body is decoded under it."""
    questions: tuple[Question, ...] = ()
    """What it asks of the exception."""


class Handlers:
    """The handlers of a project, and the calls whose exceptions reach them."""

    def __init__(self, facts: PlanningFacts) -> None:
        self._facts = facts
        self._above = _guards_above(facts)
        self._received: dict[Route, list[Reception]] = defaultdict(list)
        for one in facts.received:
            self._received[one.source].append(one)

    def _reached_by(self, call: BlockingCall) -> frozenset[Guard]:
        """The guards that exceptions of a call can reach, other than those of decoding its body."""
        found = self._with_those_above(call.place.guards, call.caller)
        return found.union(*(self._with_those_above(one.guards, one.caller) for one in self._received_from(call)))

    def _reached_by_decoding(self, call: BlockingCall) -> frozenset[Guard]:
        own = self._with_those_above(call.decoding_guards, call.caller) if call.offer.decodes else frozenset()
        return own.union(*(self._decoding_of(one) for one in self._received_from(call)))

    def _decoding_of(self, one: Reception) -> frozenset[Guard]:
        return self._with_those_above(one.decoding_guards, one.caller) if one.offer.decodes else frozenset()

    def _received_from(self, call: BlockingCall) -> list[Reception]:
        """All that is done with what a call gives once it has left its function."""
        found: list[Reception] = []
        queue = sorted(call.goes_to)
        seen = set(queue)
        while queue:
            for one in self._received.get(queue.pop(), ()):
                found.append(one)
                queue += sorted(one.goes_to - seen)
                seen |= one.goes_to
        return found

    def settle_received(self) -> tuple[Reception, ...]:
        """What is done with returned responses, as handlers want it that mind errors of decoding."""
        return tuple(
            replace(one, offer=one.offer.for_decoding_handlers)
            if one.offer.for_decoding_handlers is not None
            and any(guard.minds_decoding for guard in self._decoding_of(one))
            else one
            for one in self._facts.received
        )

    def _with_those_above(self, guards: Guards, caller: str) -> frozenset[Guard]:
        return frozenset({*guards.met, *(self._above.get(caller, ()) if guards.is_open else ())})

    def settle_offers(self) -> tuple[BlockingCall, ...]:
        """The blocking calls, less the native forms whose exceptions no handler can be made to catch.

        A group of calls loses them all together.
        """
        settled = [self._settle(call) for call in sorted(self._facts.blocking, key=lambda one: (one.path, one.span))]
        return with_whole_groups(settled)

    def _settle(self, call: BlockingCall) -> BlockingCall:
        if call.offer.native is None or not call.offer.raises:
            return call
        untraceable = self._facts.untraceable.get(_library(call))
        if untraceable is not None:
            return taken_back(call, untraceable)
        guards, decoding = sorted(self._reached_by(call)), sorted(self._reached_by_decoding(call))
        for guard in (*guards, *decoding):
            if guard.refusal is not None:
                return taken_back(call, f"{guard.text} in {guard.path}:{guard.span.line} {guard.refusal}")
        offer = call.offer
        if any(guard.minds_decoding for guard in decoding) and offer.for_decoding_handlers is not None:
            offer = offer.for_decoding_handlers
        notes = [note for guard in guards for note in guard.notes]
        notes += [note for one in self._facts.told if one.library == _library(call) for note in one.notes]
        return replace(call, offer=replace(offer, notes=tuple(dict.fromkeys((*offer.notes, *notes)))))

    def changes(self, blocking: Sequence[BlockingCall], findings: Iterable[Finding]) -> Iterator[HandlerChange]:
        """What becomes of the handlers, once it is decided what becomes of the calls."""
        native = {(one.path, one.line, one.column) for one in findings if one.action is Action.NATIVE}
        reached: dict[Guard, list[BlockingCall]] = defaultdict(list)
        others: dict[Guard, list[BlockingCall]] = defaultdict(list)
        for call in blocking:
            is_native = _place(call) in native
            for guard in self._reached_by(call) | self._reached_by_decoding(call):
                if guard.is_rewritten and guard.library == _library(call) and (call.offer.raises or not is_native):
                    (reached if is_native else others)[guard].append(call)
        old: dict[tuple[str, Span], bool] = {}
        for guard, calls in sorted(reached.items()):
            change = HandlerChange(
                path=guard.path,
                span=guard.span,
                kinds=guard.kinds,
                keeps_old=bool(others.get(guard))
                or guard.library in self._facts.raised
                or any(call.offer.raises_both for call in calls),
                decodes=any(guard in self._reached_by_decoding(call) for call in calls),
                questions=guard.questions,
            )
            old[change.path, change.span] = change.keeps_old
            yield change
        yield from self._told_apart([one for one in blocking if _place(one) in native and one.offer.raises], old)

    def _told_apart(
        self, calls: Sequence[BlockingCall], old: Mapping[tuple[str, Span], bool]
    ) -> Iterator[HandlerChange]:
        """What becomes of the places that tell exceptions by their classes: those of both libraries count there.

        `old` says of the handlers that change whether requests' own exceptions may still come.
        """
        for one in self._facts.told:
            raising = [call for call in calls if _library(call) == one.library]
            if raising:
                keeps_old = one.caught_as is None or old.get((one.path, one.caught_as), True)
                decodes = any(call.offer.decodes for call in raising)
                yield HandlerChange(one.path, one.span, one.kinds, keeps_old=keeps_old, decodes=decodes)


def with_whole_groups(blocking: Sequence[BlockingCall]) -> tuple[BlockingCall, ...]:
    """Blocking calls, less the native forms of those whose group has lost one."""
    broken: dict[tuple[str, str], str] = {}
    for call in blocking:
        if call.offer.group is not None and (call.offer.native is None or call.is_ignored):
            reason = "another call of its group is to be ignored" if call.is_ignored else call.offer.reason
            broken.setdefault((call.caller, call.offer.group), reason)
    return tuple(
        taken_back(call, why)
        if call.offer.group is not None and (why := broken.get((call.caller, call.offer.group)))
        else call
        for call in blocking
    )


def taken_back(call: BlockingCall, reason: str) -> BlockingCall:
    """A call that has no native form any more."""
    if call.offer.native is None:
        return call
    return replace(call, offer=replace(call.offer, native=None, reason=reason, notes=()))


def _place(call: BlockingCall) -> tuple[str, int, int]:
    return call.path, call.span.line, call.span.column


def _library(call: BlockingCall) -> str:
    return call.name.partition(".")[0]


def _guards_above(facts: PlanningFacts) -> Mapping[str, frozenset[Guard]]:
    """For each function, the handlers around its calls, and around the calls of its callers, and so on."""
    index = CallIndex(facts.functions, facts.sites, facts.families)
    above: dict[str, frozenset[Guard]] = {}
    queue: deque[str] = deque()

    def add(name: str, guards: frozenset[Guard]) -> None:
        for member in index.family(name):
            known = above.get(member, frozenset())
            if not guards <= known:
                above[member] = known | guards
                queue.append(member)

    for site in facts.sites:
        for target in site.targets if site.place.guards.met else ():
            add(target, frozenset(site.place.guards.met))
    while queue:
        name = queue.popleft()
        for site in index.by_caller.get(name, ()):
            for target in site.targets if site.place.guards.is_open else ():
                add(target, above[name])
    return above
