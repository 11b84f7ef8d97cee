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
    """Comments and strings are blank. F-strings are not: code may stand in them."""
    outline: str
    """F-strings are blank too: its brackets and commas are those of the program."""


def masked(text: str) -> Masked | None:
    """A text with what is no code blanked; None where it cannot be told for certain what is."""
    code: list[str] = []
    outline: list[str] = []
    at = 0
    while match := _STARTS.search(text, at):
        end = match.end()
        is_formatted = False
        if match["quote"]:
            prefix = (match["prefix"] or "").lower()
            rest = _ENDS[match["quote"]].match(text, end)
            if rest is None or not set(prefix) <= set("rbuft"):
                return None
            is_formatted = bool(set(prefix) & set("ft"))
            if is_formatted and not _closes_braces(rest[0]):
                return None
            end = rest.end()
        before, found = text[at : match.start()], text[match.start() : end]
        blank = " " * len(found) if "\n" not in found and "\r" not in found else re.sub(r"[^\r\n]", " ", found)
        code += (before, found if is_formatted else blank)
        outline += (before, blank)
        at = end
    return Masked("".join(code) + text[at:], "".join(outline) + text[at:])


def _closes_braces(content: str) -> bool:
    """Whether every replacement field of an f-string ends in it."""
    depth = 0
    at = 0
    while at < len(content):
        if depth == 0 and content[at : at + 2] in {"{{", "}}"}:
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(content[at], 0)
        at += 1
    return depth == 0
