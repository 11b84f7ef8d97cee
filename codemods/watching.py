"""Functions whose results something else than their resolved calls may see, or make up."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from codemods.facts.assemble import Text
from codemods.facts.graph import Function
from codemods.facts.inheritance import last_name
from codemods.planning.boundaries import keeps_function

_REPLACES = re.compile(r"\b(?:mock|Mock|patch|monkeypatch|mocker|setattr)\b")


def watched(
    names: Container[str], functions: Iterable[Function], texts: Mapping[str, Text]
) -> Iterator[tuple[str, str]]:
    """Of the functions with some names, those whose results are seen or made up elsewhere, and where.

    `texts` are all files of the project by name: a test may put something of its own in a function's place.
    """
    for function in functions:
        if function.name in names:
            why = _by_definition(function) or _by_mock(function, texts)
            if why is not None:
                yield function.name, why


def _by_definition(function: Function) -> str | None:
    shown = next((one.text for one in function.decorators if not keeps_function(one)), None)
    if shown is not None:
        return f"@{shown} may look into it"
    if function.overrides_foreign is not None:
        return f"{function.name} overrides {function.overrides_foreign}"
    return None


def _by_mock(function: Function, texts: Mapping[str, Text]) -> str | None:
    name = re.escape(last_name(function.name))
    replaced = re.compile(rf"\.{name}\s*=[^=]|[\"'](?:[\w.:]+[.:])?{name}[\"']")
    for path, text in sorted(texts.items()):
        match = replaced.search(text.lines.text)
        if match is not None and (match[0].startswith(".") or _REPLACES.search(text.lines.text)):
            line = text.lines.position(match.start())[0]
            return f"{path}:{line} may put something else in the place of {function.name}"
    return None
