"""Looks at the closure's files and makes the plan's facts of what it sees: places, locks and offers.

Joins what the checker resolved with what only the syntax tells, and asks the rules what they could do.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from codemods.callers import Callers
from codemods.config import Config
from codemods.entries import EntryFinder
from codemods.facts.async_only import async_only
from codemods.facts.called_values import called_values
from codemods.facts.closure import Closure, blocking_name, plain_functions, plain_site
from codemods.facts.expressions import Expressions
from codemods.facts.generators import ENTERING
from codemods.facts.graph import ByName, Call, CallGraph
from codemods.facts.handed import Handed
from codemods.facts.handed_calls import handed_calls
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.syntax import (
    ImportedNames,
    Place,
    Position,
    Use,
)
from codemods.file_inspection import Collected, FileInspector, GraphIndex, Shared, key_of
from codemods.holders import HolderFinder
from codemods.iterators import with_iterators
from codemods.keepers import KeeperFinder
from codemods.locking import LockFinder, Seen, see_alone
from codemods.mentions import MentionFinder, Sources
from codemods.model import Problem, Span
from codemods.packs import Knowledge
from codemods.parsing import parse
from codemods.planning.facts import (
    BlockingCall,
    Keeper,
    PlannedFunction,
    PlanningFacts,
    PlanningOptions,
    Reception,
    SessionHolder,
    Site,
    TwinClass,
)
from codemods.prospect import Finders, Prospect, worth_parsing
from codemods.responses import ResponseFinder
from codemods.rules import offload, twin_call, twin_class
from codemods.rules.clients import CLIENTS
from codemods.rules.requests_aiohttp import RULE as REQUESTS
from codemods.rules.requests_calls import FUNCTIONS, METHODS, mocks
from codemods.rules.requests_calls.elsewhere import Mentions, gathered, may_mention, mentions_in
from codemods.rules.rule import Offer
from codemods.tree import Tree
from codemods.twins.finding import NO_USES, TwinUses
from codemods.watching import watched

_UNSEEN = Place(Position.BLOCKED, "in a file that could not be read", Use.OTHER, "")
_OUTSIDE = Place(Position.BLOCKED, "outside of the given paths", Use.OTHER, "")
_NOT_REACHED = "async code does not reach it (scope async)"


@dataclass(frozen=True, slots=True)
class Inspection:
    """The plan's facts, and the files that could not be parsed."""

    facts: PlanningFacts
    problems: tuple[Problem, ...]


def inspect(
    graph: CallGraph,
    closure: Closure,
    inheritance: Inheritance,
    sources: Sources,
    knowledge: Knowledge,
    config: Config,
    options: PlanningOptions,
    expressions: Expressions,
    twins: TwinUses = NO_USES,
) -> Inspection:
    """Parses the files of the closure, one at a time, and keeps none of them."""
    return _Inspector(inheritance, sources, knowledge, config, expressions, twins).inspect(graph, closure, options)


@dataclass
class _Inspector:
    """What is known of a project, and what its files tell."""

    inheritance: Inheritance
    sources: Sources
    knowledge: Knowledge
    config: Config
    expressions: Expressions
    twins: TwinUses

    def __post_init__(self) -> None:
        self._types_of = lru_cache(32)(self.expressions.types)
        self._tree_of = lru_cache(8)(self._parsed)
        self._collected = Collected()
        self._problems: list[Problem] = []

    def inspect(self, graph: CallGraph, closure: Closure, options: PlanningOptions) -> Inspection:
        """Looks at what a closure holds, once it is narrowed to what may change."""
        sources, knowledge = self.sources, self.knowledge
        entries = EntryFinder(graph, knowledge, sources.texts, sources.scripts)
        handed = Handed(graph, sources.texts, self.expressions, knowledge.handlers)
        finders_of = partial(self._finders, entries=entries, handed=handed)
        prospect = worth_parsing(
            graph, closure, self.inheritance, finders_of, sources, knowledge, options, self._types_of
        )
        prospect = replace(prospect, closure=self._with_uses(prospect, handed))
        replaced = _replaced(prospect.closure, sources, knowledge)
        index = GraphIndex(prospect.graph, prospect.closure, knowledge.lock_enters)
        shared = Shared(index, knowledge, self.config, self._types_of, replaced, self.expressions, self.twins.calls)
        self._collect(prospect, shared)
        return Inspection(self._facts(prospect, shared, entries), tuple(self._problems))

    def _finders(self, graph: CallGraph, *, entries: EntryFinder, handed: Handed) -> Finders:
        by_name = ByName(graph)
        mentions = MentionFinder(graph, by_name, self.sources, self._types_of)
        return Finders(
            locks=LockFinder(graph, by_name, self.inheritance, self.sources, entries, self.config, mentions),
            mentions=mentions,
            callers=Callers(
                graph,
                by_name,
                self.inheritance,
                self.sources,
                entries,
                mentions,
                self._types_of,
                self.expressions.classes,
                handed.types,
                self.knowledge.decoders,
            ),
        )

    def _with_uses(self, prospect: Prospect, handed: Handed) -> Closure:
        """The closure of a prospect, with what else may lack an `await` or an `async`."""
        graph, texts, outside = prospect.graph, self.sources.texts, self.sources.outside
        runs = self.inheritance.runs
        of_handed = handed_calls(graph, texts, outside, handed, lambda name: {name, *runs.get(name, ())})
        return prospect.closure.with_uses(
            (*called_values(graph, texts, outside, self.expressions), *of_handed),
            async_only(graph, texts, outside, self.expressions, handed),
        )

    def _parsed(self, path: str) -> Tree | None:
        tree = parse(path, self.sources.texts[path].lines.text) if path in self.sources.texts else None
        return tree if isinstance(tree, Tree) else None

    def _collect(self, prospect: Prospect, shared: Shared) -> None:
        """Looks at the files, each once."""
        sources, collected = self.sources, self._collected
        for name in sorted(prospect.closure.paths - sources.unread.keys()):
            tree = parse(name, sources.texts[name].lines.text)
            if isinstance(tree, Problem):
                self._problems.append(tree)
                continue
            FileInspector(name, tree, shared).collect(collected)
            if may_mention(name, tree.code):
                collected.mentions.append(mentions_in(tree, name, ImportedNames(tree)))
        if any(one.offer.native is not None and one.offer.raises for one in collected.blocking):
            collected.mentions.extend(_mentions_outside(sources, collected.seen.parsed))
        sites = [call for call in shared.index.sites if key_of(call) in prospect.closure.sites]
        called = {name for call in sites for name in call.targets}
        see_alone(prospect.graph, called & prospect.closure.locks.keys(), sources, collected.seen)

    def _facts(self, prospect: Prospect, shared: Shared, entries: EntryFinder) -> PlanningFacts:
        graph, collected, knowledge = prospect.graph, self._collected, self.knowledge
        blocking, received = _responses(prospect, collected, shared, self._tree_of)
        keepers = tuple(_keepers(prospect, collected, self.sources, self._tree_of, self._types_of))
        functions = self._functions(prospect, keepers)
        sites = [
            collected.sites.get(key_of(call)) or _uninspected(call, prospect.closure, self.sources)
            for call in shared.index.sites
        ]
        iterators = with_iterators(functions, sites, self.inheritance.families, self._tree_of)
        elsewhere = gathered(collected.mentions, CLIENTS[self.config.client].exceptions, self.sources.outside)
        return PlanningFacts(
            functions=iterators.functions,
            sites=tuple(iterators.sites),
            blocking=(*blocking, *_unchanged(prospect.closure, knowledge)),
            unawaited=tuple(collected.unawaited),
            nested=tuple(collected.nested),
            families=iterators.families,
            implements=self.inheritance.implements,
            loop_bound=graph.callers_of(knowledge.loop_bound, or_coroutines=True) | collected.seen.stopping,
            loop_starters=graph.callers_of(knowledge.loop_starters),
            context_setters=graph.callers_of(knowledge.context_setters),
            dispatches=entries.dispatches(graph.calls, knowledge),
            received=tuple(received),
            watched=dict(watched(_called_as(received, sites), graph.functions, graph.calls, self.sources.texts)),
            holders=tuple(_holders(prospect, collected, self.config, self._tree_of, self._types_of)),
            values=entries.values(),
            twins=tuple(_twins(prospect, collected, self.twins)),
            keepers=keepers,
            raised=elsewhere.raised,
            untraceable=elsewhere.untraceable,
            told=elsewhere.told,
        )

    def _functions(self, prospect: Prospect, keepers: Iterable[Keeper]) -> dict[str, PlannedFunction]:
        """The functions of the project, those locked whose classes are to be used otherwise."""
        functions = _functions(prospect, self._collected.seen)
        locks = dict.fromkeys(self.twins.own, "its class has a twin that is async")
        for one in keepers:
            for method in ENTERING:
                locks[f"{one.name}.{method}"] = "its class keeps a session, and is entered as that has to be"
        for name in locks.keys() & functions.keys():
            functions[name] = replace(functions[name], lock=functions[name].lock or locks[name])
        return functions


def _functions(prospect: Prospect, seen: Seen) -> dict[str, PlannedFunction]:
    """The functions of the project, with all that is known of them."""
    closure = prospect.closure
    functions = plain_functions(prospect.graph)
    for name, why in closure.locks.items():
        functions[name] = replace(functions[name], lock=why, is_generator=name in seen.generators)
    for one in prospect.locks.planned(closure.functions, seen):
        functions[one.name] = replace(one, lock=one.lock or closure.locks.get(one.name))
    open_ones = {one.name for one in functions.values() if one.room is not None and one.room.can_take}
    for name in open_ones - set(prospect.locks.has_known_callers(open_ones, seen, prospect.callers)):
        room = functions[name].room
        assert room is not None
        functions[name] = replace(functions[name], room=replace(room, can_take=False))
    return functions


def _holders(
    prospect: Prospect,
    collected: Collected,
    config: Config,
    tree_of: Callable[[str], Tree | None],
    types_of: Callable[[str], Mapping[Span, str]],
) -> list[SessionHolder]:
    """The variables that hold sessions which functions hand on to each other."""
    held = CLIENTS[config.client].held
    if held is None or all(one.offer.holder is None for one in collected.blocking):
        return []
    known = partial(prospect.locks.has_known_callers, seen=collected.seen, callers=prospect.callers)
    finder = HolderFinder(prospect.graph, held.find, tree_of, types_of, collected.seen.parsed, known)
    return finder.holders(collected.blocking)


def _twins(prospect: Prospect, collected: Collected, twins: TwinUses) -> Iterator[TwinClass]:
    """The classes that have twins, with what becomes of calls that cannot be known."""
    every = frozenset().union(*twins.through.values())
    known = set(prospect.locks.has_known_callers(every, collected.seen, prospect.callers)) if every else set()
    for one in twins.classes:
        unknown = min(twins.through[one.name] - known, default=None)
        why = None if unknown is None else f"{unknown}, which takes or returns one, may be called by something unknown"
        yield replace(one, refusal=one.refusal or why)


def _keepers(
    prospect: Prospect,
    collected: Collected,
    sources: Sources,
    tree_of: Callable[[str], Tree | None],
    types_of: Callable[[str], Mapping[Span, str]],
) -> Iterator[Keeper]:
    """The classes whose objects keep a session of their own."""
    if any(one.offer.kept is not None for one in collected.blocking):
        finder = KeeperFinder(prospect.graph, sources, prospect.callers, prospect.mentions, types_of, tree_of)
        yield from finder.keepers(collected.blocking)


def _responses(
    prospect: Prospect, collected: Collected, shared: Shared, tree_of: Callable[[str], Tree | None]
) -> tuple[Sequence[BlockingCall], Sequence[Reception]]:
    """The blocking calls with where functions hand on what they give, and what is done with it then."""

    @lru_cache(maxsize=8)
    def inspector_of(path: str) -> FileInspector:
        tree = tree_of(path)
        assert tree is not None, path  # it has been parsed before
        return FileInspector(path, tree, shared)

    planned = frozenset(
        one.name
        for one in prospect.graph.functions
        if one.name in prospect.closure.functions and one.path in collected.seen.parsed
    )
    sites = [site for site in shared.index.sites if key_of(site) in collected.sites]
    known = partial(prospect.locks.has_known_callers, seen=collected.seen, callers=prospect.callers)
    finder = ResponseFinder(prospect.graph, sites, planned, inspector_of, tree_of, shared.types_of, known)
    return finder.found(collected.blocking)


def _called_as(received: Iterable[Reception], sites: Iterable[Site]) -> Mapping[str, Set[str]]:
    """What functions that return responses, or get them, are called, by themselves and by their calls."""
    found = {one.source.function: {last_name(one.source.function)} for one in received}
    for site in sites:
        for target in found.keys() & set(site.targets):
            found[target].add(site.place.callee.rpartition(".")[2])
    return found


def _mentions_outside(sources: Sources, parsed: Container[str]) -> Iterator[Mentions]:
    """What files that the closure does not hold do with requests' exceptions."""
    for name, text in sorted(sources.texts.items()):
        if name not in parsed and may_mention(name, text.lines.text):
            tree = parse(name, text.lines.text)
            if isinstance(tree, Tree):
                yield mentions_in(tree, name, ImportedNames(tree))


def _uninspected(call: Call, closure: Closure, sources: Sources) -> Site:
    """A site in a file that was not parsed: nothing of the closure, or one that cannot be changed."""
    site = plain_site(call)
    if key_of(call) not in closure.sites:
        return site
    return replace(site, place=_OUTSIDE if call.path in sources.outside else _UNSEEN)


def _unchanged(closure: Closure, knowledge: Knowledge) -> Iterator[BlockingCall]:
    """The blocking calls that were not looked at."""
    for call in (*closure.out_of_scope, *closure.idle):
        name = blocking_name(call, knowledge)
        assert name is not None
        if name not in knowledge.closing:
            yield BlockingCall(call.path, call.span, call.caller, name, _unseen_offer(name, knowledge, _NOT_REACHED))


def _unseen_offer(name: str, knowledge: Knowledge, reason: str) -> Offer:
    rule = twin_call.RULE.id if name in knowledge.twins else offload.RULE.id
    if name in knowledge.twin_methods:
        rule = twin_class.RULE.id
    return Offer(REQUESTS.id if name in FUNCTIONS | METHODS else rule, None, reason)


def _replaced(closure: Closure, sources: Sources, knowledge: Knowledge) -> Mapping[str, str]:
    if not any(blocking_name(seed, knowledge) in FUNCTIONS | METHODS for seed in closure.seeds):
        return {}
    return mocks.replaced_verbs((path, text.lines.text) for path, text in sources.texts.items())
