"""Where the values of a TOML document stand in its text, which `tomllib` does not say.

For documents that `tomllib` has accepted: what is not TOML is not noticed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r"\"{3}(?:[^\\]|\\.)*?\"{3,5}|'{3}.*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN: Final = re.compile(r"[^,\]}\s#]+(?: [0-9][^,\]}\s#]*)?")  # a date and its time may have a space between


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands."""

    path: Path
    """The keys that lead to it, with the index of an array's item."""
    start: int
    end: int
    statement: int
    """Where the statement `key = value` starts that holds it."""
    keys: int
    """How many parts the key of that statement has."""


def values(text: str) -> list[Value]:
    """Every value of a document, those in arrays and inline tables before what holds them."""
    return list(_Scanner(text).document())


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._arrays: dict[Path, int] = {}

    def document(self) -> Iterator[Value]:
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
                continue
            statement = self._at
            keys = self._key()
            yield from self._value((*table, *keys), statement, len(keys))

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        path: Path = self._key()
        self._at = self._text.index("]", self._at - 1) + (2 if is_array else 1)
        if not is_array:
            return path
        self._arrays[path] = self._arrays.get(path, -1) + 1
        return (*path, self._arrays[path])

    def _key(self) -> tuple[str, ...]:
        """Reads a key and the character behind it."""
        parts = []
        while True:
            self._skip(_SPACE)
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise ValueError(f"no key at {self._at}")
            self._at = match.end()
            parts.append(match[0].strip("\"'"))
            self._skip(_SPACE)
            self._at += 1
            if self._text[self._at - 1] != ".":
                return tuple(parts)

    def _value(self, path: Path, statement: int, keys: int) -> Iterator[Value]:
        start = self._skip(_SPACE)
        if self._text[start] == "[":
            self._at += 1
            index = 0
            while self._text[self._skip(_BLANK)] != "]":
                yield from self._value((*path, index), statement, keys)
                index += 1
                self._skip_comma()
            self._at += 1
        elif self._text[start] == "{":
            self._at += 1
            while self._text[self._skip(_BLANK)] != "}":
                yield from self._value((*path, *self._key()), statement, keys)
                self._skip_comma()
            self._at += 1
        else:
            match = _STRING.match(self._text, start) or _PLAIN.match(self._text, start)
            if match is None:
                raise ValueError(f"no value at {start}")
            self._at = match.end()
        yield Value(path, start, self._at, statement, keys)

    def _skip_comma(self) -> None:
        if self._text[self._skip(_BLANK)] == ",":
            self._at += 1

    def _skip(self, blank: re.Pattern[str]) -> int:
        """Goes behind what is blank, and returns where that is."""
        match = blank.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at
