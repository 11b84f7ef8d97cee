"""Whether a file names a library: by its imports, and by strings that are names."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.requirements.libraries import Library


@dataclass(frozen=True, slots=True)
class Word:
    """A name that a file may mention, and those that start with it."""

    name: str
    others: frozenset[str] = frozenset()
    """Other names that count as well."""

    def is_meant_by(self, name: str) -> bool:
        """Whether a name is this one or one of the others."""
        return name == self.name or name in self.others or name.startswith(f"{self.name}_")


def replaced_word(library: Library) -> Word:
    """What names the library that another one replaces, or something that works on it."""
    return Word(library.replaces, library.companion_modules)


def line_naming(content: bytes, word: Word, *, is_python: bool = True) -> int | None:
    """The first line of a file that names a library, or None.

    A file that is not Python, or whose tokens cannot be told apart, names it wherever the word stands.
    """
    names = (word.name, *sorted(word.others))
    if b"\0" in content:
        return 1  # UTF-16 or no text at all: what it says is unknown
    if not any(name.encode() in content for name in names):
        return None
    if is_python:
        try:
            return next(_lines(content, word), None)
        except (tokenize.TokenError, SyntaxError, UnicodeError, LookupError):
            pass  # no Python of this version: any word may be a use
    found = re.search(rb"\b(?:%s)(?:\b|_)" % b"|".join(re.escape(name.encode()) for name in names), content)
    return None if found is None else content.count(b"\n", 0, found.start()) + 1


def imports(content: bytes, module: str) -> int | None:
    """The first line at which a file imports a module, or None; None for what is no Python."""
    if module.encode() not in content:
        return None
    try:
        for token, is_import in _tokens(content):
            if is_import and token.type == tokenize.NAME and token.string == module:
                return token.start[0]
    except (tokenize.TokenError, SyntaxError, UnicodeError, LookupError):
        pass
    return None


def _lines(content: bytes, word: Word) -> Iterator[int]:
    named = re.compile(rf"{word.name}\w*(?:[\"']|:\w|\.(?:[\w{{%\"']|$)|$)")
    code = re.compile(rf"\b(?:import|from)[ \t]+(?:\w+[ \t]*,[ \t]*)*{word.name}\b")
    for token, is_import in _tokens(content):
        if token.type == tokenize.NAME:
            # a fixture of pytest needs no import: `requests_mock`
            if word.is_meant_by(token.string) if is_import else token.string == f"{word.name}_mock":
                yield token.start[0]
        elif token.type != tokenize.COMMENT and word.name in token.string:
            text = re.sub(r"^[A-Za-z]{0,2}[\"']+", "", token.string)
            if named.match(text) or code.search(text):
                yield token.start[0]


def _tokens(content: bytes) -> Iterator[tuple[tokenize.TokenInfo, bool]]:
    """The tokens, each with whether it is part of an import that is not relative."""
    is_import, is_start = False, True
    before = ""
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if is_start and token.type == tokenize.NAME and token.string in ("import", "from"):
            is_import = True
        elif is_import and before == "from" and token.string in (".", "..."):
            is_import = False
        if token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING):
            is_start = token.type == tokenize.NEWLINE or token.string in (";", ":")
            is_import = is_import and token.type != tokenize.NEWLINE and token.string != ";"
        before = token.string
        yield token, is_import
