"""What came out, as tables and lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tests.planted.trial import Outcome, Trial

_STATES = ("back", "found", "wrong", "missed")


def table(trials: Sequence[Trial], checkers: Sequence[str]) -> str:
    """Two tables: by project and by kind of position."""
    by_project = {trial.name: trial.outcomes for trial in trials}
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for trial in trials:
        for outcome in trial.outcomes:
            by_kind[outcome.site.kind].append(outcome)
    ordered = dict(sorted(by_kind.items(), key=lambda item: -len(item[1])))
    return _rows("project", by_project, checkers) + "\n" + _rows("position", ordered, checkers) + "\n" + _sums(trials)


def _rows(what: str, groups: dict[str, list[Outcome]], checkers: Sequence[str]) -> str:
    heads = [what, "planted", *_STATES, "recall", "reported", *checkers]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    everything = [outcome for outcomes in groups.values() for outcome in outcomes]
    for name, outcomes in (*groups.items(), ("**all**", everything)):
        counts = [sum(one.state == state for one in outcomes) for state in _STATES]
        shares = [counts[0], counts[0] + counts[1] + counts[2]]
        shares += [sum(checker in one.seen_by for one in outcomes) for checker in checkers]
        lines.append([name, str(len(outcomes)), *map(str, counts), *(_share(one, len(outcomes)) for one in shares)])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _sums(trials: Sequence[Trial]) -> str:
    outcomes = [outcome for trial in trials for outcome in trial.outcomes]
    back = sum(one.state == "back" for one in outcomes)
    changed = back + sum(one.state == "wrong" for one in outcomes)
    changed += sum(one.action != "left" for trial in trials for one in trial.elsewhere)
    alarms = sum(len(trial.alarms) for trial in trials)
    return (
        f"precision of what was changed: {back} of {changed} ({_share(back, changed)})\n"
        f"in the projects as they are: {alarms} findings\n"
    )


def details(trials: Sequence[Trial]) -> str:
    """Every finding that nothing planted explains, and every site that was not put back."""
    lines = []
    for trial in trials:
        lines.append(f"\n{trial.name}: {trial.sites} sites, {trial.cpu:.1f} CPU s")
        for what, findings in (("as it is", trial.alarms), ("elsewhere", trial.elsewhere)):
            lines += [f"  {what}: {one.path}:{one.line} {one.call}: {one.action}: {one.reason}" for one in findings]
        for one in trial.outcomes:
            if one.state != "back":
                site = one.site
                lines.append(f"  {one.state}: {site.path}:{site.line} ({site.kind}) {site.text}")
    return "\n".join(lines) + "\n"
