"""Objects that keep a session of their own: all of a class get another library's, or none does.

A session of an event loop is made while that runs, is closed before it ends, and is asked by nobody afterwards. So
every object has to be made by a coroutine, in a variable whose uses are all known, and nothing that asks for requests
may be left running behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.model import Scope, Span
from codemods.planning.facts import BlockingCall, Keeper, Making, PlannedFunction, PlanningFacts, PlanningOptions, Site
from codemods.planning.handlers import taken_back, with_whole_groups
from codemods.planning.index import CallIndex
from codemods.planning.promotion import Promotion
from codemods.rules.rule import Awaited


def settle_kept(
    facts: PlanningFacts, options: PlanningOptions, promotion: Promotion, index: CallIndex
) -> PlanningFacts:
    """The facts, less the native forms of requests whose session an object keeps that cannot be closed.

    The same facts where there are none of these: what is taken away changes the promotion, which is to be made anew.
    """
    check = _Check(facts, options, promotion, index)
    refused = {keeper.name: why for keeper in kept_natively(facts) if (why := check.refusal(keeper)) is not None}
    if not refused:
        return facts
    keepers = [keeper for keeper in facts.keepers if keeper.name in refused]
    blocking: list[BlockingCall] = []
    for call in facts.blocking:
        keeper = next((one for one in keepers if one.has(call)), None)
        if keeper is None:
            blocking.append(call)
        elif not isinstance(call.offer.native, Awaited):  # what closes requests' session does not block
            blocking.append(taken_back(call, f"its session is kept on an object, and {refused[keeper.name]}"))
    return replace(facts, blocking=with_whole_groups(blocking))


def with_closers(facts: PlanningFacts, functions: Mapping[str, PlannedFunction]) -> PlanningFacts:
    """The facts with some functions, of which those are async that are written anew to close a session by awaiting.

    `with` calls them as long as it stays requests', `async with` where it becomes another library's.
    """
    closers = {keeper.closer for keeper in kept_natively(facts)}
    changed = {name: replace(one, is_async=True, lock=None) for name, one in functions.items() if name in closers}
    return replace(facts, functions={**functions, **changed})


def kept_natively(facts: PlanningFacts) -> Iterator[Keeper]:
    """The classes whose sessions become another library's, as far as is settled."""
    native = [one for one in facts.blocking if one.offer.kept is not None and one.offer.native is not None]
    return (keeper for keeper in facts.keepers if any(keeper.has(one) for one in native))


class _Check:
    def __init__(self, facts: PlanningFacts, options: PlanningOptions, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._options = options
        self._promotion = promotion
        self._index = index
        self._site_at = {(site.path, site.span): site for site in facts.sites if site.kind is CallKind.CALL}

    def refusal(self, keeper: Keeper) -> str | None:
        """Why the objects of a class cannot keep a session of an event loop; None when they can."""
        if keeper.refusal is not None:
            return keeper.refusal
        if not keeper.makings and self._options.scope is not Scope.ALL:
            return "nothing in the project makes it"
        left = next((one for one in self._facts.blocking if keeper.has(one) and not self._is_native(one)), None)
        if left is not None:
            return f"the request in {_place(left.path, left.span)} stays what it is"
        methods = sorted(keeper.methods - {keeper.closer})
        whys = (*map(self._of_making, keeper.makings), *map(self._of_method, methods))
        return next((why for why in whys if why is not None), self._of_closer(keeper))

    def _is_native(self, call: BlockingCall) -> bool:
        is_wanted = call.offer.native is not None and not call.is_ignored
        return is_wanted and call.place.position is Position.AWAITABLE and self._runs(call.caller)

    def _runs(self, name: str) -> bool:
        return self._promotion.runs(self._facts.functions.get(name))

    def _of_making(self, making: Making) -> str | None:
        where = _place(making.path, making.span)
        if making.refusal is not None:
            return f"the one of {where} {making.refusal}"
        if not self._runs(making.caller):
            return f"{making.caller}, which makes one in {where}, stays sync"
        for path, span in sorted(making.runs):
            site = self._site_at.get((path, span))
            why = f"what {_place(path, span)} does with it is not known" if site is None else self._of_site(site)
            if why is not None:
                return why
        return None

    def _of_method(self, name: str) -> str | None:
        if not self._runs(name):
            return None
        if self._facts.functions[name].is_generator:
            return f"{name} yields, and may be left in the middle"
        return next((why for site in self._index.by_target[name] if (why := self._of_site(site)) is not None), None)

    def _of_closer(self, keeper: Keeper) -> str | None:
        """Where an object is closed otherwise than by the `with` statement that makes it."""
        made = {(one.path, one.span) for one in keeper.makings}
        sites = self._index.by_target[keeper.closer] if keeper.closer is not None else ()
        other = next((one for one in sites if (one.path, one.span) not in made), None)
        return None if other is None else f"{_place(other.path, other.span)} closes it otherwise"

    def _of_site(self, site: Site) -> str | None:
        """Why a call may go on behind the statement that it stands in; None where it is awaited there."""
        position = site.place.position
        for target in site.targets:
            function = self._facts.functions[target]
            is_awaited = position is Position.AWAITED or not function.is_async
            if self._runs(target) and (function.is_generator or not is_awaited):
                return f"what {_place(site.path, site.span)} calls may go on without it"
        return None


def _place(path: str, span: Span) -> str:
    return f"{path}:{span.line}"
