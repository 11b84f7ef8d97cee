"""What one file of the closure tells: places, locks and offers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import libcst as cst

from codemods.config import Config
from codemods.facts.closure import Closure, blocking_name, plain_site, starter_name
from codemods.facts.expressions import Expressions
from codemods.facts.generators import (
    ITERATING,
    AsyncForm,
    cleans_up,
    delegates,
    generators,
    is_stub,
    stops_iteration,
    why_no_async_generator,
)
from codemods.facts.graph import AsyncOnly, Awaitable, Call, CallGraph, CallKind, ClassFact, Function
from codemods.facts.handed import SETS
from codemods.facts.handlers import ExceptionNames, clauses_around
from codemods.facts.inheritance import last_name
from codemods.facts.levels import Level, levels_of
from codemods.facts.markers import Markers
from codemods.facts.shape import catches_interrupt, has_defaults, why_whole
from codemods.facts.syntax import (
    AT_MODULE_LEVEL,
    ImportedNames,
    Place,
    Position,
    Use,
    base_count,
    function_named_at,
    place_of,
    rebound_names,
)
from codemods.locking import Seen
from codemods.model import NOT_GUARDED, Guard, Guards, SessionMode, Span
from codemods.packs import Knowledge
from codemods.planning.facts import (
    BlockingCall,
    NestedLoop,
    Reception,
    Route,
    SessionRoom,
    Site,
    UnawaitedCall,
)
from codemods.rules import MISSING_AWAIT, TWIN_CALL, nested_loop, offload, twin_call, twin_class
from codemods.rules.clients import CLIENTS
from codemods.rules.consumption import consumed_by, taken_by
from codemods.rules.missing_await import Surroundings, Uses
from codemods.rules.names import free_name, variables
from codemods.rules.requests_aiohttp import RULE as REQUESTS
from codemods.rules.requests_calls import FUNCTIONS, METHODS
from codemods.rules.requests_calls.elsewhere import Mentions
from codemods.rules.requests_calls.handling import NativeRequest, NativeResponse, ResponseUse
from codemods.rules.requests_calls.offering import Choices, Request
from codemods.rules.rule import Offer, Refusal
from codemods.tree import Tree
from codemods.twins.finding import TwinCall

_BY_SYNTAX = Place(Position.BLOCKED, "as part of a statement or an operator", Use.OTHER, "")
_HANDLES_LOOPS = re.compile(r"\b(?:get_event_loop|new_event_loop|run_until_complete)\b")


@dataclass(frozen=True, slots=True)
class Collected:
    """What has been seen so far, over all files."""

    sites: dict[tuple[str, Span, CallKind], Site] = field(default_factory=dict)
    blocking: list[BlockingCall] = field(default_factory=list)
    unawaited: list[UnawaitedCall] = field(default_factory=list)
    nested: list[NestedLoop] = field(default_factory=list)
    mentions: list[Mentions] = field(default_factory=list)
    seen: Seen = field(default_factory=lambda: Seen.nothing(()))


class GraphIndex:
    """The graph's parts by file."""

    def __init__(self, graph: CallGraph, closure: Closure, lock_enters: Container[str | None]) -> None:
        self.functions: dict[str, list[Function]] = defaultdict(list)
        self.classes: dict[str, list[ClassFact]] = defaultdict(list)
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.seeds: dict[str, list[Call]] = defaultdict(list)
        self.unawaited: dict[str, list[Call]] = defaultdict(list)
        self.locks: dict[str, list[Call]] = defaultdict(list)
        self.by_name: dict[str, Function] = {}
        self.defined: dict[str, list[Function]] = defaultdict(list)
        """All functions, not only those of the closure."""
        self.async_only: dict[str, list[AsyncOnly]] = defaultdict(list)
        for one in closure.async_only:
            self.async_only[one.path].append(one)
        for function in graph.functions:
            self.defined[function.path].append(function)
            self.by_name[function.name] = function
            if function.name in closure.functions:
                self.functions[function.path].append(function)
        for fact in graph.classes:
            self.classes[fact.path].append(fact)
        self.sites = [call for call in graph.calls if call.targets]
        for call in self.sites:
            if key_of(call) in closure.sites:
                self.calls[call.path].append(call)
        for seed in closure.seeds:
            self.seeds[seed.path].append(seed)
        self.lost = {key_of(call) for call in closure.lost}
        self.nested: dict[str, list[Call]] = defaultdict(list)
        for nested in closure.nested:
            self.nested[nested.path].append(nested)
        for unawaited in closure.unawaited:
            self.unawaited[unawaited.path].append(unawaited)
        for call in graph.calls:
            if call.kind is CallKind.IMPLICIT and any(target.known_as in lock_enters for target in call.foreign):
                self.locks[call.path].append(call)


def key_of(call: Call) -> tuple[str, Span, CallKind]:
    """What tells a call from all others: its file, its place and its kind."""
    return call.path, call.span, call.kind


@dataclass(frozen=True, slots=True)
class Shared:
    """What the inspection of every file is given."""

    index: GraphIndex
    knowledge: Knowledge
    config: Config
    types_of: Callable[[str], Mapping[Span, str]]
    replaced: Mapping[str, str]
    """By verb, where a test replaces the request."""
    expressions: Expressions
    twin_calls: Mapping[tuple[str, Span, CallKind], TwinCall] = field(default_factory=dict)
    """The calls of methods that have twins."""


class FileInspector:
    """Collects what one file tells."""

    def __init__(self, name: str, tree: Tree, shared: Shared) -> None:
        self._name = name
        self._tree = tree
        self._shared = shared
        self._index = shared.index
        self._knowledge = shared.knowledge
        self._config = shared.config
        self._client = CLIENTS[shared.config.client]
        self._imports = ImportedNames(tree)
        self._exceptions = ExceptionNames(tree, self._imports, lambda: shared.types_of(name))
        self._markers = Markers(tree.code)
        self._rebound = rebound_names(tree, self._names_of_interest())
        self._forbid_await_under_locks()

    def collect(self, into: Collected) -> None:
        """Adds what this file tells."""
        into.seen.parsed.add(self._name)
        self._collect_functions(into.seen)
        for call in self._index.calls[self._name]:
            into.sites[key_of(call)] = self._site(call)
        into.blocking.extend(self._blocking())
        into.unawaited.extend(self._unawaited())
        into.unawaited.extend(self._not_entered_async())
        into.nested.extend(self._nested())

    def _names_of_interest(self) -> set[str]:
        """The names by which the module binds what may change, or what calls of it begin with."""
        names = {last_name(one.name) for one in self._index.functions[self._name] if one.owner is None}
        for call in (*self._index.calls[self._name], *self._index.unawaited[self._name]):
            match = re.match(r"\w+", self._tree.lines.slice(call.span))
            names |= {match[0]} if match is not None else set()
        return names

    def _forbid_await_under_locks(self) -> None:
        spans = {call.span for call in self._index.locks[self._name]}
        for block in self._tree.all(cst.With) if spans else ():
            if block.asynchronous is None and any(self._tree.span(item.item) in spans for item in block.items):
                line = self._tree.span(block).line
                self._tree.no_await[id(block)] = f"while a lock for threads is held (line {line})"

    def _collect_functions(self, seen: Seen) -> None:
        yielding, stopping = generators(self._tree), stops_iteration(self._tree)
        interruptible = catches_interrupt(self._tree)
        for function in self._index.functions[self._name]:
            node = function_named_at(self._tree, function.span)
            if node is not None and node in yielding:
                seen.generators.add(function.name)
                if cleans_up(self._tree, node):
                    seen.cleaning.add(function.name)
                if delegates(self._tree, node):
                    seen.delegating.add(function.name)
                spent = why_no_async_generator(self._tree, node)
                if spent is not None:
                    seen.spent[function.name] = spent
            elif last_name(function.name) == ITERATING:
                seen.spent[function.name] = "it is no generator itself, and its objects are iterated over"
            if node is not None and is_stub(node):
                seen.stubs.add(function.name)
            if node in stopping:
                seen.stopping.add(function.name)
            if node in interruptible:
                seen.interruptible.add(function.name)
            if node is not None and self._config.session is not SessionMode.CALL and node not in yielding:
                seen.rooms[function.name] = self._room(node)
            if node is not None and has_defaults(node):
                seen.defaulted.add(function.name)
            whole = None if node is None else why_whole(self._tree, node)
            if whole is not None:
                seen.whole[function.name] = whole
            if function.owner is None and last_name(function.name) in self._rebound:
                seen.rebound.add(function.name)
            line = function.span.line
            if self._markers.keeps_sync(line) or self._markers.ignores(line, None):
                seen.kept.add(function.name)
        for one in self._index.classes[self._name]:
            if base_count(self._tree, one.span, self._imports) > one.resolved_bases:
                seen.unknown_bases.add(one.name)

    def _room(self, function: cst.FunctionDef) -> SessionRoom:
        name = free_name(function, self._client.session.variable)
        is_inject = self._config.session is SessionMode.INJECT
        return SessionRoom(name, can_take=is_inject and function.params.star_kwarg is None)

    def _place(self, span: Span, kind: CallKind = CallKind.CALL) -> Place | None:
        node: cst.BaseExpression | None = self._tree.at(span, cst.Call) or self._tree.at(span, cst.Attribute)
        if kind is CallKind.IMPLICIT:
            node = self._tree.expression(span)
        if node is None:
            return None
        return replace(place_of(self._tree, node), guards=Guards.around(self._guards(node)))

    def _guards(self, node: cst.BaseExpression) -> Iterator[Guard]:
        for clause in clauses_around(self._tree, self._tree.path(node), self._exceptions):
            guard = self._client.exceptions.judge(clause, self._name, self._tree)
            if guard is not None:
                yield guard

    def _site(self, call: Call) -> Site:
        site = plain_site(call)
        place = self._place(call.span, call.kind) or _BY_SYNTAX
        if self._markers.ignores(call.span.line, None):
            place = replace(place, position=Position.BLOCKED, blocker="on a line marked `awaitify: ignore`")
        if place.blocker == AT_MODULE_LEVEL and Path(self._name).name == "__main__.py":
            place = replace(place, position=Position.MAIN_GUARD, blocker=None)  # Python runs it, and nothing imports it
        if place.position is Position.MAIN_GUARD and _HANDLES_LOOPS.search(self._tree.code):
            place = replace(place, position=Position.BLOCKED, blocker="at module level beside code that handles loops")
        return replace(
            site,
            place=place,
            is_mixed=site.is_mixed or self._is_ambiguous(place),
            levels=self._levels(call.span),
        )

    def _levels(self, span: Span) -> tuple[Level, ...]:
        node = self._tree.at(span, cst.Call)
        if node is None or self._config.session is not SessionMode.INJECT:
            return ()
        return levels_of(self._tree, self._tree.path(node))

    def _is_ambiguous(self, place: Place) -> bool:
        """Whether the name a callee starts with is bound more than once: the checker knows one of its values."""
        return re.split(r"\W", place.callee, maxsplit=1)[0] in self._rebound

    def _is_replaced(self, callee: str) -> bool:
        """Whether the file sets an attribute of the callee's name: a test's mock, an object's own function."""
        name = re.escape(callee.rpartition(".")[2])
        by_name = rf"{SETS}[\"'](?:[\w.]+\.)?{name}[\"']"
        return "." in callee and re.search(rf"\.{name}\s*=[^=]|{by_name}", self._tree.code) is not None

    def _blocking(self) -> Iterator[BlockingCall]:
        seeds = self._index.seeds[self._name]
        names = {call.span: blocking_name(call, self._knowledge) for call in seeds}
        made = self._requests_offers(names)
        for call in seeds:
            name = names[call.span]
            place = self._place(call.span, call.kind)
            if name is not None and place is not None and key_of(call) in self._shared.twin_calls:
                yield self._of_twin(call, name, place)
                continue
            if name is not None and place is not None and self._knowledge.is_declared_use(name):
                yield self._declared_use(call, name, place)
                continue
            node = self._tree.at(call.span, cst.Call)
            if name is None or place is None or node is None:
                continue
            if call.span not in made and name in self._knowledge.closing:
                continue
            offer = made.get(call.span) or self._offer(node, name)
            decoding = NOT_GUARDED
            levels: tuple[Level, ...] = ()
            if isinstance(offer.native, NativeRequest):
                levels = levels_of(self._tree, self._tree.path(node), offer.native.last)
                place = replace(
                    place, guards=Guards.joined((place.guards, *self._guards_of(offer.native, self._client.raising)))
                )
                decoding = Guards.joined(self._guards_of(offer.native, self._client.decoding))
            ignored = self._is_silenced(offer.rule, call)
            yield BlockingCall(call.path, call.span, call.caller, name, offer, place, ignored, decoding, levels)

    def _of_twin(self, call: Call, name: str, place: Place) -> BlockingCall:
        """A call of a method that has a twin."""
        one = self._shared.twin_calls[key_of(call)]
        node = self._tree.expression(call.span)
        assert node is not None, call
        renamed = None if one.method.name == one.asked else one.method.name
        offer = twin_class.offer(self._tree, node, name, one.pair.twin_known_as, one.method.form, renamed)
        return BlockingCall(call.path, call.span, call.caller, name, offer, place, self._is_silenced(offer.rule, call))

    def _declared_use(self, call: Call, name: str, place: Place) -> BlockingCall:
        """What the user says to be entered with `async with`, or iterated over with `async for`."""
        node = self._tree.expression(call.span)
        assert node is not None, call
        async_form = AsyncForm.ENTERED if name in self._knowledge.entered else AsyncForm.ITERATED
        take = taken_by if call.kind is CallKind.IMPLICIT else consumed_by
        consumed = take(self._tree, node, async_form)
        if isinstance(consumed, Refusal):
            offer = Offer(TWIN_CALL.id, None, consumed.reason, can_thread=False)
        elif consumed.is_returned:
            offer = Offer(TWIN_CALL.id, None, "what it gives is returned", can_thread=False)
        else:
            offer = Offer(TWIN_CALL.id, consumed, f"you declared that {name} has an async form", consumed.notes)
        return BlockingCall(call.path, call.span, call.caller, name, offer, place, self._is_silenced(offer.rule, call))

    def _guards_of(self, form: NativeResponse, kinds: Container[ResponseUse]) -> Iterator[Guards]:
        """The handlers around each of some uses of a response."""
        for use in form.uses:
            node = self._tree.expression(use.node)
            if use.use in kinds and node is not None:
                yield Guards.around(self._guards(node))

    def _requests_offers(self, names: Mapping[Span, str | None]) -> Mapping[Span, Offer]:
        found = [
            Request(node, name.rpartition(".")[2], name in METHODS)
            for span, name in names.items()
            if name is not None and name in FUNCTIONS | METHODS and (node := self._tree.at(span, cst.Call)) is not None
        ]
        if not found:
            return {}
        closing = {span for span, name in names.items() if name in self._knowledge.closing}
        choices, types = Choices(self._config.parity), self._shared.types_of(self._name)
        return self._client.offer_all(self._tree, found, self._imports, types, self._shared.replaced, closing, choices)

    def _offer(self, node: cst.Call, name: str) -> Offer:
        twin = self._knowledge.twins.get(name)
        return offload.offer(name) if twin is None else twin_call.offer(self._tree, node, name, twin)

    def received(self, calls: Sequence[Call]) -> Iterator[Reception]:
        """What is done with the responses that some calls of the file give."""
        targets = {call.span: call.targets[0] for call in calls}
        types = self._shared.types_of(self._name)
        offers = self._client.receiving.of_calls(self._tree, targets, self._imports, types)
        for call in calls:
            if call.span in offers:
                yield self._reception(call.span, call.caller, Route(call.targets[0]), offers[call.span])

    def given(self, function: Function, parameter: str) -> Reception:
        """What a function of the file does with the response that a parameter of it holds."""
        node, line = function_named_at(self._tree, function.span), function.span.line
        if node is None:
            offer = Offer(REQUESTS.id, None, "it cannot be found")
        elif self._markers.keeps_sync(line) or self._markers.ignores(line, REQUESTS.id):
            offer = Offer(REQUESTS.id, None, "you asked for it to stay as it is")
        else:
            offer = self._client.receiving.of_parameter(self._tree, node, parameter, self._imports)
        span = offer.native.call if isinstance(offer.native, NativeResponse) else function.span
        return self._reception(span, function.name, Route(function.name, parameter), offer)

    def _reception(self, span: Span, caller: str, source: Route, offer: Offer) -> Reception:
        guards = decoding = NOT_GUARDED
        if isinstance(offer.native, NativeResponse):
            guards = Guards.joined(self._guards_of(offer.native, self._client.raising))
            decoding = Guards.joined(self._guards_of(offer.native, self._client.decoding))
        return Reception(self._name, span, caller, source, offer, guards, decoding)

    def _is_silenced(self, rule: str, call: Call | AsyncOnly) -> bool:
        if (self._config.select and rule not in self._config.select) or rule in self._config.ignore:
            return True
        if self._markers.ignores(call.span.line, rule):
            return True
        around = [one for one in self._index.defined[self._name] if one.name == call.caller]
        return any(self._markers.ignores(one.span.line, rule) for one in around)

    def _uses(self) -> Uses:
        callees = cache(lambda: self._shared.expressions.callees(self._name))
        classes = self._shared.expressions.classes
        results = {one.span: one.result for one in self._index.defined[self._name] if one.result is not None}
        around = Surroundings(
            callees=lambda span: callees().at(span),
            takes_awaitables=classes.takes_awaitables,
            declared=lambda span, attribute: classes.declared(self._shared.types_of(self._name).get(span), attribute),
            results=results,
            consumers=self._knowledge.consumers,
            askers=self._knowledge.askers,
        )
        return Uses(self._tree, around)

    def _unawaited(self) -> Iterator[UnawaitedCall]:
        uses = self._uses()
        for call in self._index.unawaited[self._name]:
            node = self._tree.at(call.span, cst.Call)
            place = self._place(call.span)
            if node is None or place is None or place.position is Position.AWAITED:
                continue
            path = self._tree.path(node)
            awaitable = self._awaitable(call)
            place = replace(place, use=uses.of(path, awaitable))
            later = place.use is Use.OTHER and uses.is_consumed_later(path, awaitable)
            if place.use not in {Use.DROPPED, Use.CONSUMED} and not later:
                continue
            if self._is_ambiguous(place) or self._is_replaced(place.callee):
                continue
            name = call.targets[0] if call.targets else call.foreign[0].known_as or call.foreign[0].name
            ignored = self._is_silenced(MISSING_AWAIT.id, call)
            is_seed = key_of(call) in self._index.lost
            yield UnawaitedCall(
                call.path, call.span, call.caller, name, place, later, ignored, call.is_by_flow, is_seed
            )

    def _nested(self) -> Iterator[NestedLoop]:
        """The calls that start an event loop where one may be running, other than after a look."""
        for call in self._index.nested[self._name]:
            node, place = self._tree.at(call.span, cst.Call), self._place(call.span)
            name = starter_name(call, self._knowledge)
            if node is None or place is None or name is None or nested_loop.looks_first(self._tree, node):
                continue
            ignored = self._is_silenced(nested_loop.RULE.id, call)
            offer = nested_loop.offer(node, name)
            yield NestedLoop(call.path, call.span, call.caller, name, place, offer, ignored)

    def _awaitable(self, call: Call) -> Awaitable | None:
        """What a call gives; None where that is a coroutine."""
        found = [one.awaitable for one in call.foreign] + [self._index.by_name[name].awaitable for name in call.targets]
        return next((one for one in found if one is not None), None)

    def _not_entered_async(self) -> Iterator[UnawaitedCall]:
        """The `with` and `for` that lack their `async`: all that a statement enters has to be async, or none."""
        asked = self._index.async_only[self._name]
        spans = {one.span for one in asked}
        done: set[int] = set()
        for one in asked:
            node = self._tree.expression(one.span)
            if node is None:
                continue
            statement = self._tree.path(node)[-3 if one.is_entered else -2]
            place = place_of(self._tree, node)
            if id(statement) in done or not self._lacks_async(statement, node, spans) or self._is_ambiguous(place):
                continue
            done.add(id(statement))
            place = replace(place, use=Use.CONSUMED)
            kind = "with" if one.is_entered else "for"
            ignored = self._is_silenced(MISSING_AWAIT.id, one)
            yield UnawaitedCall(one.path, one.span, one.caller, place.callee, place, is_ignored=ignored, statement=kind)

    def _lacks_async(self, statement: cst.CSTNode, node: cst.BaseExpression, spans: Container[Span]) -> bool:
        match statement:
            case cst.With(asynchronous=None, items=items):
                names: set[str] = set()
                for one in items:
                    # what depends on a value that is not there yet is unknown to the checker
                    if self._tree.span(one.item) not in spans and variables(one.item).isdisjoint(names):
                        return False
                    names |= set() if one.asname is None else variables(one.asname.name)
                return True
            case cst.For(asynchronous=None, iter=iterated) | cst.CompFor(asynchronous=None, iter=iterated):
                is_lazy = any(isinstance(one, cst.GeneratorExp) for one in self._tree.path(node)[-3:])
                return iterated is node and not is_lazy
        return False
