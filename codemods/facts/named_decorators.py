"""Decorators that a module makes once and gives a name: `verbose = click.option("--verbose")`, then `@verbose`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from codemods.facts.graph import Call, CallGraph, CallKind, Decorator
from codemods.facts.texts import Text
from codemods.facts.unresolved import texts_with

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")


class NamedDecorators:
    """Finds the call of a library that made a decorator."""

    def __init__(self, graph: CallGraph, texts: Mapping[str, Text]) -> None:
        self._graph = graph
        self._texts = texts
        self._made: dict[str, Call | None] = {}

    def told(self, decorator: Decorator) -> Decorator:
        """A decorator that is a name, with the function that made it when a pack knows that; else as it is."""
        if decorator.target is not None or _NAME.match(decorator.text) is None:
            return decorator
        name = decorator.text.rpartition(".")[2]
        if name not in self._made:
            self._made[name] = self._find(name)
        made = self._made[name]
        if made is None:
            return decorator
        target = made.foreign[0]
        return replace(decorator, target=target.name, known_as=target.known_as)

    def _find(self, name: str) -> Call | None:
        """The call whose result is bound to a name, where nothing else in the project is called so."""
        word = re.escape(name)
        binds = re.compile(
            rf"^[ \t]*{word}[ \t]*(?::[^=\n]*)?=(?!=)[ \t]*|\b(?:def|class|for|as|global)[ \t]+{word}\b"
            rf"|[,(*][ \t]*{word}[ \t]*(?:=(?!=)|:(?!=))|\b{word}[ \t]*(?::=|,[^=\n]*=(?!=)|[-+|&]=)",
            re.M,
        )
        found: list[tuple[str, int, str]] = []
        for path, text in texts_with(frozenset({name}), self._texts):
            if text.lines.masked is None:
                return None
            found += [(path, one.end(), one[0]) for one in binds.finditer(text.lines.masked.outline)]
        if len(found) != 1 or not found[0][2].startswith(name):
            return None  # bound nowhere, more than once, or not by a statement of a module
        path, start, _ = found[0]
        lines = self._texts[path].lines
        return next((one for one in self._calls.get((path, *lines.position(start)), ()) if self._is_whole(one)), None)

    def _is_whole(self, call: Call) -> bool:
        """Whether nothing follows a call in its line."""
        lines = self._texts[call.path].lines
        rest = lines.line(call.span.end_line)[call.span.end_column - 1 :]
        return re.match(r"\s*(?:#|\Z)", rest) is not None

    @cached_property
    def _calls(self) -> Mapping[tuple[str, int, int], Sequence[Call]]:
        """The calls of module level that are certain and that a pack knows, by where they start."""
        found: dict[tuple[str, int, int], list[Call]] = {}
        for call in self._graph.calls:
            is_known = len(call.foreign) == 1 and call.foreign[0].known_as is not None
            if is_known and not call.targets and call.kind is CallKind.CALL and call.caller.endswith(":"):
                found.setdefault((call.path, call.span.line, call.span.column), []).append(call)
        return found
