"""The ways by which responses come from function to function, and which of them can hold the same one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from codemods.planning.facts import BlockingCall, PlanningFacts, Reception, Route


class Routes:
    """Which ways belong together: what comes by them becomes another library's, or none of it does."""

    def __init__(self, facts: PlanningFacts) -> None:
        self._parent: dict[Route, Route] = {}
        self._receptions: dict[Route, list[Reception]] = defaultdict(list)
        for giver in facts.blocking:
            self._join(giver.goes_to)
        for one in facts.received:
            self._join({*one.goes_to, one.source})
        for one in sorted(facts.received, key=lambda one: (one.path, one.span)):
            self._receptions[self.of(one.source)].append(one)

    def of(self, route: Route) -> Route:
        """One way that stands for all that belong to a way."""
        while (above := self._parent.get(route, route)) != route:
            route = above
        return route

    def receptions(self, group: Route) -> Sequence[Reception]:
        """Where functions get what comes by the ways of a group."""
        return self._receptions.get(group, ())

    def given_by(self, givers: Iterable[BlockingCall]) -> Mapping[Route, list[BlockingCall]]:
        """Of some blocking calls those whose results leave their functions, by the groups of the ways they take."""
        found: dict[Route, list[BlockingCall]] = defaultdict(list)
        for one in givers:
            for group in {self.of(route) for route in one.goes_to}:
                found[group].append(one)
        return found

    def _join(self, routes: Iterable[Route]) -> None:
        ordered = sorted(routes)
        for other in ordered[1:]:
            low, high = sorted((self.of(ordered[0]), self.of(other)))
            self._parent[high] = low
