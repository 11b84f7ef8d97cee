"""Which functions and files a migration can touch, from the resolved graph alone, before any file is parsed."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from codemods.facts.generators import ENTERING, ITERATING
from codemods.facts.graph import AsyncOnly, Call, CallGraph, CallKind, Function
from codemods.facts.inheritance import Inheritance, last_name
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.packs import Knowledge
from codemods.planning.boundaries import keeps_color
from codemods.planning.facts import HOPED, PlannedFunction, Site
from codemods.planning.index import CallIndex

_AWAITED = re.compile(r"\bawait\s*\Z")
_LETS_LOOPS_NEST = "nest_asyncio"
_ENDS_STATEMENT = re.compile(r"[ \t]*(?:[\r\n]|\Z)")
_GOES_ON = re.compile(r"\s*[.(\[]")


@dataclass(frozen=True, slots=True)
class Closure:
    """What has to be looked at."""

    seeds: tuple[Call, ...]
    """The blocking calls that the scope asks about."""
    out_of_scope: tuple[Call, ...]
    """The blocking calls that async code does not reach, when only those are asked about."""
    unawaited: tuple[Call, ...]
    """Calls that give something to be awaited, with no `await` right before them."""
    functions: frozenset[str]
    """The functions that hold a seed or call one that does, and those that get what a seed gives."""
    sites: frozenset[tuple[str, Span, CallKind]]
    """The calls of the project's functions that matter, by file name, place and kind."""
    paths: frozenset[str]
    """The files to parse, by name."""
    idle: tuple[Call, ...] = ()
    """The blocking calls in functions that stay sync whatever their syntax says."""
    locks: Mapping[str, str] = field(default_factory=dict)
    """Why these functions do."""
    receivers: frozenset[str] = frozenset()
    """The functions that may get what a seed gives, and may have to wait for it."""
    lost: tuple[Call, ...] = ()
    """Those calls in sync functions that give a coroutine which is dropped at once."""
    nested: tuple[Call, ...] = ()
    """Calls that start an event loop where async code is, or may come."""
    async_only: tuple[AsyncOnly, ...] = ()
    """What is entered or iterated, and has only the methods for `async with` and `async for`."""

    def with_uses(self, unawaited: Iterable[Call], async_only: Iterable[AsyncOnly]) -> Closure:
        """A closure with what else may lack an `await` or an `async`."""
        calls, statements = (*self.unawaited, *unawaited), tuple(async_only)
        paths = self.paths | {one.path for one in calls} | {one.path for one in statements}
        return replace(self, unawaited=calls, async_only=statements, paths=paths)


def find_closure(
    graph: CallGraph,
    texts: Mapping[str, Text],
    knowledge: Knowledge,
    outside: Container[str],
    inheritance: Inheritance,
    *,
    only_reached: bool,
) -> Closure:
    """Finds everything upward of the seeds. `texts` is by file name; files in `outside` are never changed."""
    functions = {function.name: function for function in graph.functions}
    index = CallIndex(plain_functions(graph), plain_sites(graph), inheritance.families)
    blocking = [call for call in graph.calls if call.path not in outside and blocking_name(call, knowledge) is not None]
    starting = [call for call in _starting(graph, functions, texts, knowledge) if call.path not in outside]
    out_of_scope: list[Call] = []
    reached: Container[str] = ()
    if only_reached or starting:
        reached = index.reached_from(name for name, one in functions.items() if one.is_async)
    if only_reached:
        out_of_scope = [call for call in blocking if call.caller not in reached]
        blocking = [call for call in blocking if call.caller in reached]
    unawaited = tuple(call for call in _unawaited(graph, functions, texts, inheritance) if call.path not in outside)
    lost = tuple(
        call
        for call in unawaited
        if call.caller in functions and not functions[call.caller].is_async and is_dropped(call.span, texts[call.path])
    )
    nested = tuple(call for call in starting if call.caller in reached)
    declared = {name for name in graph.declared if not only_reached or name in reached}
    above = index.callers_of({*declared, *(call.caller for call in (*blocking, *lost))})
    closure = Closure(
        tuple(blocking), tuple(out_of_scope), unawaited, above, frozenset(), frozenset(), lost=lost, nested=nested
    )
    return _with_places(closure, graph, outside, [site for name in above for site in index.by_target[name]])


def with_receivers(closure: Closure, graph: CallGraph, families: Sequence[frozenset[str]], names: Set[str]) -> Closure:
    """A closure in which some functions get what seeds give: they may become async, and so may all that call them."""
    index = CallIndex(plain_functions(graph), plain_sites(graph), families)
    return replace(closure, functions=closure.functions | index.callers_of(names), receivers=closure.receivers | names)


def narrowed(
    closure: Closure,
    graph: CallGraph,
    outside: Container[str],
    families: Sequence[frozenset[str]],
    promoted: Container[str],
    locks: Mapping[str, str],
) -> Closure:
    """What is left of a closure when at most some functions can become async.

    `locks` says of the others why they cannot.
    """
    active = {one.name for one in graph.functions if one.is_async or one.name in promoted}
    seeds = tuple(call for call in closure.seeds if call.caller in active)
    index = CallIndex(plain_functions(graph), plain_sites(graph), families)
    lost = {call.caller for call in closure.lost if call.caller in active}
    started = {*(call.caller for call in seeds), *lost, *(graph.declared & active), *(closure.receivers & active)}
    above = index.callers_of(started) | closure.receivers
    sites = [site for name in above for site in index.by_target[name]]
    # async code may have to call what blocks and stays sync in a thread
    sites += [site for name in closure.functions - above for site in index.by_target[name] if site.caller in active]
    left = replace(
        closure,
        seeds=seeds,
        functions=above,
        idle=tuple(call for call in closure.seeds if call.caller not in active),
        locks={name: why for name, why in locks.items() if name in closure.functions},
    )
    return _with_places(left, graph, outside, sites)


def _with_places(closure: Closure, graph: CallGraph, outside: Container[str], sites: Sequence[Site]) -> Closure:
    """A closure with what has to be looked at for its functions and some calls."""
    functions = {function.name: function for function in graph.functions}
    known = [functions[name] for name in closure.functions if name in functions]
    paths = {call.path for call in (*closure.seeds, *closure.unawaited, *closure.nested)}
    paths |= {function.path for function in known} | {site.path for site in sites}
    paths |= set(_base_class_files(graph, {function.owner for function in known}))
    return replace(
        closure,
        sites=frozenset((site.path, site.span, site.kind) for site in sites),
        paths=frozenset(path for path in paths if path not in outside),
    )


def _base_class_files(graph: CallGraph, owners: Container[str | None]) -> Iterator[str]:
    """The files of the classes that these inherit from: only the syntax tells whether all bases are known."""
    paths = {one.name: one.path for one in graph.classes}
    for one in graph.classes:
        if one.name in owners:
            yield from (paths[base] for base in one.mro if base in paths)


def plain_functions(graph: CallGraph) -> dict[str, PlannedFunction]:
    """The functions of a graph, with nothing known of their syntax."""
    return {
        one.name: PlannedFunction(
            name=one.name,
            path=one.path,
            line=one.span.line,
            is_async=one.is_async,
            is_declared=one.name in graph.declared,
            overrides=one.overrides,
        )
        for one in graph.functions
    }


def plain_sites(graph: CallGraph) -> tuple[Site, ...]:
    """The calls of the project's functions, with nothing known of their syntax."""
    return tuple(plain_site(call) for call in graph.calls if call.targets)


def plain_site(call: Call) -> Site:
    """A call of the project's functions, with nothing known of its syntax."""
    others = any(not target.is_coroutine for target in call.foreign) and call.kind is CallKind.CALL
    return Site(
        path=call.path,
        span=call.span,
        caller=call.caller,
        targets=call.targets,
        kind=call.kind,
        is_mixed=others or not call.is_resolved,
        is_by_flow=call.is_by_flow,
        # what it is that enters is asked when files are parsed
        consumed=HOPED if call.kind is CallKind.IMPLICIT and _is_protocol(call) else None,
    )


def _is_protocol(call: Call) -> bool:
    return all(last_name(target) in ENTERING or last_name(target) == ITERATING for target in call.targets)


def blocking_name(call: Call, knowledge: Knowledge) -> str | None:
    """The blocking function that a call calls for certain, as packs name it, or the one that closes."""
    if call.targets or len(call.foreign) != 1:
        return None
    known = call.foreign[0].known_as
    if call.kind is not CallKind.CALL:
        is_known = knowledge.is_declared_use(known) or known in knowledge.twin_methods
        return known if is_known and call.kind is CallKind.IMPLICIT else None
    is_wanted = known in knowledge.blocking or known in knowledge.closing
    return known if is_wanted and call.is_resolved else None


def is_coroutine_function(function: Function) -> bool:
    """Whether calling a function of the project gives a coroutine for certain: its own, or one that it returns."""
    return function.gives_coroutine and all(keeps_color(one) for one in function.decorators)


def gives_awaitable(function: Function) -> bool:
    """Whether calling a function of the project gives something to be awaited for certain."""
    if function.awaitable is not None:
        return not function.decorators
    return is_coroutine_function(function)


def _unawaited(
    graph: CallGraph, functions: Mapping[str, Function], texts: Mapping[str, Text], inheritance: Inheritance
) -> Iterator[Call]:
    for call in graph.calls:
        if call.kind is not CallKind.CALL or not call.is_resolved or not (call.targets or call.foreign):
            continue
        run = {one for name in call.targets for one in (name, *inheritance.runs.get(name, ()))}
        if not all(gives_awaitable(functions[name]) for name in run):
            continue
        if all(target.is_awaitable for target in call.foreign) and not is_awaited(call.span, texts[call.path]):
            yield call


def starter_name(call: Call, knowledge: Knowledge) -> str | None:
    """The function that starts an event loop which a call calls for certain, as packs name it."""
    if call.kind is not CallKind.CALL or call.targets or len(call.foreign) != 1 or not call.is_resolved:
        return None
    known = call.foreign[0].known_as
    return known if known in knowledge.nesting else None


def _starting(
    graph: CallGraph, functions: Container[str], texts: Mapping[str, Text], knowledge: Knowledge
) -> Sequence[Call]:
    """The calls in functions that start an event loop, where the project does not let one run in another."""
    found = [call for call in graph.calls if call.caller in functions and starter_name(call, knowledge) is not None]
    lets_nest = found and any(_LETS_LOOPS_NEST in text.lines.words for text in texts.values())
    return [] if lets_nest else found


def is_awaited(span: Span, text: Text) -> bool:
    """Whether `await` stands right before an expression, and for it."""
    lines = text.lines
    start = lines.offset(span.line, span.column)
    end = lines.offset(span.end_line, span.end_column)
    # `await make().close()` awaits what close() gives, not what make() does
    goes_on = _GOES_ON.match(lines.text, end) is not None
    return not goes_on and _AWAITED.search(lines.text, max(0, start - 40), start) is not None


def is_dropped(span: Span, text: Text) -> bool:
    """Whether an expression is a statement of its own."""
    lines = text.lines
    if lines.masked is None:
        return False
    outline = lines.masked.outline
    before = outline[lines.offset(span.line, 1) : lines.offset(span.line, span.column)]
    return (
        not before.strip() and _ENDS_STATEMENT.match(outline, lines.offset(span.end_line, span.end_column)) is not None
    )
