"""What frameworks give to parameters without annotation: the objects that handlers get, and pytest's fixtures.

The checker knows nothing of these, and so nothing of the calls of their methods.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from codemods.facts.arguments import closing
from codemods.facts.awaitables import arguments_of, result_of
from codemods.facts.expressions import Expressions
from codemods.facts.graph import CallGraph, Function, Parameter, ParameterKind
from codemods.facts.inheritance import last_name
from codemods.facts.texts import Text
from codemods.model import Span

FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture", "pytest_asyncio.plugin.fixture"})
_NAMED = re.compile(r"\bname\s*=\s*[\"'](\w+)[\"']")
_YIELD = re.compile(r"\byield[ \t]+(?=[\w(])")
_GENERATORS = ("typing.Generator[", "typing.Iterator[", "typing.AsyncGenerator[", "typing.AsyncIterator[")
SETS = r"\b\w*(?:patch|setattr|mock|stub|spy)\w*(?:\.\w+)*\s*\((?:[^()]|\([^()]*\))*?"
"""The beginning of a call that sets an attribute which a string names."""
_OPEN = frozenset({"Unknown", "Any", "typing.Any"})


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a function behind its parameters, what is no code left out."""

    code: str
    start: int
    """Its 0-based offset in the file."""

    def binds(self, name: str) -> bool:
        """Whether a name may get another value there."""
        return any(self._binds_at(*match.span()) for match in re.finditer(rf"(?<![\w.]){name}\b", self.code))

    def _binds_at(self, start: int, end: int) -> bool:
        """Whether a name that stands between two offsets may be bound by what is around it in its line."""
        low = self.code.rfind("\n", 0, start) + 1
        high = self.code.find("\n", end)
        before, behind = self.code[low:start], self.code[end : high if high >= 0 else len(self.code)]
        if re.match(r"\s*:=", behind) or re.search(r"\bas\s+[(\[]?\s*\Z|\b(?:global|nonlocal|del|import)\b", before):
            return True
        if re.search(r"\bfor\b(?:(?!\bin\b).)*\Z", before):
            return True
        is_assigned = re.match(r"[\w.*()\[\], \t]*(?::[^=]+)?[-+*/%&|^@<>]*=(?!=)", behind) is not None
        return is_assigned and _depth(self.code[:low]) == 0


def _depth(code: str) -> int:
    """How many brackets are open at the end of a piece of code."""
    return sum(code.count(one) for one in "([{") - sum(code.count(one) for one in ")]}")


def body_of(function: Function, text: Text) -> Body | None:
    """The body of a function; None where it cannot be told from what is around it."""
    masked = text.lines.masked
    start = text.lines.offset(function.span.end_line, function.span.end_column)
    opening = -1 if masked is None else masked.outline.find("(", start)
    end = None if masked is None or opening < 0 else closing(masked.outline, opening)
    if masked is None or end is None:
        return None
    line = text.lines.line(function.span.line)
    indentation = len(line) - len(line.lstrip())
    low = at = end + 1
    for number, content in enumerate(masked.outline[low:].splitlines(keepends=True)):
        if number and content.strip() and len(content) - len(content.lstrip()) <= indentation:
            break
        at += len(content)
    return Body(masked.code[low:at], low)


def open_parameters(function: Function) -> Sequence[Parameter]:
    """The parameters of a function without annotation."""
    return [one for one in function.parameters or () if one.type == "Unknown" and one.kind in _BY_NAME]


@dataclass
class Handed:
    """The types of parameters without annotation, as far as frameworks fill them."""

    graph: CallGraph
    texts: Mapping[str, Text]
    expressions: Expressions
    handlers: Mapping[str, str]
    """From a decorator, as packs name it, to the type of the first argument that what it decorates gets."""
    _types: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def types(self, function: Function) -> Mapping[str, str]:
        """The types of a function's parameters, by name."""
        found = self._types.get(function.name)
        if found is None:
            found = self._types[function.name] = self._found(function)
        return found

    def _found(self, function: Function) -> Mapping[str, str]:
        open_ones = open_parameters(function)
        found = dict(self._of_handler(function, open_ones))
        if not found and self._is_run_by_pytest(function):
            found = {
                one.name: type_
                for one in open_ones
                if one.is_required and (type_ := self._of_fixture(function, one.name)) is not None
            }
        body = body_of(function, self.texts[function.path]) if found else None
        return {} if body is None else {name: type_ for name, type_ in found.items() if not body.binds(name)}

    def makers(self, path: str, name: str) -> frozenset[str]:
        """The files that may have changed what a parameter of a name in a file gets."""
        return frozenset({*self._around(path), *(one.path for one in self._fixtures.get(name, ()))})

    def _of_handler(self, function: Function, open_ones: Sequence[Parameter]) -> Iterator[tuple[str, str]]:
        types = [
            self.handlers[one.known_as] for one in function.decorators if one.known_as and one.known_as in self.handlers
        ]
        first = (function.parameters or ())[1 if function.owner is not None else 0 :][:1]
        if len(types) == 1 and first and first[0] in open_ones:
            yield first[0].name, types[0]

    def _is_run_by_pytest(self, function: Function) -> bool:
        is_fixture = any(one.known_as in FIXTURES or one.target in FIXTURES for one in function.decorators)
        return is_fixture or last_name(function.name).startswith("test")

    @cached_property
    def _fixtures(self) -> Mapping[str, Sequence[Function]]:
        found: dict[str, list[Function]] = defaultdict(list)
        for one in self.graph.functions:
            for decorator in one.decorators:
                if decorator.known_as in FIXTURES or decorator.target in FIXTURES:
                    named = _NAMED.search(decorator.text)
                    found[named[1] if named else last_name(one.name)].append(one)
        return found

    def _of_fixture(self, function: Function, name: str) -> str | None:
        """The type of the fixture that pytest finds for a name; None where that is not certain."""
        parametrized = re.compile(rf"parametrize\s*\(\s*[\[(]?\s*[\"'][^\"'\n]*\b{name}\b")
        if any(parametrized.search(self.texts[path].lines.text) for path in self._around(function.path)):
            return None
        for found in self._in_reach(function, name):
            if found:
                return self._result(found[0]) if len(found) == 1 and found[0].name != function.name else None
        return None

    def _in_reach(self, function: Function, name: str) -> Iterator[Sequence[Function]]:
        """The fixtures of a name, from the nearest place that may have them."""
        fixtures = self._fixtures.get(name, ())
        yield [one for one in fixtures if one.path == function.path]
        for path in self._around(function.path)[1:]:
            yield [one for one in fixtures if one.path == path]
        yield fixtures  # it may be imported, or be that of a plugin

    def _around(self, path: str) -> Sequence[str]:
        """A file and the `conftest.py` files that it sees, nearest first."""
        folders = PurePosixPath(path).parents
        return [path, *(name for one in folders if (name := (one / "conftest.py").as_posix()) in self.texts)]

    def _result(self, fixture: Function) -> str | None:
        body = body_of(fixture, self.texts[fixture.path])
        if body is None or fixture.result is None:
            return None
        yields = list(_YIELD.finditer(body.code))
        result = fixture.result
        if yields:
            result = next(arguments_of(result)) if result.startswith(_GENERATORS) else "Unknown"
            if result in _OPEN and len(yields) == 1:
                result = self._type_at(fixture.path, body.start + yields[0].end())
        elif fixture.is_async:
            result = result_of(result) or "Unknown"
        return None if result in _OPEN else result

    def _type_at(self, path: str, offset: int) -> str:
        """The type of the whole expression that starts at an offset, and ends its line."""
        lines = self.texts[path].lines
        line, column = lines.position(offset)
        ends = Span(line, column, line, column + len(lines.text[offset:].partition("\n")[0].rstrip()))
        return self.expressions.types(path).get(ends, "Unknown")


_BY_NAME = frozenset({ParameterKind.EITHER, ParameterKind.KEYWORD})


def sets_attribute(texts: Iterable[Text], name: str) -> bool:
    """Whether a file may put something else in the place of methods of a name: a test's mock."""
    by_name = (
        rf"\b\w*(?:patch|setattr|mock|stub|spy)\w*(?:\.\w+)*\s*\((?:[^()]|\([^()]*\))*?[\"'](?:[\w.]+\.)?{name}[\"']"
    )
    pattern = re.compile(rf"\.{name}\s*=[^=]|{by_name}")
    return any(pattern.search(text.lines.text) for text in texts if name in text.lines.words)
