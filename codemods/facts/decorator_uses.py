"""What else is done with a decorator of the project than to decorate functions with it.

Told from the texts: whatever carries its name counts, but for its definition, imports that give it no other name, and
the lines that decorate a function.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from codemods.facts.graph import CallGraph
from codemods.facts.inheritance import last_name
from codemods.facts.texts import Text
from codemods.facts.unresolved import texts_with

_IMPORT = re.compile(r"^[ \t]*from\s+[\w.]+\s+import\b[ \t]*(?:\([^)]*\)|[^\n]*)", re.M)


class DecoratorUses:
    """What is done with the decorators whose wrappers run functions."""

    def __init__(self, graph: CallGraph, texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self._decorators = {one.name: last_name(one.decorator) for one in graph.wrappers}
        self._decorated = Counter(
            last_name(one.target.removesuffix(".__init__"))
            for function in graph.functions
            for one in function.decorators
            if one.target is not None
        )
        """How many functions something of a name decorates that is resolved."""
        self._found: dict[str, str | None] = {}

    def has(self, function: str) -> bool:
        """Whether a function is such a wrapper."""
        return function in self._decorators

    def otherwise(self, function: str) -> str | None:
        """Why a function may run something else than those it is known to take the place of; None when it may not."""
        name = self._decorators.get(function)
        if name is None:
            return None
        if name not in self._found:
            self._found[name] = _used_otherwise(name, self._texts, self._decorated[name])
        return self._found[name]


def _used_otherwise(name: str, texts: Mapping[str, Text], decorated: int) -> str | None:
    """Where a decorator of a name may decorate or get something unknown, in words; None where it does not.

    `decorated` is how many functions are known to be decorated with it, or with another one of that name.
    """
    word = re.escape(name)
    defines = re.compile(rf"\b(?:def|class)[ \t]+{word}\Z")
    decorates = re.compile(rf"^[ \t]*@[\w.]*{word}\Z")
    renames = re.compile(rf"\b{word}\s+as\b")
    number = 0
    for path, text in texts_with(frozenset({name}), texts):
        code = text.lines.text if text.lines.masked is None else text.lines.masked.code
        imports = [one.span() for one in _IMPORT.finditer(code) if renames.search(one[0]) is None]
        for match in re.finditer(rf"\b{word}\b", code):
            before = code[code.rfind("\n", 0, match.start()) + 1 : match.end()]
            if decorates.search(before):
                number += 1
            elif not (defines.search(before) or any(low <= match.start() < high for low, high in imports)):
                return f"what decorates it is used otherwise in {path}:{text.lines.position(match.start())[0]}"
    if number != decorated:
        return f"@{name} decorates something else as well"
    return None
