"""Names that are looked up as strings: `getattr`, mocks that replace a function, dotted paths.

What is asked may be known: the checker gives its type, or the string names a module of the project. `hasattr` calls
nothing and hands nothing on, and what it answers does not depend on a function's color.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codemods.facts.arguments import Argument, arguments_in, closing
from codemods.facts.assemble import Text
from codemods.facts.kinds import Kind, kinds_of
from codemods.facts.unresolved import Mention, class_line_around
from codemods.model import Span
from codemods.tree import LineTable

_LOOKUP = re.compile(
    r"\b(getattr|setattr|attrgetter|methodcaller|patch(?:\.object|\.multiple)?)\s*\(|\b(globals|locals|vars)\(\)\s*\["
)
_STRING = re.compile(
    r"[bBrRuU]{0,2}(?P<quote>\"\"\"|'''|\"|')(?P<content>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)", re.S
)
_PREFIX = re.compile(r"(?:[rRuU]?[\"'](\w+)[\"']\s*[+%]|[rR]?[fF][rR]?[\"'](\w+)\{)")
_DOTTED = re.compile(r"(?:(?P<before>[\w.:]*)[.:])?(?P<name>[^\W\d]\w*)\Z")
_PATH = re.compile(r"[\"'](?P<path>(?:[^\W\d]\w*[.:])+(?P<name>[^\W\d]\w*))[\"']")
_TYPES_SAY = re.compile(r"[^\W\d]\w*\Z|(?:type|super)\([^()]*\)\Z")
"""Expressions whose type is all that they can be: an attribute may be set to something else from anywhere."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for."""

    names: frozenset[str]
    project: Collection[str]
    """The top-level names of the project's modules."""
    types_of: Callable[[str], Mapping[Span, str]]

    def has(self, name: str) -> bool:
        return name in self.names

    def has_prefix(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.names)

    def is_in_project(self, path: str) -> bool:
        """Whether a dotted path may lead into the project, from any of its folders."""
        return any(part in self.project for part in re.split(r"[.:]", path)[:-1])


def looked_up_names(
    texts: Mapping[str, Text],
    names: frozenset[str],
    project: Collection[str],
    types_of: Callable[[str], Mapping[Span, str]],
) -> Iterator[Mention]:
    """The wanted names that are looked up by string, whole or how they begin.

    `project` holds the top-level names of the project's modules; `types_of` gives the types of a file's expressions.
    """
    if not names:
        return
    wanted = _Wanted(names, project, types_of)
    for path, text in sorted(texts.items()):
        lines = text.lines
        if names.isdisjoint(lines.words) and _PREFIX.search(lines.text) is None:
            continue
        yield from _paths(path, lines, wanted)
        for match in _LOOKUP.finditer(lines.text):
            if lines.masked is None or lines.masked.code[match.start()] == lines.text[match.start()]:
                yield from _Lookup(path, lines, match, wanted).mentions()


def _paths(path: str, lines: LineTable, wanted: _Wanted) -> Iterator[Mention]:
    """Strings that are a path to something in the project."""
    for match in _PATH.finditer(lines.text):
        if wanted.has(match["name"]) and wanted.is_in_project(match["path"]):
            holder = re.split(r"[.:]", match["path"])[-2]
            why, line = f"{path} looks up that name as a string", lines.position(match.start())[0]
            yield Mention(match["name"], path, why, line, holder=holder)


class _Lookup:
    """One place where names are looked up."""

    def __init__(self, path: str, lines: LineTable, match: re.Match[str], wanted: _Wanted) -> None:
        self._path = path
        self._lines = lines
        self._match = match
        self._wanted = wanted

    def mentions(self) -> Iterator[Mention]:
        """What is looked up."""
        opening = self._match.end() - 1
        arguments = self._arguments(opening)
        if arguments is None:
            yield from self._in_line(opening)
            return
        match self._match[1]:
            case "patch":
                yield from self._patched(arguments[:1])
            case "patch.multiple":
                for one in arguments[1:]:
                    if one.keyword is not None and self._wanted.has(one.keyword):
                        yield self._mention(one.keyword, self._why, arguments[0])
            case "attrgetter" | "methodcaller" | None:
                for one in arguments:
                    yield from self._names(one.text, asked=None)
            case _:
                yield from self._asked(arguments)

    @property
    def _why(self) -> str:
        return f"{self._path} looks up that name as a string"

    def _arguments(self, opening: int) -> tuple[Argument, ...] | None:
        if self._lines.masked is None:
            return None
        outline = self._lines.masked.outline
        end = closing(outline, opening)
        if outline[opening] not in "([" or end is None:  # it stands in an f-string
            return None
        return arguments_in(outline, self._lines.text, opening + 1, end)

    def _in_line(self, opening: int) -> Iterator[Mention]:
        """All that the rest of the line can mean."""
        yield from self._names(self._lines.text[opening:].partition("\n")[0], asked=None)

    def _patched(self, arguments: Sequence[Argument]) -> Iterator[Mention]:
        """A mock names what it replaces from the top: in the project, or not."""
        for one in arguments:
            for found in _STRING.finditer(one.text):
                is_path = "." in found["content"] and _STRING.fullmatch(one.text) is not None
                if not is_path or self._wanted.is_in_project(found["content"]):
                    yield from self._named(found["content"], None)

    def _asked(self, arguments: Sequence[Argument]) -> Iterator[Mention]:
        """What `getattr(asked, name)` and its like can mean."""
        by_keyword = {one.keyword: one for one in arguments if one.keyword is not None}
        places = [one for one in arguments if one.keyword is None]
        if any(one.stars for one in arguments) or len(places) < 2:
            for one in (*places, *by_keyword.values()):
                yield from self._names(one.text, asked=None)
            return
        if self._match[1] == "setattr" and _STRING.fullmatch(places[0].text):  # of a monkeypatch: a path
            yield from self._patched(places[:1])
            return
        yield from self._names(places[1].text, asked=places[0])

    def _names(self, text: str, asked: Argument | None) -> Iterator[Mention]:
        for found in _STRING.finditer(text):
            yield from self._named(found["content"], asked)
        for found in _PREFIX.finditer(text):
            prefix = found[1] or found[2]
            if not self._wanted.has_prefix(prefix):
                continue
            why = f"{self._path} looks up names that begin with {prefix!r} as strings"
            yield self._mention(prefix, why, asked, is_prefix=True)

    def _named(self, content: str, asked: Argument | None) -> Iterator[Mention]:
        match = _DOTTED.match(content)
        if match is not None and self._wanted.has(match["name"]):
            before = re.split(r"[.:]", match["before"])[-1] if match["before"] else None
            yield self._mention(match["name"], self._why, asked, holder=before)

    def _mention(
        self, name: str, why: str, asked: Argument | None, *, is_prefix: bool = False, holder: str | None = None
    ) -> Mention:
        line = self._lines.position(self._match.start())[0]
        is_own = asked is not None and asked.text in {"self", "cls"}
        return Mention(
            name,
            self._path,
            why,
            line,
            class_line_around(self._lines, line) if is_own else None,
            is_prefix=is_prefix,
            kinds=None if asked is None or is_own else self._kinds(asked),
            holder=holder,
        )

    def _kinds(self, asked: Argument) -> frozenset[Kind] | None:
        if _TYPES_SAY.match(asked.text) is None and "." not in asked.text:
            return None
        span = self._lines.span(asked.start, asked.start + len(asked.text))
        kinds = kinds_of(self._wanted.types_of(self._path).get(span))
        is_plain = _TYPES_SAY.match(asked.text) is not None
        # an attribute may be set from anywhere; a class or a module that it names is what it is
        return kinds if is_plain or kinds is None or all(one.is_class or one.is_module for one in kinds) else None
