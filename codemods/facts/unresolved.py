"""Calls that the checker could not resolve: which name they call, and so which function they may mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from codemods.facts.assemble import Text
from codemods.facts.graph import Call, CallKind
from codemods.model import Span

_NAMED_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_OPENS = {")": "(", "]": "[", "}": "{"}

_BY_STRING = re.compile(
    r"\b(?:getattr|hasattr|setattr|attrgetter|methodcaller|patch(?:\.object|\.multiple)?|globals\(\)\s*\[|locals\(\)\s*\[)"
    r"[^\n]*?[\"'](?:[\w.:]*[.:])?([^\W\d]\w*)[\"']"
)
_BY_PREFIX = re.compile(r"\bgetattr\s*\([^\n]*?(?:[\"'](\w+)[\"']\s*[+%]|f[\"'](\w+)\{)")


@dataclass(frozen=True, slots=True)
class UnresolvedCall:
    """A call of which only the name is known."""

    call: Call
    name: str


def unresolved_calls(
    calls: Iterable[Call], texts: Mapping[str, Text], names: frozenset[str]
) -> Iterator[UnresolvedCall]:
    """The unresolved calls that carry one of the names. A call whose name is in doubt counts for each it may be."""
    for call in calls:
        if call.is_resolved or call.targets or call.kind is not CallKind.CALL:
            continue
        text = texts[call.path].lines.slice(call.span)
        for name in called_names(text):
            if name in names:
                yield UnresolvedCall(call, name)


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


def names_in_strings(texts: Mapping[str, Text]) -> Iterator[tuple[str, str, bool]]:
    """Names that are looked up by string, with the file, and whether the string is only how the name begins.

    Looks at what `getattr`, `patch`, `methodcaller` and their like are given on the same line.
    """
    for path, text in sorted(texts.items()):
        code = text.lines.text
        for match in _BY_STRING.finditer(code):
            yield match[1], path, False
        for match in _BY_PREFIX.finditer(code):
            yield match[1] or match[2], path, True


def unresolved_mentions(
    texts: Mapping[str, Text], names: frozenset[str], types_of: Callable[[str], Mapping[Span, str]]
) -> Iterator[tuple[str, str, int]]:
    """Attributes of objects of unknown type that carry one of the names and are not called, with file and line.

    The report does not mention them. `types_of` gives the types of the expressions of a file.
    """
    mention = re.compile(r"\.\s*(" + "|".join(map(re.escape, sorted(names))) + r")\b(?!\s*[(.\w]|\s+import\b)")
    for path, text in sorted(texts.items()) if names else ():
        types: dict[tuple[int, int], str] | None = None
        for match in mention.finditer(text.lines.text):
            if types is None:
                types = {(span.end_line, span.end_column): kind for span, kind in types_of(path).items()}
            line, column = text.lines.position(match.start())
            kind = types.get((line, column))
            unknown = kind is None or "Unknown" in kind or "Any" in kind
            if unknown and not _is_import_or_comment(text.lines.line(line), column):
                yield match[1], path, line


def _is_import_or_comment(line: str, column: int) -> bool:
    return line.lstrip().startswith(("import ", "from ")) or "#" in line[:column]


def assigned_attributes(texts: Mapping[str, Text], names: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Assignments to attributes that carry one of the names, on objects or in class bodies, with file and line."""
    wanted = "|".join(map(re.escape, sorted(names)))
    assigned = re.compile(rf"(?:\.\s*|^[ \t]+)({wanted})[ \t]*(?::[^=\n]+)?=(?!=)", re.M)
    for path, text in sorted(texts.items()) if names else ():
        for match in assigned.finditer(text.lines.text):
            line, _ = text.lines.position(match.start(1))
            if text.lines.text[match.start()] == "." or _is_in_class_body(text, line):
                yield match[1], path, line


def _is_in_class_body(text: Text, line: int) -> bool:
    """Whether the nearest line above that is indented less starts a class."""
    depth = _indent(text.lines.line(line))
    for above in range(line - 1, 0, -1):
        content = text.lines.line(above)
        if content.strip() and _indent(content) < depth:
            return content.lstrip().startswith("class ")
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
