"""Calls of values that give something to be awaited: a parameter declared as `Callable[[int], Awaitable[str]]`.

The checker does not resolve such calls, and knows the type of what is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

from codemods.facts.arguments import closing
from codemods.facts.awaitables import is_coroutine_type
from codemods.facts.closure import is_awaited
from codemods.facts.expressions import Expressions
from codemods.facts.graph import Call, CallGraph, CallKind, ForeignTarget
from codemods.facts.kinds import members_of
from codemods.facts.texts import Text
from codemods.model import Span


def called_values(
    graph: CallGraph, texts: Mapping[str, Text], outside: Container[str], expressions: Expressions
) -> Iterator[Call]:
    """The calls of values that nothing awaits where they stand, with what they give."""
    unknown: dict[str, list[Call]] = defaultdict(list)
    for call in graph.calls:
        is_unknown = call.kind is CallKind.CALL and not call.is_resolved and not call.targets and not call.foreign
        if is_unknown and call.path not in outside and not is_awaited(call.span, texts[call.path]):
            unknown[call.path].append(call)
    for path, calls in unknown.items():
        if "async" not in texts[path].lines.words:
            continue
        types = expressions.with_awaitables(path)
        starts: dict[tuple[int, int], list[Span]] = defaultdict(list)
        for span in types:
            starts[span.line, span.column].append(span)
        for call in calls:
            for span in starts.get((call.span.line, call.span.column), ()):
                result = types[call.span] if span == call.span else _result(types[span])
                if result is not None and (span == call.span or _is_callee(span, call.span, texts[path])):
                    target = _target(texts[path].lines.slice(span), result, expressions)
                    if target.is_awaitable:
                        yield replace(call, foreign=(target,), is_resolved=True)
                        break


def _target(name: str, result: str, expressions: Expressions) -> ForeignTarget:
    if is_coroutine_type(result):
        return ForeignTarget(name, None, is_coroutine=True)
    awaitable = expressions.classes.awaitable(result)
    if awaitable is not None and result.startswith("typing.Awaitable["):
        # who calls a function that somebody else gave cannot count on more than what is declared
        awaitable = replace(awaitable, is_lazy=True)
    return ForeignTarget(name, None, is_coroutine=False, awaitable=awaitable)


def _result(type_: str) -> str | None:
    """What calling something of a type gives; None where it is no single function."""
    if not type_.startswith("(") or len(list(members_of(type_))) != 1:
        return None
    depth = 0
    for at, character in enumerate(type_):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            _, arrow, result = type_[at + 1 :].partition(" -> ")
            return result if arrow else None
    return None


def _is_callee(callee: Span, call: Span, text: Text) -> bool:
    """Whether a call is the call of an expression, and nothing more."""
    masked = text.lines.masked
    if masked is None:
        return False
    opening = text.lines.offset(callee.end_line, callee.end_column)
    while masked.outline[opening : opening + 1].isspace():
        opening += 1
    end = closing(masked.outline, opening) if masked.outline[opening : opening + 1] == "(" else None
    return end is not None and text.lines.position(end + 1) == (call.end_line, call.end_column)
