"""Plain text: for logs, pipes and terminals without colour. The words are those of the rich format.

Each function takes what it shows and returns the text with a line end, or an empty string for nothing.
Control characters of the source are made visible, so the diffs here are for reading: `patch_view` writes
those for git.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cli.chains import promotion_tree, tree_lines
from cli.hunks import Hunk, changed_lines, text_hunks
from cli.summary import (
    FileReport,
    RuleText,
    closing_lines,
    counted,
    current_findings,
    file_reports,
    found_line,
    message,
    requirement_lines,
    rule_table,
    visible,
)
from codemods.model import FileChange, Migration


def check(migration: Migration) -> str:
    """A line for each finding about today's code, with the way from async code to it, and a count."""
    findings = current_findings(migration)
    lines = []
    for finding in findings:
        place = f"{visible(finding.path)}:{finding.line}:{finding.column}"
        lines.append(f"{place} {finding.rule} {message(finding)}")
        lines += [f"    {visible(link)}" for link in finding.chain]
    return _joined([*lines, found_line(findings, migration)])


def graph(migration: Migration) -> str:
    """What becomes async and why, as a tree, and the scope."""
    lines = [visible(line) for line in tree_lines(promotion_tree(migration))]
    return _joined([*(lines or ["No findings."]), "", *closing_lines(migration)])


def diff(migration: Migration) -> str:
    """File by file what changes and what deserves a word, then the summary."""
    blocks = [_file(report) for report in file_reports(migration)]
    return "\n".join([*blocks, summary(migration)])


def summary(migration: Migration) -> str:
    """The table of rules and actions, then requirements, functions, files and scope."""
    rows = rule_table(migration.findings)
    table = ["  ".join(row) for row in rows] if rows else ["No findings."]
    requirements = [line for _, line in requirement_lines(migration)]
    return _joined([*table, "", *requirements, *closing_lines(migration)])


def written(changes: Sequence[FileChange]) -> str:
    """What `apply` wrote."""
    lines = [f"Wrote {counted(len(changes), 'file')}:"]
    return _joined([*lines, *(f"  {visible(change.source.name)}" for change in changes)])


def rules(known: Sequence[RuleText]) -> str:
    """A line for each rule."""
    width = max((len(rule.name) for rule in known), default=0)
    return _joined([f"{rule.id}  {rule.name.ljust(width)}  {rule.summary}" for rule in known])


def explain(rule: RuleText) -> str:
    """One rule with its code before and after."""
    shown = [("before:", rule.before), ("after:", rule.after)]
    blocks = [f"{title}\n\n{textwrap.indent(code.strip(chr(10)), '    ')}\n" for title, code in shown]
    return "\n".join([f"{rule.id} {rule.name}\n", f"{rule.summary}\n", *blocks])


def _file(report: FileReport) -> str:
    name = visible(report.path)
    if report.change is None:
        head, body = f"{name} (not changed)\n", ""
    else:
        hunks = text_hunks(report.change)
        added, removed = changed_lines(hunks)
        head, body = f"{name} (+{added} -{removed})\n", _unified_diff(name, hunks)
    lines = [f"  {f.line}:{f.column} {f.rule} {message(f)}" for f in report.attention]
    for note, count in report.notes:
        lines.append(f"  note: {visible(note)}" + (f" ({count} times)" if count > 1 else ""))
    return head + body + _joined(lines)


def _unified_diff(name: str, hunks: Sequence[Hunk[str]]) -> str:
    """A unified diff with `a/` and `b/` before the name; empty when there is no difference to see."""
    if not hunks:
        return ""
    lines = [f"--- a/{name}", f"+++ b/{name}"]
    for hunk in hunks:
        lines.append(hunk.header)
        for line in hunk.lines:
            code = line.text.rstrip("\r\n")
            lines.append(line.sign + visible(code))
            if code == line.text:
                lines.append("\\ No newline at end of file")
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
