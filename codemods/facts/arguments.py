"""What a call hands over, and whether a function takes it: a call that it does not take is no call of it.

Arguments are bound before a function runs, async or not, so that one that cannot be bound raises the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codemods.facts.graph import Parameter, ParameterKind

_SPACE = r"(?:\s|\\\r?\n|#[^\r\n]*)*"
_WRITTEN = re.compile(rf"{_SPACE}(?:(?P<stars>\*{{1,2}})|(?P<keyword>[^\W\d]\w*){_SPACE}=(?!=))?{_SPACE}")
_LITERAL = re.compile(r"\s*(?:[A-Za-z]{0,3}[\"']|\d)")
_OPENS, _CLOSES = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as written."""

    text: str
    start: int
    """Its 0-based offset in the text that was searched."""
    keyword: str | None = None
    stars: str = ""
    """`*`, `**` or nothing."""


def arguments_in(outline: str, text: str, start: int, end: int) -> tuple[Argument, ...] | None:
    """The arguments between two offsets, those of the call's parentheses; None when they cannot be told apart.

    `outline` is the text with its strings and comments blanked.
    """
    if re.search(r"\blambda\b(?![^,:()\[\]{}]*:)", outline[start:end]):
        return None  # the commas between its parameters are not the call's
    found: list[Argument] = []
    for low, high in parts_between(outline, start, end):
        written = _WRITTEN.match(text, low, high)
        assert written is not None  # all of it may be empty
        begin = written.end()
        argument = text[begin:high].rstrip()
        if argument:
            found.append(Argument(argument, begin, written["keyword"], written["stars"] or ""))
    return tuple(found)


def parts_between(code: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts between the commas of the same level, by their offsets; the last one may be empty."""
    depth = 0
    low = start
    for at in range(start, end):
        character = code[at]
        if character in _OPENS:
            depth += 1
        elif character in _CLOSES:
            depth -= 1
        elif character == "," and depth == 0:
            yield low, at
            low = at + 1
    yield low, end


def closing(code: str, opening: int) -> int | None:
    """The offset of the bracket that closes the one at an offset; None when there is none."""
    depth = 0
    for match in re.compile(r"[()\[\]{}]").finditer(code, opening):
        depth += 1 if match[0] in _OPENS else -1
        if depth == 0:
            return match.start()
    return None


def accepts(parameters: Sequence[Parameter], arguments: Sequence[Argument], *, is_method: bool) -> bool:
    """Whether a function may be called with some arguments: on an instance, or, for a method, on its class."""
    if _binds(parameters, arguments):
        # an instance as the first argument: text and numbers are none
        first = next((one for one in arguments if one.keyword is None), None)
        if not is_method or first is None or first.stars or not _LITERAL.match(first.text):
            return True
    return is_method and bool(parameters) and _binds(parameters[1:], arguments)


def _binds(parameters: Sequence[Parameter], arguments: Sequence[Argument]) -> bool:
    places = [one for one in parameters if one.kind in {ParameterKind.POSITIONAL, ParameterKind.EITHER}]
    names = {one.name for one in parameters if one.kind in {ParameterKind.EITHER, ParameterKind.KEYWORD}}
    kinds = {one.kind for one in parameters}
    positional = [one for one in arguments if one.keyword is None and not one.stars]
    keywords = {one.keyword for one in arguments if one.keyword is not None}
    more = any(one.stars == "*" for one in arguments)
    more_keywords = any(one.stars == "**" for one in arguments)
    if len(positional) > len(places) and ParameterKind.REST not in kinds:
        return False
    if ParameterKind.KEYWORDS not in kinds and not keywords <= names:
        return False
    filled = {one.name for one in places[: len(positional)]}
    if any(one.name in keywords and one.kind is ParameterKind.EITHER for one in places[: len(positional)]):
        return False
    for one in parameters:
        if not one.is_required or one.name in filled or one.kind in {ParameterKind.REST, ParameterKind.KEYWORDS}:
            continue
        by_name = one.kind is not ParameterKind.POSITIONAL and (one.name in keywords or more_keywords)
        by_place = one.kind is not ParameterKind.KEYWORD and more
        if not by_name and not by_place:
            return False
    return True
