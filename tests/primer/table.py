"""The results as a Markdown table with a total, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from tests.primer.document import ACTIONS
from tests.primer.trial import Trial

_Number = int | float | None
_COLUMNS: tuple[tuple[str, Callable[[Trial], _Number]], ...] = (
    ("files", lambda trial: trial.files),
    ("lines", lambda trial: trial.lines),
    ("seeds", lambda trial: trial.seeds),
    *((action, lambda trial, action=action: trial.actions.get(action)) for action in ACTIONS),
    ("async", lambda trial: trial.functions_async),
    ("split", lambda trial: trial.functions_split),
    ("files changed", lambda trial: trial.files_changed),
    ("errors", lambda trial: len(trial.errors)),
    ("suspicious", lambda trial: len(trial.suspicious)),
    ("not ambiguous", lambda trial: sum(not sighting.ambiguous for sighting in trial.suspicious)),
    ("async dunders", lambda trial: len(trial.async_dunders)),
    ("second run", lambda trial: trial.second_run),
    ("wall s", lambda trial: trial.wall),
    ("CPU s", lambda trial: trial.cpu),
)
_BASELINE: tuple[str, Callable[[Trial], _Number]] = ("checker CPU s", lambda trial: trial.baseline_cpu)


def table(trials: Sequence[Trial], *, baseline: bool) -> str:
    """A Markdown table, a row a project, then the total; `baseline` adds the checker's CPU and a ratio."""
    columns = [*_COLUMNS, _BASELINE] if baseline else list(_COLUMNS)
    header = ["project", "version", "scope", *(name for name, _ in columns)]
    rows = [header, ["---", "---", "---"] + ["---:"] * len(columns)]
    for trial in trials:
        rows.append([trial.name, trial.version, trial.scope or "-", *(_shown(get(trial)) for _, get in columns)])
    rows.append(["**total**", "", "", *(_shown(_total(get, trials)) for _, get in columns)])
    if baseline:
        rows[0].append("ratio")
        rows[1].append("---:")
        for row, trial in zip(rows[2:-1], trials, strict=True):
            row.append(_ratio([trial]))
        rows[-1].append(_ratio(trials))
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def details(trials: Sequence[Trial], *, limit: int = 10) -> str:
    """Failures in full, then each project's first `limit` suspicious calls whose names do not collide."""
    lines = [f"FAILED {trial.name}: {failure}" for trial in trials for failure in trial.failures]
    for trial in trials:
        calls = [sighting for sighting in trial.suspicious if not sighting.ambiguous]
        lines += [
            f"suspicious {trial.name}: {call.path}:{call.line}: {call.name}(...) is not awaited"
            for call in calls[:limit]
        ]
        if len(calls) > limit:
            lines.append(f"suspicious {trial.name}: {len(calls) - limit} more; --json lists them")
    return "".join(line + "\n" for line in lines)


def as_json(trials: Sequence[Trial]) -> str:
    """Everything, for programs."""
    return json.dumps([asdict(trial) for trial in trials], indent=2) + "\n"


def _shown(number: _Number) -> str:
    if number is None:
        return "-"
    return f"{number:,.1f}" if isinstance(number, float) else f"{number:,}"


def _total(get: Callable[[Trial], _Number], trials: Sequence[Trial]) -> _Number:
    numbers = [number for trial in trials if (number := get(trial)) is not None]
    return sum(numbers) if numbers else None


def _ratio(trials: Sequence[Trial]) -> str:
    pairs = [(trial.cpu, trial.baseline_cpu) for trial in trials if trial.cpu and trial.baseline_cpu]
    if not pairs:
        return "-"
    return f"{sum(cpu for cpu, _ in pairs) / sum(bare for _, bare in pairs):.2f}"
