"""Who calls whom: the sites by caller and by target, and the functions that have one color."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from codemods.planning.facts import PlannedFunction, Site


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
