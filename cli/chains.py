"""The promotion as a tree: from what nothing calls, over the functions between, to the calls that ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cli.summary import current_findings, message
from codemods.model import Fate, FunctionFate, Migration


@dataclass(slots=True)
class Link:
    """A function or a call of a chain, and what comes behind it."""

    text: str
    """As the chain names it."""
    said: str = ""
    """What becomes of it, and why it stays as it is if it does."""
    behind: dict[str, Link] = field(default_factory=dict)
    """By their texts."""


def promotion_tree(migration: Migration) -> Sequence[Link]:
    """The links that nothing calls, sorted, each with all that is behind it.

    Calls that change only because of others are between the links, and none themselves.
    """
    fates = {one.name: one for one in migration.functions}
    top: dict[str, Link] = {}
    for finding in current_findings(migration):
        *functions, _ = finding.chain or ("",)
        at = top
        for text in functions:
            at = at.setdefault(text, Link(text, _said_of(text, fates))).behind
        place = f"{finding.call} ({finding.path}:{finding.line})"
        at[f"{place}:{finding.column}"] = Link(place, f"[{finding.action.value}] {finding.reason}".strip())
    return _sorted(top)


def place_lines(migration: Migration, path: str, line: int) -> list[str]:
    """All that there is to say about a line: what becomes of its function and its calls, their notes and chains."""
    functions = [one for one in migration.functions if (one.path, one.line) == (path, line)]
    lines = [f"{one.name} [{one.fate.value}] {one.reason}" for one in functions]
    for finding in (one for one in migration.findings if (one.path, one.line) == (path, line)):
        lines.append(f"{finding.path}:{finding.line}:{finding.column} {finding.rule} {message(finding)}")
        lines += [f"    note: {note}" for note in finding.notes]
        lines += [f"    {link}" for link in finding.chain]
    return lines


def _said_of(text: str, fates: Mapping[str, FunctionFate]) -> str:
    fate = fates.get(text.rpartition(" (")[0])
    if fate is None:
        return ""
    return f"[{fate.fate.value}]" if fate.fate is Fate.ASYNC else f"[{fate.fate.value}] {fate.reason}"


def _sorted(links: Mapping[str, Link]) -> Sequence[Link]:
    return [links[key] for key in sorted(links)]


def behind(link: Link) -> Sequence[Link]:
    """What comes behind a link, sorted."""
    return _sorted(link.behind)


def tree_lines(links: Iterable[Link], indent: str = "") -> list[str]:
    """The links as indented lines."""
    lines = []
    for link in links:
        lines.append(f"{indent}{link.text} {link.said}".rstrip())
        lines += tree_lines(behind(link), f"{indent}    ")
    return lines
