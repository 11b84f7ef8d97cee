"""What the formats have in common: counts, what deserves a word, and how a finding is said.

Everything here is derived from a `Migration` and holds no colour, so that rich and plain text say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from codemods.model import Action, Fate, FileChange, Finding, FunctionFate, Migration
from codemods.rules import RULES

_RULE_NAMES = {rule.id: f"{rule.id} {rule.name}" for rule in RULES}

_HEADER = ("rule", *(action.value for action in Action), "total")

# Calls of functions that only become async with this migration: news in a diff, no finding of today's code.
_CONSEQUENCES = "AW3"

_NAMED_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)} | {0x7F: "\u2421"}
# C1 controls, line separators and the marks that reorder text: code could hide behind them on a terminal.
_ESCAPED = {
    code: f"\\u{code:04x}"
    for code in (*range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
_VISIBLE = _NAMED_CONTROLS | _ESCAPED


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is to be said about one file."""

    path: str
    change: FileChange | None
    attention: tuple[Finding, ...]
    """Calls that were left or offloaded: the reader should know why."""
    notes: tuple[tuple[str, int], ...]
    """How async forms differ: each note once, with the number of calls it holds for."""


class RuleText(Protocol):
    """What the formats say about a rule; `before` and `after` are Python source."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...


def visible(text: str) -> str:
    """`text` with control characters made visible, so that it cannot steer a terminal; keeps tab and LF."""
    return text.translate(_VISIBLE)


def counted(count: int, noun: str) -> str:
    """`1 file`, `1,234 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def current_findings(migration: Migration) -> list[Finding]:
    """The findings about the code as it is, without the calls that only the migration makes necessary."""
    return [finding for finding in migration.findings if not finding.rule.startswith(_CONSEQUENCES)]


def message(finding: Finding) -> str:
    """What a finding says after its place and rule."""
    said = f"{finding.call} [{finding.action.value}]"
    return visible(f"{said} {finding.reason}" if finding.reason else said)


def file_reports(migration: Migration) -> list[FileReport]:
    """A report for each file that changes or has something that deserves a word, sorted by path."""
    changes = {change.source.name: change for change in migration.changes}
    by_path: dict[str, list[Finding]] = {}
    for finding in migration.findings:
        by_path.setdefault(finding.path, []).append(finding)
    reports = []
    for path in sorted(changes.keys() | by_path.keys()):
        findings = by_path.get(path, [])
        attention = tuple(f for f in findings if f.action in (Action.LEFT, Action.OFFLOADED))
        notes = tuple(Counter(note for f in findings for note in f.notes).items())
        if path in changes or attention or notes:
            reports.append(FileReport(path, changes.get(path), attention, notes))
    return reports


def rule_table(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """The header, a row for each rule, and the total; cells of a column are equally wide.

    Empty when there are no findings.
    """
    by_rule: dict[str, Counter[Action]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, Counter())[finding.action] += 1
    if not by_rule:
        return []
    total: Counter[Action] = Counter()
    for counts in by_rule.values():
        total.update(counts)
    rows = [
        _HEADER,
        *(_row(_RULE_NAMES.get(rule, rule), by_rule[rule]) for rule in sorted(by_rule)),
        _row("total", total),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        )
        for row in rows
    ]


def action_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each action; actions that none has are 0."""
    counts = Counter(finding.action for finding in findings)
    return {action.value: counts[action] for action in Action}


def fate_counts(functions: Iterable[FunctionFate]) -> dict[str, int]:
    """How many functions have each fate; fates that none has are 0."""
    counts = Counter(function.fate for function in functions)
    return {fate.value: counts[fate] for fate in Fate}


def closing_lines(migration: Migration) -> list[str]:
    """The sentences under the table: functions, files, what was left out, and the scope with its reason."""
    fates = fate_counts(migration.functions)
    changes = len(migration.changes)
    read = f"{counted(migration.files_read, 'file')} read ({counted(migration.lines_read, 'line')})"
    lines = [
        "functions: " + ", ".join(f"{count:,} {fate}" for fate, count in fates.items()),
        f"files: {changes:,} to change, {read}",
    ]
    if migration.problems:
        lines.append(f"left out: {counted(len(migration.problems), 'problem')}, see the errors")
    if migration.missing_modules:
        names = ", ".join(migration.missing_modules)
        lines.append(visible(f"not installed, so that their calls are unknown (see --python): {names}"))
    return [*lines, visible(f"scope: {migration.scope.value} ({migration.scope_reason})")]


def requirement_lines(migration: Migration) -> list[tuple[str, str]]:
    """What the changes ask of the requirements, line by line, each with its sign: `-`, `+` or a space.

    Empty when they ask nothing.
    """
    if not migration.requirements:
        return []
    written = {change.source.name for change in migration.changes}
    is_pending = any(not one.by_hand and one.path not in written for one in migration.requirements)
    lines = [
        (" ", "requirements (--update-requirements writes them with the code):" if is_pending else "requirements:")
    ]
    for one in migration.requirements:
        place = one.path if one.line is None else f"{one.path}:{one.line}"
        lines.append((" ", visible(f"  {place} {one.reason}")))
        lines += [("-", f"    - {visible(line)}") for line in (one.remove or "").splitlines()]
        lines += [("+", f"    + {visible(line)}") for line in (one.add or "").splitlines()]
    return [*lines, (" ", "")]


def found_line(findings: Sequence[Finding], migration: Migration) -> str:
    """The last line of `check`."""
    read = f"{counted(migration.files_read, 'file')} read"
    if not findings:
        return f"No findings, {read}."
    files = len({finding.path for finding in findings})
    return f"{counted(len(findings), 'finding')} in {counted(files, 'file')}, {read}."


def _row(label: str, counts: Counter[Action]) -> tuple[str, ...]:
    return (label, *(f"{counts[action]:,}" for action in Action), f"{counts.total():,}")
