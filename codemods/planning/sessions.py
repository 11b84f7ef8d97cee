"""Which calls share a session, where it is opened, and which functions take it from their callers.

A session that a function opens stands around the smallest stretch of statements that holds all calls which need it,
and around the loops that these stand in. With `inject` a function takes it as a parameter where all its callers are
known and await it; what cannot opens one for itself and for all that it calls. What yields holds none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from codemods.facts.levels import Level
from codemods.facts.syntax import Position
from codemods.model import SessionMode, Span
from codemods.planning.facts import BlockingCall, PlannedFunction, PlanningFacts, PlanningOptions, Site
from codemods.planning.index import CallIndex
from codemods.planning.known_callers import why_called_otherwise
from codemods.planning.promotion import Promotion


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that a function opens around some of its statements."""

    path: str
    first: Span
    last: Span
    """Statements of one block."""
    name: str


@dataclass(frozen=True, slots=True)
class Handing:
    """A call that hands a session on."""

    path: str
    call: Span
    parameter: str
    name: str
    """The variable that holds it where the call stands."""


@dataclass(frozen=True, slots=True)
class SharedSessions:
    """All that becomes of sessions which are shared."""

    openings: tuple[Opening, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """By function, what the parameter for its session is called."""
    handings: tuple[Handing, ...] = ()
    users: Mapping[tuple[str, Span], str] = field(default_factory=dict)
    """By the path and the span of a blocking call, the variable that holds its session."""


NOT_SHARED = SharedSessions()


def share_sessions(
    facts: PlanningFacts, options: PlanningOptions, promotion: Promotion, index: CallIndex
) -> SharedSessions:
    """Decides about all sessions, once colors are known."""
    if options.session is SessionMode.CALL:
        return NOT_SHARED
    sharing = _Sharing(facts, promotion, index)
    takers = sharing.takers() if options.session is SessionMode.INJECT else frozenset()
    openings: list[Opening] = []
    handings: list[Handing] = []
    users: dict[tuple[str, Span], str] = {}
    for name in sorted(sharing.needing(takers)):
        room = facts.functions[name].room
        assert room is not None
        calls = sharing.requests[name]
        sites = [site for site in index.by_caller[name] if site.targets[0] in takers]
        if name not in takers:
            if not sites and len(calls) == 1 and not calls[0].levels[-1].is_repeated:
                continue  # nothing to share it with
            first, last = _stretch(
                [*(one.levels for one in calls), *(one.levels for one in sites)], sharing.natives[name]
            )
            openings.append(Opening(facts.functions[name].path, first, last, room.name))
        users.update({(call.path, call.span): room.name for call in calls})
        for site in sites:
            taker = facts.functions[site.targets[0]].room
            assert taker is not None
            handings.append(Handing(site.path, site.span, taker.name, room.name))
    parameters = {name: room.name for name in takers if (room := facts.functions[name].room) is not None}
    return SharedSessions(tuple(openings), parameters, tuple(handings), users)


def _stretch(places: Sequence[Sequence[Level]], natives: Iterable[BlockingCall]) -> tuple[Span, Span]:
    """The first and the last statement of the smallest stretch that holds some places, with the loops around them.

    A native form that starts with the same statement, and goes on, is held whole.
    """
    deepest = 0
    for depth in range(min(map(len, places))):
        levels = [place[depth] for place in places]
        if len({level.block for level in levels}) > 1 or levels[0].is_repeated:
            break
        deepest = depth
    held = [place[deepest] for place in places]
    first = min(level.first for level in held)
    ends = [level.last for level in held]
    for call in natives:
        if len(call.levels) > deepest and call.levels[deepest].first == first:
            ends.append(call.levels[deepest].last)
    return first, max(ends)


class _Sharing:
    """Which functions need a session, and which of them can be given one."""

    def __init__(self, facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._promotion = promotion
        self._index = index
        self.natives: dict[str, list[BlockingCall]] = defaultdict(list)
        """By function, all calls that become native."""
        self.requests: dict[str, list[BlockingCall]] = defaultdict(list)
        """Those of them that can share a session."""
        for call in sorted(facts.blocking, key=lambda one: (one.path, one.span)):
            is_native = call.offer.native is not None and not call.is_ignored
            if is_native and call.place.position is Position.AWAITABLE and self._holds(call.caller):
                self.natives[call.caller].append(call)
                if call.offer.shared_notes is not None and call.levels:
                    self.requests[call.caller].append(call)

    def _holds(self, name: str) -> bool:
        """Whether a session can be opened in a function: it runs as a coroutine, and is no generator."""
        function = self._facts.functions.get(name)
        if function is None or function.room is None or function.is_generator:
            return False
        return self._promotion.runs(function)

    def needing(self, takers: Set[str]) -> frozenset[str]:
        """The functions that need a session: for themselves, or for those that take one from them."""
        found: set[str] = set()
        queue = [name for name, calls in self.requests.items() if calls]
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                if name in takers:
                    queue += [site.caller for site in self._index.by_target[name]]
        return frozenset(found)

    def takers(self) -> frozenset[str]:
        """The functions that take a session from whoever calls them."""
        able = {name for name in self._facts.functions if self._can_take(name)}
        while True:
            needing = self.needing(able)
            takers = needing & able
            # what only calls itself is called from nowhere that is known
            reached = self._reached(needing - able, takers)
            if takers <= reached:
                return takers
            able -= takers - reached

    def _reached(self, roots: Iterable[str], takers: Set[str]) -> Set[str]:
        seen = set(roots)
        queue = sorted(seen)
        while queue:
            for site in self._index.by_caller[queue.pop()]:
                fresh = (takers & set(site.targets)) - seen
                seen |= fresh
                queue += sorted(fresh)
        return seen

    def _can_take(self, name: str) -> bool:
        function = self._facts.functions[name]
        return (
            function.room is not None
            and function.room.can_take
            and (function.is_async or name in self._promotion.promoted)
            and name not in self._facts.implements
            and why_called_otherwise(name, self._facts, self._index) is None
            and all(self._hands_on(site, function) for site in self._index.by_target[name])
        )

    def _hands_on(self, site: Site, function: PlannedFunction) -> bool:
        """Whether a call of one function, and of nothing else, is awaited where a session can be."""
        return site.is_certain and bool(site.levels) and site.awaits(function) and self._holds(site.caller)
