"""What a call of a known function hands to each of its parameters, by the texts of files that are not parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codemods.facts.arguments import Argument, arguments_in
from codemods.facts.bodies import Place
from codemods.facts.graph import Call, CallKind, Function, ParameterKind
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import kinds_of
from codemods.facts.statements import opening_of
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.tree import LineTable


class CallArguments:
    """Finds the arguments of calls."""

    def __init__(self, texts: Mapping[str, Text], types_of: Callable[[str], Mapping[Span, str]]) -> None:
        """`types_of` gives the types of the expressions of a file."""
        self._texts = texts
        self._types_of = types_of

    def argument(self, site: Call, function: Function, index: int) -> Place | str | None:
        """What a call hands to a parameter; a text when it is left to its default, None when it cannot be told."""
        lines = self._texts[site.path].lines
        if lines.masked is None or function.parameters is None or site.kind not in {CallKind.CALL, CallKind.CONSTRUCT}:
            return None
        end = lines.offset(site.span.end_line, site.span.end_column)
        start = lines.offset(site.span.line, site.span.column)
        opening = opening_of(lines.masked.outline, start, end)
        if opening is None:
            return None
        arguments = arguments_in(lines.masked.outline, lines.text, opening + 1, end - 1)
        if arguments is None or any(one.stars for one in arguments):
            return None
        offset = self._bound_parameters(site, function, lines, start, opening)
        if offset is None or index < offset:
            return None
        parameter = function.parameters[index]
        positional = [one for one in arguments if one.keyword is None]
        found: Argument | None = None
        if parameter.kind is not ParameterKind.KEYWORD and index - offset < len(positional):
            found = positional[index - offset]
        for one in arguments:
            if one.keyword == parameter.name:
                found = one
        if found is None:
            return "default"
        return Place(site.path, site.caller, found.start, found.start + len(found.text))

    def _bound_parameters(
        self, site: Call, function: Function, lines: LineTable, start: int, opening: int
    ) -> int | None:
        """How many parameters a call fills by itself: `self`, or none; None when it cannot be told."""
        if site.kind is CallKind.CONSTRUCT:
            return 1 if last_name(function.name) == "__init__" else None
        if function.owner is None:
            return 0
        callee = lines.text[start:opening].rstrip()
        receiver, dot, _ = callee.rpartition(".")
        if not dot:
            return None
        receiver = receiver.rstrip()
        if receiver == "super()":
            return 1
        kinds = kinds_of(self._types_of(site.path).get(lines.span(start, start + len(receiver))))
        return None if kinds is None or any(one.is_class or one.is_module for one in kinds) else 1
