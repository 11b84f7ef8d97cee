"""Whether the calls that are resolved are all the calls of a function."""

from __future__ import annotations

from codemods.planning.facts import PlanningFacts
from codemods.planning.index import CallIndex


def why_called_otherwise(name: str, facts: PlanningFacts, index: CallIndex) -> str | None:
    """Why something else than the calls of its name may call a function, or nothing does; None where it is known."""
    function = facts.functions[name]
    is_entry = function.is_called_from_outside or function.runner is not None
    if is_entry or function.foreign_caller is not None or name in facts.values:
        return f"something outside of the project may call {name}"
    if len(index.family(name)) > 1 or facts.implements.get(name):
        return f"{name} stands for other methods, or they for it"
    return None if index.by_target[name] else f"nothing in the project calls {name}"
