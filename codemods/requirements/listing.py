"""What a file says is required: lists of entries, each with its place in the text.

The readers of each kind of file make these, and nothing else is known of the file afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from packaging.requirements import Requirement


class Layout(Enum):
    """How the entries of a list stand in its file, as far as that matters for changing it."""

    LINES = auto()
    """An entry is one or more whole lines: `aiohttp>=3.10`."""
    KEYS = auto()
    """The same, as keys of a TOML table: `aiohttp = ">=3.10"`."""
    ARRAY = auto()
    """An entry is a string in a TOML array."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement."""

    distribution: str
    """In canonical form; empty for something in the list that names none, such as a path."""
    start: int
    end: int
    """Where it stands in the text, in code points: whole lines or a string with its quotes."""
    specifier: str
    """Which releases are asked for, as written; empty for any."""
    by_hand: str | None = None
    """Why nothing is written in its place; None when something can be."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of requirements."""

    title: str
    """How it is called: `[project] dependencies`; empty when it is the whole file."""
    layout: Layout
    is_runtime: bool
    """Whether it says what the project needs to run, rather than a tool, a test or an extra."""
    entries: tuple[Entry, ...]
    """In the order of the file."""
    start: int
    """Where the first entry would go in an empty list."""
    by_hand: str | None = None
    """Why it is not changed; None when it can be."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that is no requirement."""

    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class RequirementFile:
    """What was read of one file."""

    listings: tuple[Listing, ...] = ()
    misread: tuple[Misread, ...] = ()
    includes: tuple[str, ...] = ()
    """Other files whose requirements belong to these, as written."""
    constraints: tuple[str, ...] = ()
    """Files that only narrow what is required elsewhere, as written."""


def asked(requirement: Requirement) -> str:
    """Which releases a requirement asks for, in words of its own."""
    return f"@ {requirement.url}" if requirement.url else str(requirement.specifier)


def line_at(text: str, offset: int) -> int:
    """The 1-based number of the line an offset stands in."""
    return text.count("\n", 0, offset) + 1
