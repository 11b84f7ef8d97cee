"""What becomes of the calls of one library, with the reasons counted.

Reasons are counted by kind: a reason that ends a chain stands for the chain, and places, names and numbers are left
out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.primer.document import ACTIONS, Finding

_NAMES = (
    (re.compile(r"[\w./-]+\.py(?::\d+)?"), "a file"),
    (re.compile(r"@[\w.]+(?:\(.*\))?"), "@…"),
    (re.compile(r"\b[\w.]+:[\w.<>@]+"), "a function"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "'…'"),
    (re.compile(r"\b\d+\b"), "N"),
)
_TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_\w+|conftest)\.py$")


def kind_of(reason: str) -> str:
    """A reason without what is particular to its place."""
    kind = reason.rpartition("stays sync: ")[2]
    for pattern, general in _NAMES:
        kind = pattern.sub(general, kind)
    return kind


def reasons(findings: Iterable[Finding], library: str) -> dict[str, Counter[str]]:
    """By action, how often each kind of reason is given for a call of a library outside of tests."""
    counted: dict[str, Counter[str]] = {action: Counter() for action in ACTIONS}
    for finding in findings:
        if finding.call.partition(".")[0] == library and not _TESTS.search(finding.path):
            counted[finding.action][kind_of(finding.reason)] += 1
    return {action: kinds for action, kinds in counted.items() if kinds}


def shown(library: str, by_project: Sequence[tuple[str, Mapping[str, Mapping[str, int]]]]) -> str:
    """A Markdown table, a row a project, then the reasons of all that are not native, most frequent first."""
    actions = [one for one in ACTIONS if one not in {"awaited", "bridged"}]
    lines = [f"| calls of {library} | all | {' | '.join(actions)} | native % |", "| --- |" + " ---: |" * 5]
    totals: Counter[str] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for name, counted in by_project:
        numbers = Counter({action: sum(kinds.values()) for action, kinds in counted.items()})
        totals += numbers
        lines.append(_row(name, numbers, actions))
        for action, kinds in counted.items():
            others.update({(action, kind): number for kind, number in kinds.items() if action != "native"})
    lines.append(_row("**total**", totals, actions))
    lines += [f"{number:5} {action}: {kind}" for (action, kind), number in others.most_common()]
    return "".join(line + "\n" for line in lines)


def _row(name: str, numbers: Counter[str], actions: Sequence[str]) -> str:
    total = sum(numbers.values())
    share = f"{100 * numbers['native'] / total:.0f}" if total else "-"
    return f"| {name} | {total} | {' | '.join(str(numbers[one]) for one in actions)} | {share} |"
