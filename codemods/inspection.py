"""Looks at the closure's files and makes the plan's facts of what it sees: places, locks and offers.

Joins what the checker resolved with what only the syntax tells, and asks the rules what they could do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import libcst as cst

from codemods.config import Config
from codemods.facts.assemble import Text
from codemods.facts.closure import Closure, blocking_name, plain_functions, plain_site
from codemods.facts.graph import Call, CallGraph, CallKind, ClassFact, Function, Reference
from codemods.facts.markers import Markers
from codemods.facts.syntax import (
    ImportedNames,
    Place,
    Position,
    Use,
    base_count,
    function_named_at,
    generators,
    place_of,
)
from codemods.facts.unresolved import COMMON, unresolved_calls
from codemods.model import Problem, Span
from codemods.packs import Knowledge
from codemods.planning.boundaries import lock_of
from codemods.planning.facts import BlockingCall, PlannedFunction, PlanningFacts, Site, UnawaitedCall
from codemods.rules import MISSING_AWAIT, offload, twin_call
from codemods.rules.missing_await import is_consumed_later
from codemods.rules.requests_aiohttp import FUNCTIONS, offers
from codemods.rules.requests_aiohttp import RULE as REQUESTS
from codemods.rules.requests_aiohttp.exceptions import is_missed
from codemods.rules.rule import Offer
from codemods.tree import Tree

_BY_SYNTAX = Place(Position.BLOCKED, "as part of a statement or an operator", Use.OTHER, (), "")
_UNSEEN = Place(Position.BLOCKED, "in a file that could not be read", Use.OTHER, (), "")
_OUTSIDE = Place(Position.BLOCKED, "outside of the given paths", Use.OTHER, (), "")
_NOT_REACHED = "async code does not reach it (scope async)"


@dataclass(frozen=True, slots=True)
class Sources:
    """The project's texts, and those that could not be read."""

    texts: Mapping[str, Text]
    """By file name."""
    unread: Mapping[str, bytes]
    """The bytes of files that the checker did not see: what they call is unknown."""
    outside: frozenset[str]
    """Files that were not given and are never changed."""
    entry_points: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inspection:
    """The plan's facts, and the files that could not be parsed."""

    facts: PlanningFacts
    problems: tuple[Problem, ...]


def inspect(
    graph: CallGraph,
    closure: Closure,
    sources: Sources,
    knowledge: Knowledge,
    config: Config,
    types_of: Callable[[str], Mapping[Span, str]],
) -> Inspection:
    """Parses the files of the closure, one at a time, and keeps none of them.

    `types_of` gives the types of the expressions of a file.
    """
    index = _GraphIndex(graph, closure)
    collected = _Collected()
    problems: list[Problem] = []
    for name in sorted(closure.paths - sources.unread.keys()):
        tree = parse(name, sources.texts[name].lines.text)
        if isinstance(tree, Problem):
            problems.append(tree)
            continue
        _FileInspector(name, tree, index, knowledge, config, types_of).collect(collected)
    functions = plain_functions(graph)
    functions.update(_with_locks(index, closure, sources, collected, config))
    sites = [collected.sites.get(_key(call)) or _uninspected(call, closure, sources) for call in index.sites]
    facts = PlanningFacts(
        functions=functions,
        sites=tuple(sites),
        blocking=(*collected.blocking, *_out_of_scope(closure, knowledge)),
        unawaited=tuple(collected.unawaited),
        loop_bound=frozenset(
            call.caller
            for call in graph.calls
            if any(target.known_as in knowledge.loop_bound or target.is_coroutine for target in call.foreign)
        ),
    )
    return Inspection(facts, tuple(problems))


_DEEPEST = 200
"""Python's own limit for nested brackets; LibCST's parser crashes on a few times as many."""


def _nesting(text: str) -> int:
    """How deep brackets are nested, those in strings and comments counted too."""
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def parse(name: str, text: str) -> Tree | Problem:
    """The tree of a file, or why it cannot be edited."""
    if _nesting(text) > _DEEPEST:
        return Problem(name, None, f"its brackets are nested more than {_DEEPEST} deep; the file is left as it is")
    try:
        tree = Tree(text)
    except cst.ParserSyntaxError as error:
        return Problem(name, error.raw_line, f"syntax error: {error.message}; the file is left as it is")
    except RecursionError:
        return Problem(name, None, "its expressions are nested too deeply to be edited; the file is left as it is")
    if tree.code != text:
        return Problem(
            name,
            None,
            "printing it unedited would change it (a form feed, a bare carriage return?), so that it is left as it is",
        )
    return tree


@dataclass(slots=True)
class _Collected:
    sites: dict[tuple[str, Span, CallKind], Site]
    blocking: list[BlockingCall]
    unawaited: list[UnawaitedCall]
    generators: set[str]
    kept: set[str]
    unknown_bases: set[str]
    parsed: set[str]

    def __init__(self) -> None:
        self.sites = {}
        self.blocking = []
        self.unawaited = []
        self.generators = set()
        self.kept = set()
        self.unknown_bases = set()
        self.parsed = set()


class _GraphIndex:
    """The graph's parts by file."""

    def __init__(self, graph: CallGraph, closure: Closure) -> None:
        self.functions: dict[str, list[Function]] = defaultdict(list)
        self.classes: dict[str, list[ClassFact]] = defaultdict(list)
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.seeds: dict[str, list[Call]] = defaultdict(list)
        self.unawaited: dict[str, list[Call]] = defaultdict(list)
        self.references: dict[str, list[Reference]] = defaultdict(list)
        for function in graph.functions:
            if function.name in closure.functions:
                self.functions[function.path].append(function)
        for one in graph.classes:
            self.classes[one.path].append(one)
        self.sites = [call for call in graph.calls if call.targets]
        self.unresolved = [call for call in graph.calls if not call.is_resolved and not call.targets]
        for call in self.sites:
            if not closure.functions.isdisjoint(call.targets):
                self.calls[call.path].append(call)
        for seed in closure.seeds:
            self.seeds[seed.path].append(seed)
        for unawaited in closure.unawaited:
            self.unawaited[unawaited.path].append(unawaited)
        for reference in graph.references:
            for target in reference.targets:
                self.references[target].append(reference)


def _key(call: Call) -> tuple[str, Span, CallKind]:
    return call.path, call.span, call.kind


def _uninspected(call: Call, closure: Closure, sources: Sources) -> Site:
    """A site in a file that was not parsed: nothing of the closure, or one that cannot be changed."""
    site = plain_site(call)
    if closure.functions.isdisjoint(call.targets):
        return site
    return replace(site, place=_OUTSIDE if call.path in sources.outside else _UNSEEN)


def _out_of_scope(closure: Closure, knowledge: Knowledge) -> Iterator[BlockingCall]:
    for call in closure.out_of_scope:
        name = blocking_name(call, knowledge)
        assert name is not None
        yield BlockingCall(call.path, call.span, call.caller, name, _unseen_offer(name, knowledge, _NOT_REACHED))


def _unseen_offer(name: str, knowledge: Knowledge, reason: str) -> Offer:
    rule = twin_call.RULE.id if name in knowledge.twins else offload.RULE.id
    return Offer(REQUESTS.id if name in FUNCTIONS else rule, None, reason)


def _with_locks(
    index: _GraphIndex, closure: Closure, sources: Sources, collected: _Collected, config: Config
) -> Iterator[tuple[str, PlannedFunction]]:
    """The functions of the closure with the reasons why they have to stay as they are."""
    names = {_last_name(name) for name in closure.functions}
    callers: dict[str, Call] = {}
    for one in unresolved_calls(index.unresolved, sources.texts, frozenset(names - COMMON)):
        callers.setdefault(one.name, one.call)
    unread_words = {name: set(re.findall(rb"\w+", content)) for name, content in sources.unread.items()}
    for functions in index.functions.values():
        for function in functions:
            lock = lock_of(
                function,
                is_generator=function.name in collected.generators,
                has_unknown_base=function.owner in collected.unknown_bases,
                references=index.references[function.name],
                keep_sync=config.keep_sync,
                is_kept=function.name in collected.kept,
            )
            if lock is None and function.path in sources.outside:
                lock = f"{function.path} is not among the given paths"
            if lock is None and function.path not in collected.parsed:
                lock = f"{function.path} cannot be edited"
            if lock is None and not function.is_async:
                lock = _unread_caller(function, unread_words) or _possible_caller(function, callers)
            yield (
                function.name,
                PlannedFunction(
                    name=function.name,
                    path=function.path,
                    line=function.span.line,
                    is_async=function.is_async,
                    lock=lock,
                    is_generator=function.name in collected.generators,
                    overrides=function.overrides,
                    is_called_from_outside=function.name in sources.entry_points,
                ),
            )


def _last_name(function: str) -> str:
    """The name that calls of a function carry."""
    return function.rpartition(":")[2].rpartition(".")[2].partition("@")[0]


def _possible_caller(function: Function, callers: Mapping[str, Call]) -> str | None:
    call = callers.get(_last_name(function.name))
    if call is None:
        return None
    return f"{call.path}:{call.span.line} calls something of that name on a receiver of unknown type"


def _unread_caller(function: Function, unread_words: Mapping[str, set[bytes]]) -> str | None:
    name = _last_name(function.name)
    for path, words in sorted(unread_words.items()):
        if name.encode() in words:
            return f"{path}, which could not be read, may call it"
    return None


class _FileInspector:
    """Collects what one file tells."""

    def __init__(
        self,
        name: str,
        tree: Tree,
        index: _GraphIndex,
        knowledge: Knowledge,
        config: Config,
        types_of: Callable[[str], Mapping[Span, str]],
    ) -> None:
        self._name = name
        self._tree = tree
        self._index = index
        self._knowledge = knowledge
        self._config = config
        self._types_of = types_of
        self._imports = ImportedNames(tree)
        self._markers = Markers(tree.code)

    def collect(self, into: _Collected) -> None:
        """Adds what this file tells."""
        into.parsed.add(self._name)
        self._collect_functions(into)
        for call in self._index.calls[self._name]:
            into.sites[_key(call)] = self._site(call)
        into.blocking += self._blocking()
        into.unawaited += self._unawaited()

    def _collect_functions(self, into: _Collected) -> None:
        yielding = generators(self._tree)
        for function in self._index.functions[self._name]:
            if function_named_at(self._tree, function.span) in yielding:
                into.generators.add(function.name)
            line = function.span.line
            if self._markers.keeps_sync(line) or self._markers.ignores(line, None):
                into.kept.add(function.name)
        owners = {function.owner for function in self._index.functions[self._name]}
        for one in self._index.classes[self._name]:
            if one.name in owners and base_count(self._tree, one.span) > one.resolved_bases:
                into.unknown_bases.add(one.name)

    def _place(self, span: Span) -> Place | None:
        node = self._tree.at(span, cst.Call) or self._tree.at(span, cst.Attribute)
        if node is None:
            return None
        return place_of(self._tree, node, self._imports, is_missed, self._name)

    def _site(self, call: Call) -> Site:
        site = plain_site(call)
        place = self._place(call.span) or _BY_SYNTAX
        if self._markers.ignores(call.span.line, None):
            place = replace(place, position=Position.BLOCKED, blocker="on a line marked `awaitify: ignore`")
        return replace(site, place=place)

    def _blocking(self) -> Iterator[BlockingCall]:
        seeds = self._index.seeds[self._name]
        names = {call.span: blocking_name(call, self._knowledge) for call in seeds}
        made = self._requests_offers(names)
        for call in seeds:
            name = names[call.span]
            place = self._place(call.span)
            node = self._tree.at(call.span, cst.Call)
            if name is None or place is None or node is None:
                continue
            offer = made.get(call.span) or self._offer(node, name)
            ignored = self._is_silenced(offer.rule, call)
            yield BlockingCall(call.path, call.span, call.caller, name, offer, place, ignored)

    def _requests_offers(self, names: Mapping[Span, str | None]) -> Mapping[Span, Offer]:
        found = [
            offers.Request(node, name.removeprefix("requests."))
            for span, name in names.items()
            if name in FUNCTIONS and name is not None and (node := self._tree.at(span, cst.Call)) is not None
        ]
        return offers.offer_all(self._tree, found, self._types_of(self._name)) if found else {}

    def _offer(self, node: cst.Call, name: str) -> Offer:
        twin = self._knowledge.twins.get(name)
        return offload.offer(name) if twin is None else twin_call.offer(self._tree, node, name, twin)

    def _is_silenced(self, rule: str, call: Call) -> bool:
        if (self._config.select and rule not in self._config.select) or rule in self._config.ignore:
            return True
        if self._markers.ignores(call.span.line, rule):
            return True
        around = [one for one in self._index.functions[self._name] if one.name == call.caller]
        return any(self._markers.ignores(one.span.line, rule) for one in around)

    def _unawaited(self) -> Iterator[UnawaitedCall]:
        for call in self._index.unawaited[self._name]:
            node = self._tree.at(call.span, cst.Call)
            place = self._place(call.span)
            if node is None or place is None or place.position is Position.AWAITED:
                continue
            later = place.use is Use.OTHER and is_consumed_later(self._tree, self._tree.path(node))
            if place.use is Use.OTHER and not later:
                continue
            name = call.targets[0] if call.targets else call.foreign[0].known_as or call.foreign[0].name
            ignored = self._is_silenced(MISSING_AWAIT.id, call)
            yield UnawaitedCall(call.path, call.span, call.caller, name, place, later, ignored)
