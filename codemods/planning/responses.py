"""Responses that functions return: all who get one have to take another library's, or it stays what it is.

Who gets one is known where the function becomes async for certain: what may call it in ways that are not resolved
keeps it sync. What it then returns is awaited at each of its calls; each of these has to be understood, and those
that return the response again pass the question on to their own callers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position
from codemods.model import Span
from codemods.planning.facts import PlanningFacts, Reception, Site
from codemods.planning.handlers import taken_back, with_whole_groups
from codemods.planning.index import CallIndex
from codemods.planning.known_callers import why_called_otherwise
from codemods.planning.promotion import Promotion


def settle_returned(facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> PlanningFacts:
    """The facts, less the native forms whose responses would reach something that cannot take them.

    The same facts where there are none of these: what is taken away changes the promotion, which is to be made anew.
    """
    returning = {one.caller for one in facts.blocking if one.offer.is_returned and one.offer.native is not None}
    # a blocking call stays what it is in a function that stays sync
    returning = {name for name in returning if promotion.runs(facts.functions[name])}
    refused = dict(_refused(facts, promotion, index, returning)) if returning else {}
    if not refused:
        return facts
    return replace(
        facts,
        blocking=with_whole_groups(
            [
                taken_back(one, f"the response is returned, and {refused[one.caller]}")
                if one.offer.is_returned and one.caller in refused
                else one
                for one in facts.blocking
            ]
        ),
    )


def received_natively(facts: PlanningFacts, promotion: Promotion) -> dict[tuple[str, Span], Reception]:
    """What has to change where a response is received, by the place of the call, once all is settled."""
    groups = _Groups(facts)
    native = {
        groups.of(one.caller)
        for one in facts.blocking
        if one.offer.is_returned and one.offer.native is not None and one.caller in promotion.promoted
    }
    return {(one.path, one.span): one for one in facts.received if groups.of(one.target) in native}


class _Groups:
    """Functions that return each other's responses: theirs become another library's together."""

    def __init__(self, facts: PlanningFacts) -> None:
        self._parent: dict[str, str] = {}
        for one in facts.received:
            if one.offer.is_returned:
                low, high = sorted((self.of(one.caller), self.of(one.target)))
                self._parent[high] = low

    def of(self, name: str) -> str:
        """One name for the group of a function."""
        while (above := self._parent.get(name, name)) != name:
            name = above
        return name


def _refused(
    facts: PlanningFacts, promotion: Promotion, index: CallIndex, returning: set[str]
) -> Iterator[tuple[str, str]]:
    """The functions whose responses have to stay, and why."""
    groups = _Groups(facts)
    members: dict[str, set[str]] = defaultdict(set)
    returned_on = (one.caller for one in facts.received if one.offer.is_returned)
    for name in (*returning, *returned_on, *(one.target for one in facts.received)):
        members[groups.of(name)].add(name)
    check = _Check(facts, promotion, index)
    for group in sorted({groups.of(name) for name in returning}):
        together = sorted(members[group])
        why = check.refusal(together)
        if why is not None:
            yield from ((name, why) for name in together)


class _Check:
    def __init__(self, facts: PlanningFacts, promotion: Promotion, index: CallIndex) -> None:
        self._facts = facts
        self._promotion = promotion
        self._index = index
        self._received = {(one.path, one.span): one for one in facts.received}

    def refusal(self, together: list[str]) -> str | None:
        """Why something that gets the responses of some functions cannot take other ones; None when all can."""
        for name in together:
            why = self._of_function(name)
            if why is not None:
                return why
        givers = [one for one in self._facts.blocking if one.offer.is_returned and one.caller in together]
        received = [one for one in self._facts.received if one.target in together]
        kept = next((one for one in givers if one.offer.native is None or one.is_ignored), None)
        if kept is not None:
            return f"the one of {kept.path}:{kept.span.line} stays what it is"
        handed_on = [*(one.offer for one in givers), *(one.offer for one in received if one.offer.is_returned)]
        reader = next((one for one in received if one.offer.reads_bytes), None)
        if reader is not None and any(one.lets_go for one in handed_on):
            return f"{reader.path}:{reader.span.line} asks for its content, which may be gone by then"
        return None

    def _of_function(self, name: str) -> str | None:
        function = self._facts.functions[name]
        if function.is_async:
            return f"{name} is a coroutine function already, so that who gets it is not known"
        if name not in self._promotion.promoted:
            return f"{name} does not become async, so that who gets it is not known"
        if name in self._facts.watched:
            return self._facts.watched[name]
        why = why_called_otherwise(name, self._facts, self._index)
        if why is not None:
            return f"{why}, so that who gets it is not known"
        return next((why for site in self._index.by_target[name] if (why := self._of_site(site)) is not None), None)

    def _of_site(self, site: Site) -> str | None:
        where = f"{site.path}:{site.span.line}"
        received = self._received.get((site.path, site.span))
        if received is None or site.kind is not CallKind.CALL:
            return f"what {where} does with it is not known"
        if received.offer.native is None:
            return f"{where} gets it: {received.offer.reason}"
        runs = self._promotion.runs(self._facts.functions.get(site.caller))
        if not runs or site.place.position is not Position.AWAITABLE:
            return f"{where}, which gets it, is not async"
        if not site.is_certain:
            return f"the call in {where} is not known for certain"
        return None
