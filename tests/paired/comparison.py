"""What is async in one tree and in another one that was written by hand, function by function."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Measure(StrEnum):
    """What is counted."""

    FUNCTIONS = "async def"
    AWAITS = "await"
    LOOPS = "async for"
    BLOCKS = "async with"


Place = tuple[str, str, str]
"""The module, the function by its qualified name, and what is awaited, iterated over or entered there."""


@dataclass(frozen=True, slots=True)
class Score:
    """How much of what a hand wrote is there."""

    right: int
    missed: tuple[Place, ...]
    false: tuple[Place, ...]

    @property
    def precision(self) -> float:
        """The share of what is there that should be; 1 where nothing is."""
        found = self.right + len(self.false)
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """The share of what should be there that is; 1 where nothing should."""
        wanted = self.right + len(self.missed)
        return self.right / wanted if wanted else 1.0


def compare(made: Path, by_hand: Path, renamed: Mapping[str, str]) -> dict[Measure, Score]:
    """The scores of a folder of modules, beside that which was written by hand.

    Names count as the same without the words Async and Sync; `renamed` gives those of the sync code for others.
    """
    names = _Names(renamed)
    ours, theirs = _read(made, names), _read(by_hand, names)
    common = ours.defined & theirs.defined
    scores = {}
    for measure in Measure:
        found = _only(ours.places[measure], common)
        wanted = _only(theirs.places[measure], common)
        scores[measure] = Score(
            right=(found & wanted).total(),
            missed=tuple(sorted((wanted - found).elements())),
            false=tuple(sorted((found - wanted).elements())),
        )
    return scores


def _only(places: Counter[Place], functions: set[tuple[str, str]]) -> Counter[Place]:
    return Counter({place: count for place, count in places.items() if place[:2] in functions})


_DUNDERS = {"__aenter__": "__enter__", "__aexit__": "__exit__", "__aiter__": "__iter__", "__anext__": "__next__"}


class _Names:
    """Makes the names of both trees comparable."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self._renamed = {**_DUNDERS, "aiter": "iter", "anext": "next", **renamed}

    def plain(self, name: str) -> str:
        """A name as the sync code has it."""
        name = self._renamed.get(name, name)
        return name.replace("Async", "").replace("async_", "").replace("Sync", "")


@dataclass(frozen=True, slots=True)
class _Read:
    defined: set[tuple[str, str]]
    places: dict[Measure, Counter[Place]]


def _read(folder: Path, names: _Names) -> _Read:
    found = _Read(set(), {measure: Counter() for measure in Measure})
    for path in sorted(folder.rglob("*.py")):
        module = path.relative_to(folder).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        for function, qualname in _functions(tree, "", names):
            found.defined.add((module, qualname))
            for measure, what in _places(function, names):
                found.places[measure][module, qualname, what] += 1
    return found


def _functions(
    node: ast.AST, prefix: str, names: _Names
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = prefix + names.plain(child.name)
            yield child, name
            yield from _functions(child, f"{name}.", names)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{names.plain(child.name)}.", names)
        else:
            yield from _functions(child, prefix, names)


def _places(function: ast.FunctionDef | ast.AsyncFunctionDef, names: _Names) -> Iterator[tuple[Measure, str]]:
    if isinstance(function, ast.AsyncFunctionDef):
        yield Measure.FUNCTIONS, ""
    for node in _own(function):
        match node:
            case ast.Await(value=value):
                yield Measure.AWAITS, _called(value, names)
            case ast.AsyncFor(iter=iterator):
                yield Measure.LOOPS, _called(iterator, names)
            case ast.comprehension(is_async=1, iter=iterator):
                yield Measure.LOOPS, _called(iterator, names)
            case ast.AsyncWith(items=items):
                for item in items:
                    yield Measure.BLOCKS, _called(item.context_expr, names)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
            yield from _own(child)


def _called(node: ast.expr, names: _Names) -> str:
    """The last part of the name of what is called, or of the expression."""
    match node:
        case ast.Call(func=func):
            return _called(func, names)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return names.plain(name)
    return ast.unparse(node)
