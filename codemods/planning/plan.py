"""The plan: what becomes of every function and of every call, each with its reason and its chain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from codemods.facts.generators import AsyncForm
from codemods.facts.graph import CallKind
from codemods.facts.syntax import Position, Use
from codemods.model import (
    Action,
    Certainty,
    Fallback,
    Fate,
    Finding,
    FunctionFate,
    Scope,
    Span,
)
from codemods.planning.facts import (
    BlockingCall,
    Making,
    NestedLoop,
    PlannedFunction,
    PlanningFacts,
    PlanningOptions,
    Site,
    TwinName,
    UnawaitedCall,
)
from codemods.planning.handlers import HandlerChange, Handlers
from codemods.planning.holders import HolderChange, held_natively, settle_held, with_held_notes
from codemods.planning.index import CallIndex
from codemods.planning.keepers import kept_natively, settle_kept, with_closers
from codemods.planning.promotion import Promotion, promote
from codemods.planning.responses import (
    ResponseChange,
    changed_responses,
    received_natively,
    settle_responses,
    with_response_notes,
)
from codemods.planning.sessions import NOT_SHARED, SharedSessions, share_sessions
from codemods.planning.twins import settle_twins, twin_names, with_twin_notes
from codemods.rules import MISSING_AWAIT, PROMOTED_CALL, THREADED_CALL, TWIN_CALL
from codemods.rules.consumption import Consumed

_THREAD_NOTE = "it runs in a thread now: what it shares with other code has to be safe for threads"


_GIVEN = {AsyncForm.ITERATED: "generator", AsyncForm.ENTERED: "context manager"}

_WAITS = frozenset({Action.NATIVE, Action.AWAITED, Action.OFFLOADED})
"""The actions after which the function waits where it did not wait before."""


@dataclass(frozen=True, slots=True)
class CoreCall:
    """The native form of a call that calls the core of a function instead of its shell."""

    core: str


@dataclass(frozen=True, slots=True)
class AsyncStatement:
    """The native form of a `with` or a `for` that gets its `async`, named by what it enters or iterates."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rewrite does at one call site."""

    span: Span
    finding: Finding
    native: object | None = None
    """The rule's own data, for NATIVE; for AWAITED a `CoreCall`, an `AsyncStatement`, what becomes of a response, what
    consumes an iterator or a context manager, or nothing."""
    session: str | None = None
    """For NATIVE: the variable that holds the session it shares with other calls."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All decisions. Findings that are not decided here do not exist."""

    decisions: Mapping[str, tuple[Decision, ...]]
    """By path."""
    handlers: Mapping[str, tuple[HandlerChange, ...]]
    """By path, the handlers that name other exceptions."""
    functions: tuple[FunctionFate, ...]
    promoted: frozenset[str]
    split: Mapping[str, str]
    """The functions whose body moves to an async function, and the name of that."""
    async_forms: Mapping[str, AsyncForm] = field(default_factory=dict)
    """Of the promoted functions, those whose calls are not awaited but iterated over or entered."""
    staying: frozenset[str] = frozenset()
    """Of the promoted functions, those that are not async themselves."""
    sessions: SharedSessions = NOT_SHARED
    makings: tuple[Making, ...] = ()
    """Where objects are made that keep a session, and are closed from now on."""
    holders: tuple[HolderChange, ...] = ()
    """The variables whose sessions become another library's because functions hand them on."""
    responses: tuple[ResponseChange, ...] = ()
    """Where functions get another library's responses, other than by calls that are awaited."""
    twin_names: tuple[TwinName, ...] = ()
    """Where classes are named whose twins take their place."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, sorted by place."""
        return tuple(one.finding for path in sorted(self.decisions) for one in self.decisions[path])


def make_plan(facts: PlanningFacts, options: PlanningOptions) -> Plan:
    """Decides everything."""
    handlers = Handlers(facts)
    facts = replace(facts, blocking=handlers.settle_offers(), received=handlers.settle_received())
    functions = facts.functions
    while True:
        facts = with_closers(facts, functions)
        promotion, index = promote(facts, options)
        settled = settle_kept(settle_responses(facts, promotion, index), options, promotion, index)
        settled = settle_twins(settle_held(settled, promotion, index), promotion, index)
        if settled is facts:
            break
        facts = settled
    kept = tuple(kept_natively(facts))
    facts = replace(facts, loop_bound=facts.loop_bound | {one.init for one in kept})
    facts = with_twin_notes(with_response_notes(with_held_notes(facts), promotion), promotion)
    sessions = share_sessions(facts, options, promotion, index)
    planner = _Planner(facts, options, promotion, index, sessions)
    decisions: dict[str, list[Decision]] = {}
    for decision in planner.decide():
        decisions.setdefault(decision.finding.path, []).append(decision)
    findings = [decision.finding for found in decisions.values() for decision in found]
    changes: dict[str, list[HandlerChange]] = {}
    for change in handlers.changes(facts.blocking, findings):
        changes.setdefault(change.path, []).append(change)
    return Plan(
        decisions={
            path: tuple(sorted(found, key=lambda one: (one.span, one.finding.rule)))
            for path, found in decisions.items()
        },
        handlers={path: tuple(sorted(found)) for path, found in changes.items()},
        functions=tuple(planner.fates()),
        promoted=frozenset(promotion.promoted),
        split=dict(planner.cores()),
        async_forms={
            name: functions[name].async_form
            for name in promotion.promoted
            if functions[name].async_form is not AsyncForm.AWAITED
        },
        staying=frozenset(name for name in promotion.promoted if functions[name].stays_def),
        sessions=sessions,
        makings=tuple(making for one in kept for making in one.makings),
        holders=held_natively(facts),
        responses=changed_responses(facts, promotion),
        twin_names=twin_names(facts),
    )


class _Planner:
    """Turns colors into actions."""

    def __init__(
        self,
        facts: PlanningFacts,
        options: PlanningOptions,
        promotion: Promotion,
        index: CallIndex,
        sessions: SharedSessions,
    ) -> None:
        self._facts = facts
        self._options = options
        self._promotion = promotion
        self._index = index
        self._sessions = sessions
        self._chains = _Chains(facts, index)
        self._loop_bound = self._callers_of(facts.loop_bound)
        self._blocking = self._blocking_functions()
        self._received = {(one.path, one.span): one for one in received_natively(facts) if not one.source.parameter}

    def decide(self) -> Iterator[Decision]:
        """Every decision."""
        for blocking in self._facts.blocking:
            if not blocking.is_ignored:
                yield self._decide_blocking(blocking)
        for unawaited in self._facts.unawaited:
            if not unawaited.is_ignored:
                yield from self._decide_unawaited(unawaited)
        for nested in self._facts.nested:
            if not nested.is_ignored:
                yield from self._decide_nested(nested)
        for site in self._facts.sites:
            yield from self._decide_site(site)
        for function in self._facts.functions.values():
            if function.is_declared and not function.is_async and function.name not in self._promotion.running:
                yield self._leave_declared(function)

    def fates(self) -> Iterator[FunctionFate]:
        """The functions that become async or are split, and those that stay sync although they block."""
        for name in sorted(self._promotion.running | self._blocking):
            function = self._facts.functions[name]
            fate, reason = self._fate(name)
            yield FunctionFate(name, function.path, function.line, fate, reason)

    def _fate(self, name: str) -> tuple[Fate, str]:
        if name in self._promotion.promoted:
            return Fate.ASYNC, self._promotion.promoted[name]
        if name in self._promotion.split:
            return Fate.SPLIT, self._promotion.split[name]
        return Fate.SYNC, self._why_sync(name)

    def cores(self) -> Iterator[tuple[str, str]]:
        """The functions that are split, with the names of their cores."""
        for name in sorted(self._promotion.split):
            runner = self._facts.functions[name].runner
            assert runner is not None
            assert runner.core is not None
            yield name, runner.core

    def _runs_async(self, name: str) -> bool:
        """Whether the body of a function is that of a coroutine once the plan is carried out."""
        return self._promotion.runs(self._facts.functions.get(name))

    def _why_sync(self, name: str) -> str:
        function = self._facts.functions.get(name)
        if function is None:
            return "it is at module level"
        if name in self._promotion.locked:
            return self._promotion.locked[name]
        if name not in self._promotion.reached and self._options.scope is Scope.ASYNC:
            return "async code does not reach it (scope async)"
        kept = [target for site in self._index.by_caller[name] for target in site.targets if target in self._blocking]
        if kept:
            return f"it calls {kept[0]}, which stays sync"
        return "no blocking call in it has an async form, and nothing async calls it"

    def _why_left(self, call: BlockingCall) -> str:
        """Why a blocking call stays in a function that stays sync."""
        name = call.caller
        may_change = name in self._facts.functions and name not in self._promotion.locked
        if may_change and (name in self._promotion.reached or self._options.scope is Scope.ALL):
            return f"only a thread could run it, and nothing async needs it: {call.offer.reason}"
        return f"{name} stays sync: {self._why_sync(name)}"

    def _blocking_functions(self) -> frozenset[str]:
        """The functions that stay sync and block, themselves or by what they call."""
        holders = {
            call.caller
            for call in self._facts.blocking
            if call.caller in self._facts.functions and not self._runs_async(call.caller)
        }
        return self._callers_of(holders)

    def _callers_of(self, names: Iterable[str]) -> frozenset[str]:
        """Functions, and the functions that stay sync and call them, directly or through others.

        A call of a method may run what overrides it.
        """
        seen = set(names)
        queue = sorted(seen)
        while queue:
            name = queue.pop()
            callers = (site.caller for site in self._index.by_target[name])
            for above in (*callers, *self._implemented_by(name)):
                if above in self._facts.functions and above not in seen and not self._runs_async(above):
                    seen.add(above)
                    queue.append(above)
        return frozenset(seen)

    def _implemented_by(self, name: str) -> Iterator[str]:
        """The methods that a call may name while it runs this one."""
        yield from sorted(self._facts.implements.get(name, ()))
        function = self._facts.functions.get(name)
        if function is not None and function.overrides is not None:
            yield function.overrides

    def _decide_blocking(self, call: BlockingCall) -> Decision:
        offer = call.offer
        native: object | None = None
        if call.place.position is not Position.AWAITABLE:
            action, reason = Action.LEFT, f"it stands {call.place.blocker}, where await cannot"
            if call.place.position is Position.AWAITED:
                reason = "what it returns is awaited"
            elif call.place.position is Position.MAIN_GUARD:
                reason = "it stands at module level, where no event loop runs"
        elif not self._runs_async(call.caller):
            action, reason = Action.LEFT, self._why_left(call)
        elif offer.native is not None:
            action, reason, native = Action.NATIVE, offer.reason, offer.native
        elif self._options.fallback is Fallback.THREAD and offer.can_thread:
            action, reason = Action.OFFLOADED, offer.reason
        else:
            action, reason = Action.LEFT, offer.reason
        notes = offer.notes if action is Action.NATIVE else ()
        session = self._sessions.users.get((call.path, call.span)) if action is Action.NATIVE else None
        if session is not None:
            notes = (*(offer.shared_notes or ()), *notes)
        return replace(self._decision(call, offer.rule, call.name, action, reason, notes, native), session=session)

    def _leave_declared(self, function: PlannedFunction) -> Decision:
        """A function that the user declared, and that stays as it is: told of where it is defined."""
        at = Span(function.line, 1, function.line, 1)
        finding = Finding(
            rule=TWIN_CALL.id,
            path=function.path,
            line=function.line,
            column=1,
            function=function.name,
            call=function.name,
            action=Action.LEFT,
            certainty=Certainty.CERTAIN,
            reason=f"you declared that it blocks, and it stays sync: {self._why_sync(function.name)}",
        )
        return Decision(at, finding)

    def _decide_nested(self, call: NestedLoop) -> Iterator[Decision]:
        """A call that starts an event loop; in a sync function, it may be one of those that no loop runs."""
        function = self._facts.functions[call.caller]
        offer, native = call.offer, None
        if not function.is_async:
            action, reason = Action.LEFT, f"{offer.reason}, and async code calls {call.caller}"
        elif call.place.position is Position.BLOCKED:
            return  # what a lambda runs may run in a thread of its own
        elif call.place.position is Position.AWAITABLE and offer.native is not None:
            action, reason, native = Action.AWAITED, offer.reason, offer.native
        else:
            action, reason = Action.LEFT, offer.reason
        yield self._decision(call, offer.rule, call.name, action, reason, native=native)

    def _decide_unawaited(self, call: UnawaitedCall) -> Iterator[Decision]:
        is_wanted = call.place.use in {Use.DROPPED, Use.CONSUMED} or call.is_consumed_later
        if not is_wanted:
            return
        dropped = call.place.use is Use.DROPPED
        what = "its coroutine is dropped" if dropped else "its coroutine is used as if it were the result"
        native = None if call.statement is None else AsyncStatement()
        if call.statement is not None:
            what = f"`{call.statement}` gets what only `async {call.statement}` can use"
        match call.place.position:
            case Position.AWAITABLE if self._runs_async(call.caller):
                action, reason = Action.AWAITED, what
            case Position.MAIN_GUARD if native is None:
                action, reason = Action.BRIDGED, what
            case Position.AWAITABLE:
                stays = f"stays sync: {self._why_sync(call.caller)}" if call.is_seed else "is not async"
                action, reason = Action.LEFT, f"{what}, and {call.caller} {stays}"
            case _:
                blocker = call.place.blocker or "at module level"
                action, reason = Action.LEFT, f"{what}, and await cannot stand {blocker}"
        yield self._decision(call, MISSING_AWAIT.id, call.name, action, reason, native=native)

    def _decide_site(self, site: Site) -> Iterator[Decision]:
        promoted = [name for name in site.targets if name in self._promotion.promoted]
        if promoted and site.consumed is not None:
            assert isinstance(site.consumed, Consumed), site
            if not site.is_handed_on:  # whoever gets it has to change
                reason = f"{promoted[0]} becomes an async {_GIVEN[self._facts.functions[promoted[0]].async_form]}"
                notes = site.consumed.notes
                yield self._decision(
                    site, PROMOTED_CALL.id, promoted[0], Action.AWAITED, reason, notes, native=site.consumed
                )
            return
        if promoted:
            action, reason = Action.AWAITED, f"{promoted[0]} becomes async"
            if site.place.position is Position.MAIN_GUARD:
                action = Action.BRIDGED
            elif not self._runs_async(site.caller):
                runner = self._facts.functions[site.caller].runner
                assert runner is not None
                action, reason = Action.BRIDGED, f"{reason}, and {runner.who} calls this outside of any event loop"
            yield self._decide_awaited(site, promoted[0], action, reason)
            return
        if self._runs_async(site.caller) and any(name in self._promotion.split for name in site.targets):
            yield self._decide_call_of_core(site)
            return
        blocking = [name for name in site.targets if name in self._blocking]
        if blocking and self._runs_async(site.caller):
            yield self._decide_sync_call(site, blocking[0])

    def _decide_awaited(self, site: Site, target: str, action: Action, reason: str) -> Decision:
        """A call that is awaited, with what becomes of the response that it gives if it gives one."""
        received = self._received.get((site.path, site.span))
        if received is None:
            return self._decision(site, PROMOTED_CALL.id, target, action, reason)
        offer = received.offer
        return self._decision(site, PROMOTED_CALL.id, target, action, reason, offer.notes, offer.native)

    def _decide_call_of_core(self, site: Site) -> Decision:
        """A call from a coroutine of a function that is split; promotion saw to it that its core can be called."""
        (target,) = site.targets
        runner = self._facts.functions[target].runner
        assert runner is not None
        assert runner.core is not None
        reason = f"{target} is split, and coroutines await its core"
        return self._decision(site, PROMOTED_CALL.id, target, Action.AWAITED, reason, native=CoreCall(runner.core))

    def _decide_sync_call(self, site: Site, target: str) -> Decision:
        """A call from async code of a function that blocks and stays sync."""
        why = f"{target} blocks and stays sync: {self._why_sync(target)}"
        can_thread = site.kind in {CallKind.CALL, CallKind.CONSTRUCT}
        action = Action.LEFT
        notes: tuple[str, ...] = ()
        if self._facts.functions[target].is_generator:
            why = f"{target} blocks while it is iterated, which no thread can take over"
        elif target in self._loop_bound:
            why = f"{why}; it needs the running event loop, so that no thread can run it"
        elif site.place.position is not Position.AWAITABLE or not can_thread:
            why = f"{why}; await cannot stand {site.place.blocker or 'here'}"
        elif self._options.fallback is Fallback.THREAD:
            action, notes = Action.OFFLOADED, (_THREAD_NOTE,)
        return self._decision(site, THREADED_CALL.id, target, action, why, notes)

    def _decision(
        self,
        at: BlockingCall | UnawaitedCall | NestedLoop | Site,
        rule: str,
        call: str,
        action: Action,
        reason: str,
        notes: tuple[str, ...] = (),
        native: object | None = None,
    ) -> Decision:
        finding = Finding(
            rule=rule,
            path=at.path,
            line=at.span.line,
            column=at.span.column,
            function=at.caller,
            call=call,
            action=action,
            certainty=Certainty.LIKELY if isinstance(at, Site | UnawaitedCall) and at.is_by_flow else Certainty.CERTAIN,
            reason=reason,
            notes=(*notes, *at.place.notes) if action in _WAITS else notes,
            chain=self._chains.to(at.caller, at.path, at.span.line, call),
        )
        return Decision(at.span, finding, native)


class _Chains:
    """The shortest way from async code, else from an entry, to a function."""

    def __init__(self, facts: PlanningFacts, index: CallIndex) -> None:
        self._functions = facts.functions
        self._came_by: dict[str, Site | None] = {}
        asynchronous = sorted(name for name, function in facts.functions.items() if function.is_async)
        entries = sorted(name for name in facts.functions if not index.by_target[name])
        for roots in (asynchronous, entries):
            self._walk(index, [name for name in roots if name not in self._came_by])

    def _walk(self, index: CallIndex, roots: list[str]) -> None:
        queue = deque(roots)
        self._came_by.update(dict.fromkeys(roots))
        while queue:
            name = queue.popleft()
            for site in index.by_caller[name]:
                for target in sorted(member for one in site.targets for member in index.family(one)):
                    if target not in self._came_by:
                        self._came_by[target] = site
                        queue.append(target)

    def to(self, name: str, path: str, line: int, call: str) -> tuple[str, ...]:
        """The links from the entry to a call in a function, the call itself last."""
        links = [f"{call} ({path}:{line})"]
        while name in self._functions:
            function = self._functions[name]
            site = self._came_by.get(name)
            if site is None or len(links) > len(self._functions):
                links.append(f"{name} ({function.path}:{function.line})")
                break
            links.append(f"{name} ({site.path}:{site.span.line})")
            name = site.caller
        return tuple(reversed(links))
