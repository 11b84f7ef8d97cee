"""For people at a terminal: diffs with highlighted code, and tables.

Each function takes a console and prints on it. Text of the user's project only ever reaches the console as
`rich.text.Text`, so square brackets in it are no markup, and with control characters made visible. Nothing
is cut off: on a terminal lines of a diff fold under themselves and sentences wrap between words; elsewhere
lines stay whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from cli.chains import Link, behind, promotion_tree
from cli.highlight import Code, folded, highlighted
from cli.hunks import Hunk, Line, changed_lines, decoded, text_hunks
from cli.summary import (
    FileReport,
    RuleText,
    closing_lines,
    current_findings,
    file_reports,
    found_line,
    message,
    requirement_lines,
    rule_table,
    visible,
)
from codemods.model import FileChange, Finding, Migration

_INDENT = "    "

_SIGNS = {" ": "", "-": "bold red", "+": "bold green"}
# With a colour of their own for text: nobody knows whether the terminal is light or dark.
_BANDS = {" ": "", "-": "#e6e6e6 on #3d1a1f", "+": "#e6e6e6 on #15331f"}
_REQUIREMENTS = {" ": "", "-": "red", "+": "green"}
_ACTIONS = {
    "native": "green",
    "awaited": "green",
    "offloaded": "yellow",
    "bridged": "cyan",
    "left": "red",
}


_FATES = {"async": "green", "split": "cyan", "sync": "red"}


def console() -> Console:
    """A console on stdout as it is now; colours only on a terminal, and `NO_COLOR` is respected."""
    return Console(markup=False, highlight=False, emoji=False)


def check(out: Console, migration: Migration) -> None:
    """A line for each finding about today's code, with the way from async code to it, and a count."""
    findings = current_findings(migration)
    for finding in findings:
        place = f"{visible(finding.path)}:{finding.line}:{finding.column}"
        _prose(out, Text.assemble((place, "bold"), " ", *_said(finding)))
        for link in finding.chain:
            _prose(out, Text(f"    {visible(link)}", "dim"))
    _prose(out, Text(found_line(findings, migration), "bold"))


def graph(out: Console, migration: Migration) -> None:
    """What becomes async and why, as a tree, and the scope."""
    links = promotion_tree(migration)
    for link in links:
        tree = Tree(_link(link), guide_style="dim")
        _grow(tree, link)
        out.print(tree)
    if not links:
        _print(out, Text("No findings."))
    _print(out, Text())
    for line in closing_lines(migration):
        _prose(out, Text(line))


def _grow(tree: Tree, link: Link) -> None:
    for one in behind(link):
        _grow(tree.add(_link(one)), one)


def _link(link: Link) -> Text:
    """A link of a tree; what becomes of it has its colour."""
    word = link.said.partition("]")[0].removeprefix("[")
    style = _ACTIONS.get(word) or _FATES.get(word, "")
    return Text.assemble(visible(link.text), " ", (visible(link.said), style))


def diff(out: Console, migration: Migration) -> None:
    """File by file what changes and what deserves a word, then the summary."""
    for report in file_reports(migration):
        _file(out, report)
    summary(out, migration)


def summary(out: Console, migration: Migration) -> None:
    """The table of rules and actions, then requirements, functions, files and scope."""
    rows = rule_table(migration.findings)
    for at, row in enumerate(rows):
        if at in (0, len(rows) - 1):
            _print(out, Text("  ".join(row), "bold"))
        else:
            _print(out, Text("  ").join(Text(cell, "dim" if cell.strip() == "0" else "") for cell in row))
    if not rows:
        _print(out, Text("No findings."))
    _print(out, Text())
    for sign, line in requirement_lines(migration):
        _prose(out, Text(line, _REQUIREMENTS[sign]))
    for line in closing_lines(migration):
        _prose(out, Text(line))


def explain(out: Console, rule: RuleText) -> None:
    """One rule with its code before and after."""
    _print(out, Text.assemble((rule.id, "bold cyan"), " ", (rule.name, "bold")))
    _print(out, Text(f"\n{rule.summary}"))
    for title, code in (("before:", rule.before), ("after:", rule.after)):
        _print(out, Text(f"\n{title}\n", "dim"))
        for line in highlighted(code.strip("\n").split("\n")):
            _print(out, Text("    ") + line)


def _file(out: Console, report: FileReport) -> None:
    if report.change is None:
        _print(out, Text.assemble((visible(report.path), "bold"), (" not changed", "dim")))
    else:
        _diff(out, report.change)
    for finding in report.attention:
        _prose(out, Text.assemble(f"  {finding.line}:{finding.column} ", *_said(finding)))
    for note, count in report.notes:
        times = f" ({count} times)" if count > 1 else ""
        _prose(out, Text.assemble(("  note: ", "cyan"), visible(note), (times, "dim")))
    _print(out, Text())


def _diff(out: Console, change: FileChange) -> None:
    hunks = text_hunks(change)
    added, removed = changed_lines(hunks)
    head = Text.assemble(
        (visible(change.source.name), "bold"),
        " ",
        (f"+{added}", "green"),
        "/",
        (f"\N{MINUS SIGN}{removed}", "red"),
    )
    _print(out, head)
    _print(out, Text("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * out.width, "dim"))
    coloured = out.color_system is not None and not out.no_color
    before, after = (Code(text, coloured=coloured) for text in decoded(change))
    digits = max((len(str(hunk.old_start + hunk.old_count + hunk.new_count)) for hunk in hunks), default=1)
    for at, hunk in enumerate(hunks):
        if at:
            _print(out, Text(hunk.header, "dim cyan"))
        old = before.lines(hunk.old_start, hunk.old_count)
        new = after.lines(hunk.new_start, hunk.new_count)
        _hunk(out, hunk, iter(old), iter(new), digits)


def _hunk(out: Console, hunk: Hunk[str], old: Iterator[Text], new: Iterator[Text], digits: int) -> None:
    banded = out.color_system not in (None, "standard", "windows") and not out.no_color
    width = max(out.width - 2 * digits - 4, 1) if out.is_terminal else None
    for line in hunk.lines:
        code = next(old) if line.sign == "-" else next(new)
        if line.sign == " ":
            next(old)
        for part, piece in enumerate(folded(code, width)):
            gutter = _gutter(line, digits) if part == 0 else Text(" " * (2 * digits + 4))
            if banded and line.sign != " ":
                piece = Text(style=_BANDS[line.sign]).append_text(piece)
                piece.pad_right((width or 0) - piece.cell_len)
            _print(out, gutter + piece)
        if not line.text.endswith(("\n", "\r")):
            _print(out, Text(" " * (2 * digits + 2) + "\\ No newline at end of file", "dim"))


def _gutter(line: Line[str], digits: int) -> Text:
    old = str(line.old or "").rjust(digits)
    new = str(line.new or "").rjust(digits)
    return Text.assemble((f"{old} {new} ", "dim"), (line.sign, _SIGNS[line.sign]), " ")


def _said(finding: Finding) -> tuple[tuple[str, str], ...]:
    action = finding.action.value
    head, mark, reason = message(finding).partition(f" [{action}]")
    return (
        (finding.rule, "cyan"),
        (f" {head}", "bold"),
        (mark, _ACTIONS[action]),
        (reason, ""),
    )


def _prose(out: Console, text: Text) -> None:
    """Prints a sentence: wrapped between words on a terminal, with the rest indented; whole elsewhere."""
    if not out.is_terminal:
        _print(out, text)
        return
    for at, line in enumerate(text.wrap(out, max(out.width - len(_INDENT), 1), overflow="fold")):
        line.rstrip()
        _print(out, Text(_INDENT if at else "") + line)


def _print(out: Console, text: Text) -> None:
    out.print(text, soft_wrap=True)
