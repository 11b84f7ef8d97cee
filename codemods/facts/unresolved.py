"""Calls that the checker could not resolve: which name they call, and so which function they may mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from codemods.facts.arguments import Argument, arguments_in, closing
from codemods.facts.bindings import foreign_names
from codemods.facts.graph import Call, CallKind
from codemods.facts.kinds import UNKNOWN, Kind, is_partly_known, kinds_of, members_of
from codemods.facts.statements import ungrouped_end
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.tree import LineTable

_NAMED_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_OPENS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that may call a function of which only the name is known, or hand it to someone who does."""

    name: str
    """How the function is called; only how that begins for a prefix."""
    path: str
    why: str
    """What stands there, as text with its place."""
    line: int
    """Where it stands."""
    class_line: int | None = None
    """The line of the class statement around it when it is asked of `self`: an instance of that class."""
    is_prefix: bool = False
    kinds: frozenset[Kind] | None = None
    """What the object that is asked can be, where that is known."""
    holder: str | None = None
    """The name before it in a dotted path: that of a class or a module."""
    arguments: tuple[Argument, ...] | None = None
    """What is handed over, when it is called there."""
    is_bare: bool = False
    """Whether it is called by its name alone, not as an attribute of something."""
    is_of_instance: bool = False
    """Whether what is asked is no module: only a method can be meant."""
    is_mock: bool = False
    """Whether a mock takes its place that gives a coroutine where that does, of a result that is told."""


def texts_with(names: frozenset[str], texts: Mapping[str, Text]) -> Iterator[tuple[str, Text]]:
    """The texts in which one of the names occurs, by file name and in its order."""
    return ((path, text) for path, text in sorted(texts.items()) if not names.isdisjoint(text.lines.words))


def unresolved_calls(
    calls: Iterable[Call], texts: Mapping[str, Text], names: frozenset[str], project: Collection[str]
) -> Iterator[Mention]:
    """The unresolved calls that carry one of the names. A call whose name is in doubt counts for each it may be.

    `project` holds the top-level names of the project's modules: functions of modules from elsewhere are not meant.
    """
    foreign: dict[tuple[str, str], Mapping[str, bool]] = {}
    for call in calls:
        if call.is_resolved or call.targets or call.kind is not CallKind.CALL:
            continue
        lines = texts[call.path].lines
        text = lines.slice(call.span)
        wanted = called_names(text) & names
        if not wanted:
            continue
        first = re.match(r"\w*", text)
        key = (call.path, first[0] if first is not None else "")
        if key not in foreign:  # told for this name alone: it takes several searches of the whole text
            code = lines.text if lines.masked is None else lines.masked.code
            foreign[key] = foreign_names(code, project, key[1:])
        if _is_foreign_function(text, foreign[key]):
            continue
        why = f"{call.path}:{call.span.line} calls something of that name on a receiver of unknown type"
        is_own = re.match(r"(?:self|cls|super\(\))\.\w+\(", text) is not None
        opening = _matching_parenthesis(text)
        for name in sorted(wanted):
            yield Mention(
                name,
                call.path,
                why,
                call.span.line,
                class_line_around(lines, call.span.line) if is_own else None,
                arguments=None if opening is None else _arguments(lines, call.span, opening),
                is_bare=opening is not None and text[:opening].strip() == name,
            )


def _arguments(lines: LineTable, span: Span, opening: int) -> tuple[Argument, ...] | None:
    """What a call hands over, `opening` being where its parenthesis stands in it."""
    if lines.masked is None:
        return None
    start = lines.offset(span.line, span.column) + opening + 1
    return arguments_in(lines.masked.outline, lines.text, start, lines.offset(span.end_line, span.end_column) - 1)


def _is_foreign_function(call: str, foreign: Mapping[str, bool]) -> bool:
    """Whether a call's text calls a function of a module from outside, or a method of something in one."""
    match = re.match(r"(\w+)(?:\.(\w+))?\.\w+\(", call)
    if match is None or match[1] not in foreign or _matching_parenthesis(call) != match.end() - 1:
        return False  # what such a call gives may be anything, and so may a method of that
    return match[2] is None or foreign[match[1]]


def called_names(text: str) -> frozenset[str]:
    """The names that a call expression may call: one, unless strings in it hold parentheses."""
    opening = _matching_parenthesis(text)
    if opening is not None:
        match = re.search(r"([^\W\d]\w*)\s*\Z", text[:opening])
        # `f(x)(y)` and `table[k](y)` call something without a name
        return frozenset() if match is None else frozenset({match[1]})
    return frozenset(_NAMED_CALL.findall(text))


def _matching_parenthesis(text: str) -> int | None:
    """The offset of the parenthesis that the last one closes; None when that cannot be told from brackets alone."""
    if not text.endswith(")"):
        return None
    if "'" in text or '"' in text or "#" in text:
        text = re.sub(
            r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", _blanked, text, flags=re.S
        )
        text = re.sub(r"#[^\n]*", _blanked, text)
    open_brackets: list[str] = []
    for at in range(len(text) - 1, -1, -1):
        character = text[at]
        if character in _OPENS:
            open_brackets.append(_OPENS[character])
        elif character in "([{":
            if not open_brackets or open_brackets.pop() != character:
                return None
            if not open_brackets:
                return at
    return None


def _blanked(match: re.Match[str]) -> str:
    return " " * len(match[0])


def unresolved_mentions(
    texts: Mapping[str, Text],
    names: frozenset[str],
    project: Collection[str],
    types_of: Callable[[str], Mapping[Span, str]],
    known: Container[tuple[str, int, int]],
) -> Iterator[Mention]:
    """Attributes that carry one of the names, of objects of unknown type, and not called; of partly known, called too.

    The report does not mention them: it resolves a call by what is known of the receiver, the default of a parameter,
    say. `types_of` gives the types of the expressions of a file; `known` the ends of receivers, by file name, line
    and column, of which all is known nevertheless.
    """
    mention = re.compile(
        r"\.\s*(" + "|".join(map(re.escape, sorted(names))) + r")\b(?!\s*[.\w]|\s+import\b)(?P<called>\s*\()?"
    )
    for path, text in texts_with(names, texts):
        types: dict[tuple[int, int], str] | None = None
        for match in mention.finditer(text.lines.text):
            if not text.lines.is_code(match.start()):
                continue
            if types is None:
                types = {(span.end_line, span.end_column): kind for span, kind in types_of(path).items()}
            line, column = text.lines.position(match.start())
            masked = text.lines.masked
            end = match.start() if masked is None else ungrouped_end(masked.outline, match.start())
            kind = types.get(text.lines.position(end))
            if match["called"]:
                if kind is not None and is_partly_known(kind, project) and (path, line, column) not in known:
                    why = (
                        f"{path}:{line} calls something of that name on a receiver that is not always a {_shown(kind)}"
                    )
                    yield Mention(match[1], path, why, line, arguments=_arguments_after(text.lines, match.end() - 1))
                continue
            is_unknown = kind is None or (("Unknown" in kind or "Any" in kind) and kinds_of(kind) is None)
            if is_unknown and not _is_import(text.lines.line(line)):
                why = f"{path}:{line} uses something of that name of an object of unknown type as a value"
                yield Mention(match[1], path, why, line)


def _arguments_after(lines: LineTable, opening: int) -> tuple[Argument, ...] | None:
    """What a call hands over whose parenthesis stands at an offset."""
    end = None if lines.masked is None else closing(lines.masked.outline, opening)
    if lines.masked is None or end is None or lines.masked.outline[opening] != "(":
        return None
    return arguments_in(lines.masked.outline, lines.text, opening + 1, end)


def _shown(kind: str) -> str:
    """The part of a type that is known."""
    return " or ".join(part for part in members_of(kind) if part not in UNKNOWN)


def _is_import(line: str) -> bool:
    return line.lstrip().startswith(("import ", "from "))


def assigned_attributes(texts: Mapping[str, Text], names: frozenset[str]) -> Iterator[Mention]:
    """Assignments to attributes that carry one of the names, on objects or in class bodies."""
    wanted = "|".join(map(re.escape, sorted(names)))
    assigned = re.compile(rf"(?:(\w*)\.\s*|^[ \t]+)({wanted})[ \t]*(?::[^=\n]+)?=(?!=)", re.M)
    for path, text in texts_with(names, texts):
        for match in assigned.finditer(text.lines.text):
            if not text.lines.is_code(match.start(2)):
                continue
            line, _ = text.lines.position(match.start(2))
            in_class = match[1] is None and _is_in_class_body(text.lines, line)
            if match[1] is not None or in_class:
                why = f"{path}:{line} assigns something to an attribute of that name"
                is_own = in_class or match[1] in {"self", "cls"}
                yield Mention(match[2], path, why, line, class_line_around(text.lines, line) if is_own else None)


def _is_in_class_body(lines: LineTable, line: int) -> bool:
    """Whether the nearest line above that is indented less starts a class."""
    above = outer_line(lines, line)
    return above is not None and _starts_class(lines.line(above))


def class_line_around(lines: LineTable, line: int) -> int | None:
    """The line of the innermost class statement around a line."""
    above = outer_line(lines, line)
    while above is not None and not _starts_class(lines.line(above)):
        above = outer_line(lines, above)
    return above


def outer_line(lines: LineTable, line: int) -> int | None:
    """The nearest line above that is indented less."""
    depth = _indent(lines.line(line))
    for above in range(line - 1, 0, -1):
        content = lines.line(above)
        if content.strip() and _indent(content) < depth:
            return above
    return None


def _starts_class(content: str) -> bool:
    return content.lstrip().startswith("class ")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
