"""Where event loops would start: in shells, and where a test runner's functions call coroutines.

`asyncio.run` raises where a loop runs already. What starts one must not be reached from coroutines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.planning.facts import ANYWHERE, PlannedFunction, PlanningFacts, Site
from codemods.planning.index import CallIndex


class Bridges:
    """The functions whose calls of coroutine functions can be run by `asyncio.run`, each in a loop of its own.

    An object that belongs to one loop, made in one such call and used in the next, would not survive that. Requests
    have a session each, which is closed again; what asks for the running loop itself is refused.
    """

    def __init__(self, facts: PlanningFacts, index: CallIndex) -> None:
        self._facts = facts
        self._index = index
        self._bound = index.callers_of(facts.loop_bound)
        self._withdrawn: dict[str, str] = {}

    def _may_bridge(self, name: str) -> bool:
        function = self._facts.functions.get(name)
        return function is not None and function.runner is not None and function.runner.core is None

    def refusal(self, site: Site, target: str) -> str | None:
        """Why a call cannot be bridged, to be put behind the reason its caller has; None when it can."""
        if not self._may_bridge(site.caller):
            return ""
        if site.caller in self._withdrawn:
            return f"; {self._withdrawn[site.caller]}"
        if site.place.position is not Position.AWAITABLE:
            return f"; asyncio.run cannot stand {site.place.blocker or 'there'}"
        if site.consumed is not None:
            return "; asyncio.run awaits a coroutine, and does not iterate"
        if target in self._bound:
            return f"; {target} needs one event loop from call to call"
        return None

    def used(self, promoted: Collection[str]) -> frozenset[str]:
        """The functions that call something that becomes async, and bridge it."""
        callers = {site.caller for name in promoted for site in self._index.by_target[name]}
        return frozenset(name for name in callers if self._may_bridge(name))

    def withdraw(self, promoted: Collection[str]) -> bool:
        """Takes back the bridges that coroutines may reach; whether there were any."""
        fresh: dict[str, str] = {}
        for name in sorted(self.used(promoted)):
            why = _why_in_a_loop(self._facts, self._index, name, [name], ())
            if why is not None and name not in self._withdrawn:
                fresh[name] = why
        self._withdrawn |= fresh
        return bool(fresh)


def nested_loops(
    facts: PlanningFacts, index: CallIndex, promoted: Set[str], split: Set[str], bridging: Iterable[str]
) -> dict[str, str]:
    """The functions that have to stay as they are because an event loop would start in a running one, and why."""
    fresh: dict[str, str] = {}
    for name in sorted(split):
        callers = sorted(_callers_of_shell(facts, index, name, promoted | split))
        why = _why_in_a_loop(facts, index, name, callers, promoted | split)
        if why is not None:
            fresh[name] = why
            continue
        for above in sorted(index.callers_of(callers) & (promoted | split)):
            shell = "itself" if above == name else name
            fresh[above] = (
                f"it may come to call {shell}: called from outside, that has to start an event loop of its own"
            )
    for name in sorted(bridging):
        for above in sorted(index.callers_of([name]) & (promoted | split)):
            fresh.setdefault(above, f"it comes to call {name}, which starts event loops")
    return fresh


def calls_core(functions: Mapping[str, PlannedFunction], site: Site) -> bool:
    """Whether a call of a function that is split can call its core instead, if it stands in a coroutine."""
    if len(site.targets) != 1 or site.kind is not CallKind.CALL or site.place.position is not Position.AWAITABLE:
        return False
    function = functions[site.targets[0]]
    name = function.name.rpartition(":")[2]
    own = name if "." not in name else f"self.{name.rpartition('.')[2]}"
    is_own = site.path == function.path and site.place.callee in {own, ANYWHERE.callee}
    return is_own and function.runner is not None and function.runner.is_alike


def _callers_of_shell(facts: PlanningFacts, index: CallIndex, name: str, coroutines: Collection[str]) -> Iterator[str]:
    """The functions that call a shell, by its name or by what runs it, as far as that is known."""
    function = facts.functions[name]
    callers = set(function.may_be_called_by)
    for site in index.by_target[name]:
        caller = facts.functions.get(site.caller)
        waits = caller is not None and (caller.is_async or caller.name in coroutines)
        if not (waits and calls_core(facts.functions, site)):
            callers.add(site.caller)
    if function.runner is not None and function.runner.library is not None:
        callers |= facts.dispatches.get(function.runner.library, frozenset())
    yield from callers & facts.functions.keys()


def _why_in_a_loop(
    facts: PlanningFacts, index: CallIndex, name: str, callers: Iterable[str], coroutines: Collection[str]
) -> str | None:
    """Why something that starts a loop may be called in a running one, whatever becomes of other functions.

    Of the functions above it, those of `coroutines` are none of its concern.
    """
    for above in sorted(index.callers_of(callers)):
        function = facts.functions.get(above)
        if function is None or above in coroutines:
            continue
        if function.is_async:
            return f"{above} is async and may come to call {name}: no event loop can start in a running one"
        if above in facts.values:
            return f"{above} may come to call {name} and is used as a value: an event loop may run where it is called"
    return None
