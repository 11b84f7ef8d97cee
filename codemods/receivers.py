"""The functions that may get the response of a request as an argument, by types and texts alone.

They hold no blocking call, and need not call a function that does: what a migration can touch is more than the callers
of blocking calls. Some of those that are found get none; which do is told by the syntax.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from codemods.facts.closure import Closure, blocking_name
from codemods.facts.graph import Call, CallGraph, CallKind
from codemods.facts.kinds import UNKNOWN, members_of
from codemods.mentions import Sources
from codemods.model import Span
from codemods.packs import Knowledge
from codemods.rules.requests_calls import FUNCTIONS, METHODS
from codemods.rules.requests_calls.assigned import RESPONSE_TYPE

_ENDS_AN_ARGUMENT = re.compile(r"\s*(?:#[^\n]*\s*)*[,)]")


def receivers_of(
    graph: CallGraph,
    closure: Closure,
    sources: Sources,
    knowledge: Knowledge,
    types_of: Callable[[str], Mapping[Span, str]],
) -> frozenset[str]:
    """The functions to which those of a closure may pass a response, directly or through others.

    `types_of` gives the types of the expressions of a file.
    """
    if not any(blocking_name(call, knowledge) in FUNCTIONS | METHODS for call in closure.seeds):
        return frozenset()
    return _Finder(graph, sources, types_of).receivers(closure)


class _Finder:
    def __init__(self, graph: CallGraph, sources: Sources, types_of: Callable[[str], Mapping[Span, str]]) -> None:
        self._sources = sources
        self._types_of = types_of
        self._arguments = cache(self._arguments_of)
        self._calls: dict[str, list[Call]] = defaultdict(list)
        self._callers: dict[str, set[str]] = defaultdict(set)
        for call in graph.calls:
            target = call.sole_target if call.kind is CallKind.CALL else None
            if target is not None:
                self._calls[call.caller].append(call)
                self._callers[target].add(call.caller)

    def receivers(self, closure: Closure) -> frozenset[str]:
        """The functions that may get a response, begun with what the functions of a closure pass on."""
        found: set[str] = set()
        queue = [(name, False) for name in sorted({call.caller for call in closure.seeds} | closure.functions)]
        asked: set[tuple[str, bool]] = set()
        while queue:
            asking = queue.pop()
            if asking in asked:
                continue
            asked.add(asking)
            for target in sorted(set(self._passed_to(*asking)) - found):
                found.add(target)
                # neither what it gets nor what it returns has a type where it has no annotations
                queue += [(one, True) for one in sorted({target} | self._callers[target])]
        return frozenset(found)

    def _passed_to(self, name: str, is_unknown_enough: bool) -> Iterator[str]:
        """The functions to which a function passes what is a response, or may be one."""
        for call in self._calls[name]:
            target = call.sole_target
            assert target is not None
            if any(RESPONSE_TYPE in kind or is_unknown_enough for kind in self._inside(call)):
                yield target

    def _inside(self, call: Call) -> Iterator[str]:
        """The types of what may be arguments within a call."""
        arguments = self._arguments(call.path)
        last = (call.span.end_line, call.span.end_column)
        for span, kind in arguments[bisect_left(arguments, (call.span, "")) :]:
            if (span.line, span.column) >= last:
                return
            if (span.end_line, span.end_column) < last:
                yield kind

    def _arguments_of(self, path: str) -> Sequence[tuple[Span, str]]:
        """The expressions of a file that are responses, or of unknown type, and stand where an argument ends.

        They come in the order of the text, and with their types.
        """
        lines = self._sources.texts[path].lines
        return sorted(
            (span, kind)
            for span, kind in self._types_of(path).items()
            if (RESPONSE_TYPE in kind or not UNKNOWN.isdisjoint(members_of(kind)))
            and _ENDS_AN_ARGUMENT.match(lines.text, lines.offset(span.end_line, span.end_column)) is not None
        )
