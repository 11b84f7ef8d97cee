"""The requirements in a `pyproject.toml`: PEP 621, PEP 735, and the tables of poetry, pdm and uv."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from codemods.requirements.listing import Entry, Layout, Listing, Misread, RequirementFile, asked, line_at
from codemods.requirements.toml_spans import Path, Value, values

_ARRAYS: Final[Sequence[tuple[tuple[str, ...], bool]]] = (
    (("project", "dependencies"), True),
    (("project", "optional-dependencies", "*"), False),
    (("dependency-groups", "*"), False),
    (("tool", "pdm", "dev-dependencies", "*"), False),
    (("tool", "uv", "dev-dependencies"), False),
)
"""Arrays of requirements as of PEP 508, and whether each is for running; `*` stands for any key."""
_TABLES: Final[Sequence[tuple[tuple[str, ...], bool]]] = (
    (("tool", "poetry", "dependencies"), True),
    (("tool", "poetry", "dev-dependencies"), False),
    (("tool", "poetry", "group", "*", "dependencies"), False),
)
"""Tables of poetry's, a key for each requirement."""


def read_pyproject(text: str) -> RequirementFile:
    """The lists of requirements of a document.

    Raises `tomllib.TOMLDecodeError` when it is no TOML.
    """
    document = tomllib.loads(text)
    spans = {value.path: value for value in values(text)}
    listings: list[Listing] = []
    misread: list[Misread] = []
    for pattern, is_runtime in _ARRAYS:
        for path, found in _found(document, pattern):
            if isinstance(found, list) and path in spans:
                listings.append(_array(text, path, found, spans, is_runtime, misread))
    for pattern, is_runtime in _TABLES:
        for path, found in _found(document, pattern):
            if isinstance(found, dict):
                listings.append(_table(text, path, found, spans, is_runtime))
    return RequirementFile(tuple(listings), tuple(misread))


def _found(document: Mapping[str, Any], pattern: Sequence[str]) -> Iterable[tuple[Path, Any]]:
    """The values a pattern leads to, with their paths."""
    found: list[tuple[Path, Any]] = [((), document)]
    for part in pattern:
        found = [
            ((*path, key), item)
            for path, value in found
            if isinstance(value, dict)
            for key, item in value.items()
            if part in ("*", key)
        ]
    return found


def _title(path: Path) -> str:
    *table, last = map(str, path)
    return f"[{'.'.join(table)}] {last}" if table else last


def _array(
    text: str,
    path: Path,
    items: Sequence[object],
    spans: Mapping[Path, Value],
    is_runtime: bool,
    misread: list[Misread],
) -> Listing:
    entries = []
    for index, item in enumerate(items):
        span = spans[(*path, index)]
        name = specifier = ""
        if isinstance(item, str):
            try:
                requirement = Requirement(item)
                name, specifier = canonicalize_name(requirement.name), asked(requirement)
            except InvalidRequirement as error:
                misread.append(Misread(line_at(text, span.start), _no_requirement(item, error)))
        entries.append(Entry(name, span.start, span.end, specifier))
    return Listing(_title(path), Layout.ARRAY, is_runtime, tuple(entries), spans[path].start + 1)


def _no_requirement(item: str, error: InvalidRequirement) -> str:
    reason = str(error).partition("\n")[0]
    return f"`{item}` is no requirement ({reason}); write it as in PEP 508, such as aiohttp>=3.10"


def _table(text: str, path: Path, table: Mapping[str, Any], spans: Mapping[Path, Value], is_runtime: bool) -> Listing:
    entries = []
    for key, item in table.items():
        span = spans.get((*path, key))
        name = canonicalize_name(key)
        given = item.get("version", "") if isinstance(item, dict) else item
        specifier = given if isinstance(given, str) else ""
        if span is None:  # a table of its own, or dotted keys
            start = _header(text, path, key)
            reason = "it has a table of its own: change it by hand"
            entries.append(Entry(name, start, start, specifier, reason))
        elif span.keys > 1 or _line(text, span.statement, span.end) is None:
            entries.append(
                Entry(
                    name, span.start, span.start, specifier, "it does not stand on a line of its own: change it by hand"
                )
            )
        else:
            start, end = _line(text, span.statement, span.end) or (0, 0)
            entries.append(Entry(name, start, end, specifier))
    entries.sort(key=lambda entry: entry.start)
    table_name = r"\s*\.\s*".join(re.escape(str(part)) for part in path)
    header = re.search(rf"^[ \t]*\[\s*{table_name}\s*\][^\n]*(?:\n|\Z)", text, re.MULTILINE)
    by_hand = None if header else "its table is not written under a header of its own: change it by hand"
    start = header.end() if header else 0
    return Listing(f"[{'.'.join(map(str, path))}]", Layout.KEYS, is_runtime, tuple(entries), start, by_hand)


def _header(text: str, path: Path, key: str) -> int:
    """Where something with a name of its own below a path starts, as far as a search can tell."""
    word = re.escape(key)
    match = re.search(rf"^[ \t]*(?:\[[^\]\n]*\b{word}\b[^\n]*|{word}[ \t]*\.)", text, re.M)
    return match.start() if match else 0


def _line(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The whole lines that hold a statement and nothing else; None where they hold more."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    alone = not text[first:start].strip() and re.fullmatch(r"[ \t]*(?:#[^\n]*)?\r?\n?", text[end:last])
    return (first, last) if alone else None
