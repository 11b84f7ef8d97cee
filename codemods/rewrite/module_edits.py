"""What the plan asks of each module: its decisions, by the files that they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from codemods.facts.generators import AsyncForm
from codemods.facts.graph import Function
from codemods.model import Action, Span
from codemods.planning.facts import Making, TwinName
from codemods.planning.handlers import HandlerChange
from codemods.planning.holders import HolderChange
from codemods.planning.plan import Decision, Plan
from codemods.planning.responses import ResponseChange
from codemods.planning.sessions import Handing, Opening


@dataclass(frozen=True, slots=True, order=True)
class Recolored:
    """A function that becomes async, or gives something async."""

    name: Span
    """Of its name."""
    async_form: AsyncForm
    stays_def: bool
    """Whether it is not async itself."""


@dataclass(frozen=True, slots=True)
class ModuleEdits:
    """What one module's rewrite has to do."""

    decisions: tuple[Decision, ...]
    recolored: tuple[Recolored, ...]
    """The functions that become async, or give something async."""
    splits: tuple[tuple[Span, str], ...]
    """The names of the functions that are split, each with the name of its core."""
    handlers: tuple[HandlerChange, ...]
    openings: tuple[Opening, ...]
    parameters: tuple[tuple[Span, str], ...]
    """The names of the functions that take a session, each with the name of its parameter."""
    handings: tuple[Handing, ...]
    makings: tuple[Making, ...]
    holders: tuple[HolderChange, ...]
    responses: tuple[ResponseChange, ...]
    twin_names: tuple[TwinName, ...]
    is_used_elsewhere: Callable[[str], bool]
    """Whether other files take a name from this module."""

    @property
    def is_nothing(self) -> bool:
        """Whether the module stays as it is."""
        is_left = all(one.finding.action is Action.LEFT for one in self.decisions)
        others = (self.recolored, self.splits, self.handlers, self.openings, self.parameters, self.handings)
        return is_left and not any((*others, self.makings, self.holders, self.responses, self.twin_names))


def edits_by_file(
    plan: Plan, functions: Mapping[str, Function], is_used_elsewhere: Callable[[str, str], bool]
) -> dict[str, ModuleEdits]:
    """What has to be done, by file, in order.

    `functions` are those of the project by name; `is_used_elsewhere` tells of a file and a name whether other files
    take that from it.
    """

    def named(names: Mapping[str, str]) -> dict[str, tuple[tuple[Span, str], ...]]:
        found: dict[str, list[tuple[Span, str]]] = {}
        for name, value in names.items():
            found.setdefault(functions[name].path, []).append((functions[name].span, value))
        return {path: tuple(sorted(pairs)) for path, pairs in found.items()}

    splits = named(plan.split)
    recolored: dict[str, list[Recolored]] = {}
    for name in plan.promoted:
        async_form = plan.async_forms.get(name, AsyncForm.AWAITED)
        one = Recolored(functions[name].span, async_form, stays_def=name in plan.staying)
        recolored.setdefault(functions[name].path, []).append(one)
    parameters = named(plan.sessions.parameters)
    openings, handings = _by_path(plan.sessions.openings), _by_path(plan.sessions.handings)
    makings, holders, responses = _by_path(plan.makings), _by_path(plan.holders), _by_path(plan.responses)
    twin_names = _by_path(plan.twin_names)
    of_sessions = (openings, parameters, handings, makings, holders)
    changed = (plan.decisions, recolored, splits, plan.handlers, *of_sessions, responses, twin_names)
    return {
        path: ModuleEdits(
            decisions=plan.decisions.get(path, ()),
            recolored=tuple(sorted(recolored.get(path, ()))),
            splits=splits.get(path, ()),
            handlers=plan.handlers.get(path, ()),
            openings=openings.get(path, ()),
            parameters=parameters.get(path, ()),
            handings=handings.get(path, ()),
            makings=makings.get(path, ()),
            holders=holders.get(path, ()),
            responses=responses.get(path, ()),
            twin_names=twin_names.get(path, ()),
            is_used_elsewhere=partial(is_used_elsewhere, path),
        )
        for path in sorted(set().union(*changed))
    }


class _Placed(Protocol):
    @property
    def path(self) -> str: ...


PlacedT = TypeVar("PlacedT", bound=_Placed)


def _by_path(things: Iterable[PlacedT]) -> dict[str, tuple[PlacedT, ...]]:
    """Things by the files they are in."""
    found: dict[str, tuple[PlacedT, ...]] = {}
    for one in things:
        found[one.path] = (*found.get(one.path, ()), one)
    return found
