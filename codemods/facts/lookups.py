"""Names that are looked up as strings: `getattr`, mocks that replace a function, dotted paths.

What is asked may be known: the checker gives its type, or the string names a module of the project. `hasattr` calls
nothing and hands nothing on, and what it answers does not depend on a function's color.

A name that is computed (`getattr(plugin, name)`) can be any that some string of the project holds, or begins with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.facts.arguments import Argument, arguments_in, closing
from codemods.facts.kinds import Kind, kinds_of
from codemods.facts.texts import Text
from codemods.facts.unresolved import Mention, class_line_around
from codemods.model import Span
from codemods.tree import LineTable

_LOOKUP = re.compile(
    r"\b(getattr|setattr|attrgetter|methodcaller|patch(?:\.object|\.multiple)?)\s*\("
    r"|\b(?:(globals|locals|vars)\([^()]*\)|__dict__)\s*(?:\[|\.\s*(?:get|pop)\s*\()"
)
_STRING = re.compile(
    r"[bBrRuU]{0,2}(?P<quote>\"\"\"|'''|\"|')(?P<content>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)", re.S
)
_PREFIX = re.compile(r"(?:[rRuU]?[\"'](\w+)[\"']\s*[+%]|[rR]?[fF][rR]?[\"'](\w+)\{)")
_BEGINS = re.compile(
    r"startswith\(\s*[rRuU]?[\"'](\w+)[\"']|(?<!\w)[rRuU]?[\"'](\w+)[\"']\s*\+"
    r"|\b[rR]?[fF][rR]?[\"'](\w+)(?:\{[^{}\n]*\}\w*)+[\"']|[\"'](\w+)(?:%s\w*|\{\w*\}\w*)+[\"']\s*(?:%|\.format\b)"
)
"""Where a name is put together, or asked how it begins: nothing but words stands in the whole of it."""
_HANDLES_MODULES = re.compile(
    r"\bimport_module\b|\b__import__\b|\bsys\.modules\b|\bgetmodule\b|\bpkgutil\b|\bexec_module\b|\bload_module\b|\bentry_points\b"
)
"""What gives modules as values, of which functions can be asked."""
_OF_LOOKUP = re.compile(
    r"(?:\b(?:getattr|setattr|delattr|hasattr|patch\.object)\s*\([^()\"'\n]*,\s*|\.(?:get|pop)\s*\(\s*|(?<=[\w)\]])\[\s*)\Z"
)
"""What stands before a string that is looked up where it stands, or a key."""
_DOTTED = re.compile(r"(?:(?P<before>[\w.:]*)[.:])?(?P<name>[^\W\d]\w*)\Z")
_PATH = re.compile(r"[\"'](?P<path>(?:[^\W\d]\w*[.:])+(?P<name>[^\W\d]\w*))[\"']")
_OF_MOCKS = frozenset({"autospec", "return_value", "side_effect"})
"""What a mock is told and any color of it can be told; the last two say what it gives."""
HOOKS = frozenset({"__getattr__", "__getattribute__"})
"""What Python calls for attributes that a class does not have, or for all."""
_DEFINITION = re.compile(
    r"^(?P<indent>[ \t]*)(?:async[ \t]+)?def[ \t]+(?P<function>\w+)\s*\(\s*(?:\w+\s*,\s*(?P<name>\w+))?", re.M
)
_TYPES_SAY = re.compile(r"[^\W\d]\w*\Z|(?:type|super)\([^()]*\)\Z")
"""Expressions whose type is all that they can be: an attribute may be set to something else from anywhere."""


@dataclass(frozen=True)
class _Wanted:
    """What is looked for."""

    names: frozenset[str]
    project: Collection[str]
    """The top-level names of the project's modules."""
    types_of: Callable[[str], Mapping[Span, str]]
    texts: Mapping[str, Text]

    @cached_property
    def written(self) -> Mapping[str, str]:
        """The wanted names that a string of the project is, with the first place."""
        found: dict[str, str] = {}
        for path, text in sorted(self.texts.items()):
            names = sorted(self.names & text.lines.words)
            if not names:
                continue
            pattern = re.compile(rf"([\"'])({'|'.join(map(re.escape, names))})\1")
            for match in pattern.finditer(text.lines.text):
                if (
                    match[2] not in found
                    and _OF_LOOKUP.search(text.lines.text, max(0, match.start() - 200), match.start()) is None
                ):
                    found[match[2]] = f"{path}:{text.lines.position(match.start())[0]}"
        return found

    @cached_property
    def begun(self) -> Mapping[str, str]:
        """How wanted names begin where strings are put together, or asked how they begin; with the first place."""
        found: dict[str, str] = {}
        for path, text in sorted(self.texts.items()):
            for match in _BEGINS.finditer(text.lines.text):
                prefix = next(one for one in match.groups() if one)
                if prefix not in found and self._is_first_word(prefix):
                    found[prefix] = f"{path}:{text.lines.position(match.start())[0]}"
        return found

    @cached_property
    def has_modules_as_values(self) -> bool:
        """Whether an object of unknown type may be a module."""
        return any(_HANDLES_MODULES.search(text.lines.text) for text in self.texts.values())

    def _is_first_word(self, prefix: str) -> bool:
        """Whether wanted names go on with another word: `on_start`, `onStart`."""
        rests = [name[len(prefix) :] for name in self.names if name.startswith(prefix)]
        is_ended = prefix.endswith("_") and prefix.strip("_") != ""
        return any(is_ended or rest[:1].isupper() for rest in rests)

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
    wanted = _Wanted(names, project, types_of, texts)
    for path, text in sorted(texts.items()):
        lines = text.lines
        lookups = [
            _Lookup(path, lines, match, wanted)
            for match in _LOOKUP.finditer(lines.text)
            if lines.masked is None or lines.masked.code[match.start()] == lines.text[match.start()]
        ]
        if not names.isdisjoint(lines.words):
            yield from _paths(path, lines, wanted, {one.mocked for one in lookups})
        for one in lookups:
            yield from one.mentions()


def _paths(path: str, lines: LineTable, wanted: _Wanted, mocked: Container[int | None]) -> Iterator[Mention]:
    """Strings that are a path to something in the project, but for those at offsets where a mock is named by it."""
    for match in _PATH.finditer(lines.text):
        if match.start() in mocked:
            continue
        if wanted.has(match["name"]) and wanted.is_in_project(match["path"]):
            holder = re.split(r"[.:]", match["path"])[-2]
            why, line = f"{path} looks up that name as a string", lines.position(match.start())[0]
            yield Mention(match["name"], path, why, line, holder=holder)


def _is_written_out(name: str) -> bool:
    """Whether the expression of a name shows what the name is, or how it begins: a text, or one of two texts."""
    if _PREFIX.match(name) is not None:
        return True
    first = _STRING.match(name)
    rest = name[first.end() :].strip() if first is not None else name
    chosen = re.match(r"if\b.*\belse\b\s*", rest, re.S)
    return not rest or (chosen is not None and _STRING.fullmatch(rest[chosen.end() :]) is not None)


def _is_mock_of_its_kind(arguments: Sequence[Argument], named: int) -> bool:
    """Whether `patch` puts a mock of its own in the place of what it names, and is told what that gives.

    Of a coroutine function it makes an AsyncMock. What such a mock gives unless it is told is an AsyncMock, too, whose
    methods would have to be awaited. Source: the standard library's `unittest.mock`, `_patch.__enter__`.
    """
    keywords = {one.keyword for one in arguments if one.keyword is not None}
    is_plain = not any(one.stars for one in arguments) and len(arguments) - len(keywords) == named
    return is_plain and keywords <= _OF_MOCKS and not keywords.isdisjoint({"return_value", "side_effect"})


class _Lookup:
    """One place where names are looked up."""

    def __init__(self, path: str, lines: LineTable, match: re.Match[str], wanted: _Wanted) -> None:
        self._path = path
        self._lines = lines
        self._match = match
        self._wanted = wanted

    @property
    def mocked(self) -> int | None:
        """The offset of the text that names what a mock of its kind replaces; None where there is none."""
        if self._match[1] != "patch":
            return None
        arguments = self._arguments(self._match.end() - 1)
        return arguments[0].start if arguments and _is_mock_of_its_kind(arguments, 1) else None

    def mentions(self) -> Iterator[Mention]:
        """What is looked up."""
        opening = self._match.end() - 1
        arguments = self._arguments(opening)
        if arguments is None:
            yield from self._in_line(opening)
            return
        match self._match[1]:
            case "patch":
                is_mock = _is_mock_of_its_kind(arguments, 1)
                yield from (replace(one, is_mock=is_mock) for one in self._patched(arguments[:1]))
            case "patch.multiple":
                for one in arguments[1:]:
                    if one.keyword is not None and self._wanted.has(one.keyword):
                        yield self._mention(one.keyword, self._why, arguments[0])
            case "attrgetter" | "methodcaller" | None:
                for one in arguments:
                    yield from self._names(one.text, asked=None)
                if not all(_is_written_out(one.text) for one in arguments):
                    yield from self._computed(None)
            case name:
                is_mock = name == "patch.object" and _is_mock_of_its_kind(arguments, 2)
                yield from (replace(one, is_mock=is_mock) for one in self._asked(arguments))

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
        # an attribute that is set by a computed name is hardly ever a method
        is_seen = _is_written_out(places[1].text) or self._is_asked_elsewhere(places[1].text)
        if self._match[1] != "setattr" and not is_seen:
            yield from self._computed(places[0])

    def _is_asked_elsewhere(self, name: str) -> bool:
        """Whether a name is the one that `__getattr__` was asked for: what asked for that is a mention of its own."""
        before = self._lines.text[: self._match.start()]
        around = list(_DEFINITION.finditer(before))
        if not around or around[-1]["function"] not in HOOKS or around[-1]["name"] != name:
            return False
        start = before.rpartition("\n")[2]
        is_inside = len(start) - len(start.lstrip()) > len(around[-1]["indent"])
        return is_inside and re.search(rf"\b{name}\s*(?::[^=\n]*)?=[^=]", before[around[-1].end() :]) is None

    def _computed(self, asked: Argument | None) -> Iterator[Mention]:
        """All that a name can be which is computed elsewhere."""
        if not self._wanted.written and not self._wanted.begun:
            return
        any_name = self._mention("", "", asked)  # what is asked has to be found out once
        is_module = self._wanted.has_modules_as_values or self._match[2] is not None
        any_name = replace(any_name, is_of_instance=any_name.kinds is None and not is_module)
        why = f"{self._path}:{any_name.line} looks up a name that is computed, and"
        for name, place in self._wanted.written.items():
            yield replace(any_name, name=name, why=f"{why} {place} has that name as a string")
        for prefix, place in self._wanted.begun.items():
            how = f"{why} {place} has {prefix!r} as the beginning of a string"
            yield replace(any_name, name=prefix, why=how, is_prefix=True)

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
