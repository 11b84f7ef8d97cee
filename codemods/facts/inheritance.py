"""Methods that stand for each other: which functions share a color through the classes they are visible in.

The checker names one base method for each method. A class with several bases can make others stand for each other,
a Protocol does so without any inheritance, and a plain attribute can take a method's place. What a decorator puts in
the place of functions has their color, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from codemods.facts.generators import ENTERING
from codemods.facts.graph import CallGraph, ClassFact


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What classes say about their methods."""

    families: tuple[frozenset[str], ...]
    """Functions of one color; a function may be in several."""
    locks: Mapping[str, str]
    """Methods that have to stay as they are, and why."""
    implements: Mapping[str, frozenset[str]]
    """For a method, those that a call may name while it runs this one: what it hides, and Protocols' methods."""
    runs: Mapping[str, frozenset[str]]
    """For a method, those that a call which names it can run: what objects of its class and its descendants have."""


def inheritance_of(graph: CallGraph) -> Inheritance:
    """Reads the families and the locks off the classes' method resolution orders."""
    members: dict[str, dict[str, str]] = defaultdict(dict)
    by_method: dict[str, set[str]] = defaultdict(set)
    for method in graph.functions:
        if method.owner is not None:
            name = last_name(method.name)
            members[method.owner][name] = method.name
            by_method[name].add(method.name)
    families: set[frozenset[str]] = set()
    locks: dict[str, str] = {}
    implements: dict[str, set[str]] = defaultdict(set)
    runs: dict[str, set[str]] = defaultdict(set)
    for one in graph.classes:
        for name, functions in _visible(one, members).items():
            families.add(frozenset(functions))
            for function in functions:
                runs[function].add(functions[0])
            for index, function in enumerate(functions[:-1]):
                implements[function].update(functions[index + 1 :])
            why = _foreign_lock(one, name)
            if why is not None:
                locks = {**dict.fromkeys(functions, why), **locks}
        for name, own in members[one.name].items() if one.is_protocol else ():
            families.add(frozenset({own, *by_method[name]}))
            runs[own] |= by_method[name]
            for function in by_method[name] - {own}:
                implements[function].add(own)
        if all(name in members[one.name] for name in ENTERING):
            families.add(frozenset(members[one.name][name] for name in ENTERING))  # one `with` calls both
    families |= {frozenset({one.name, *one.runs}) for one in graph.wrappers}
    return Inheritance(
        families=tuple(sorted((one for one in families if len(one) > 1), key=sorted)),
        locks=locks,
        implements={name: frozenset(others) for name, others in implements.items()},
        runs={name: frozenset(others) for name, others in runs.items()},
    )


def last_name(function: str) -> str:
    """The name that calls of a function carry."""
    return function.rpartition(":")[2].rpartition(".")[2].partition("@")[0]


def _visible(one: ClassFact, members: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """By name, the methods of the project that a class has or hides."""
    found: dict[str, list[str]] = defaultdict(list)
    for owner in (one.name, *one.mro):
        for name, function in members.get(owner, {}).items():
            if not name.startswith("__"):
                found[name].append(function)
    return found


def _foreign_lock(one: ClassFact, name: str) -> str | None:
    if name in one.foreign_members:
        return f"{one.name} has a {name} from outside of the project too, which is not async"
    return None
