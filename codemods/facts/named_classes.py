"""What the names of classes that packs and users know mean: the checker resolves them, re-exports included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codemods.facts.kinds import kinds_of
from codemods.facts.report import Report, parse_place


def asked_for_class(name: str) -> str:
    """The line of a module that asks the checker what a name means: arguments have their types in its report."""
    return f"print({name})"


def named_classes(report: Report, probe: Path, names: Sequence[str], first: int) -> dict[str, str]:
    """From names to the qualified names that the classes have where they are defined; others mean none.

    `probe` is the checked module, which asks for the names one a line, from a 1-based line on.
    """
    found: dict[str, str] = {}
    for module_id in report.modules_at(str(probe)):
        for scope in report.types(module_id).functions.values():
            for location, index in scope.locations.items():
                place = parse_place(location)
                at = place.line - first
                name = names[at] if 0 <= at < len(names) else ""
                if not name or place.end_column - place.column != len(name):
                    continue
                kinds = kinds_of(scope.type_table[index].string) or ()
                found.update((name, kind.name) for kind in kinds if kind.is_class)
    return found
