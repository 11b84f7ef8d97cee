"""Which part of a text is code: files that are not parsed are searched with patterns, and text in strings is no code.

Strings and comments are told apart as Python's tokenizer does. Where that cannot be done for certain (an f-string whose
braces hold quotes of its own kind, a string without end), there is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STARTS = re.compile(r"#[^\r\n]*|(?:(?<!\w)(?P<prefix>[A-Za-z]{1,3}))?(?P<quote>\"\"\"|'''|\"|')")
_ENDS = {
    quote: re.compile(rf"(?:\\.|{inside})*?{quote}", re.S)
    for quote, inside in (('"""', r"[^\\]"), ("'''", r"[^\\]"), ('"', r'[^"\\\r\n]'), ("'", r"[^'\\\r\n]"))
}


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what is no code; each as long as the text, and with the same lines."""

    code: str
    """Comments and strings are blank, but for the replacement fields of f-strings."""
    outline: str
    """Those are blank too: its brackets and commas are those of the program."""


def masked(text: str) -> Masked | None:
    """A text with what is no code blanked; None where it cannot be told for certain what is."""
    code: list[str] = []
    outline: list[str] = []
    at = 0
    while match := _STARTS.search(text, at):
        end = match.end()
        fields: str | None = None
        if match["quote"]:
            prefix = (match["prefix"] or "").lower()
            rest = _ENDS[match["quote"]].match(text, end)
            if rest is None or not set(prefix) <= set("rbuft"):
                return None
            end = rest.end()
            if set(prefix) & set("ft"):
                fields = _fields(rest[0])
                if fields is None:
                    return None
        before, found = text[at : match.start()], text[match.start() : end]
        blank = " " * len(found) if "\n" not in found and "\r" not in found else re.sub(r"[^\r\n]", " ", found)
        code += (before, blank if fields is None else blank[: len(found) - len(fields)] + fields)
        outline += (before, blank)
        at = end
    return Masked("".join(code) + text[at:], "".join(outline) + text[at:])


def _fields(content: str) -> str | None:
    """An f-string with all but its replacement fields blank; None when they do not end in it."""
    parts: list[str] = []
    depth = 0
    at = 0
    while at < len(content):
        character = content[at]
        if depth == 0 and content[at : at + 2] in {"{{", "}}"}:
            parts.append("  ")
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        is_code = depth > 0 or character in "}\r\n"
        parts.append(character if is_code else " ")
        at += 1
    return "".join(parts) if depth == 0 else None
