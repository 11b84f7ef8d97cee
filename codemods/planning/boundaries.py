"""Which functions cannot become async, whatever calls them, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from codemods.facts.graph import Decorator, DecoratorEffect, Function, Reference
from codemods.packs import Boundary, BoundaryKind

TRANSPARENT = frozenset(
    {
        "abc.abstractmethod",
        "builtins.classmethod",
        "builtins.staticmethod",
        "functools.wraps",
        "typing.final",
        "typing.override",
        "typing_extensions.final",
        "typing_extensions.override",
    }
)
"""Decorators that hand out the function they get, by their name at the definition: its color may change."""


def keeps_function(decorator: Decorator) -> bool:
    """Whether a decorator hands out the function it gets. An unresolved one is not trusted."""
    target = (decorator.target or "").removesuffix(".__init__").removesuffix(".__new__")
    return target in TRANSPARENT or decorator.effect is DecoratorEffect.SAME


def keeps_color(decorator: Decorator) -> bool:
    """Whether a call of what a decorator made gives a coroutine when the function is a coroutine function.

    A wrapper of the project that runs the function becomes one with it.
    """
    return keeps_function(decorator) or decorator.effect in {DecoratorEffect.HANDS_ON, DecoratorEffect.RUNS}


def makes_context_manager(decorator: Decorator) -> bool:
    """Whether a decorator makes a context manager of a generator, as another one does of an async generator."""
    return decorator.target == "contextlib.contextmanager"


class Boundaries:
    """What packs and the user say of decorators, of methods that are overridden, and of what takes functions."""

    def __init__(self, boundaries: Iterable[Boundary] = ()) -> None:
        self._by_decorator: dict[str, Boundary] = {}
        self._by_method: dict[str, Boundary] = {}
        self._takers: list[Boundary] = []
        for one in boundaries:
            if one.decorator is not None:
                self._by_decorator[one.decorator] = one
            if one.method is not None:
                self._by_method[one.method] = one
            if one.taker is not None:
                self._takers.append(one)

    def of_decorator(self, decorator: Decorator) -> Boundary | None:
        """What a decorator means; None when that is not known."""
        found = next((self._by_decorator[name] for name in _names_of(decorator) if name in self._by_decorator), None)
        if found is not None and any(re.search(rf"\b{one}\s*=(?!=)", decorator.text) for one in found.unless):
            return None
        return found

    def of_method(self, function: Function) -> Boundary | None:
        """What it means that a function overrides a method of a library."""
        for name in (function.overrides_known_as, function.overrides_foreign):
            if name in self._by_method:
                return self._by_method[name]
        return None

    def of_use(self, reference: Reference) -> Boundary | None:
        """What it means that a function is used as a value; None when that is not known."""
        given = reference.given
        if given is None:
            return None
        fits = [
            one
            for one in self._takers
            if one.taker == given.name
            and (one.position == given.index if given.keyword is None else one.parameter == given.keyword)
        ]
        return fits[-1] if fits else None


def _names_of(decorator: Decorator) -> Iterator[str]:
    if decorator.known_as is not None:
        yield decorator.known_as
    if decorator.target is not None:
        yield decorator.target.replace(":", ".")
        # an object that decorates, or a class that is made for it
        yield decorator.target.rpartition(".__")[0]
    elif (written := decorator.text.partition("(")[0]).startswith("pytest."):
        # where pytest is not installed: nothing else is imported under its name
        yield from (written, written.rpartition(".")[0])


def lock_of(
    function: Function,
    *,
    boundaries: Boundaries,
    is_split: bool = False,
    is_spent: str | None = None,
    is_protocol: bool = False,
    has_unknown_base: bool,
    references: Sequence[Reference],
    keep_sync: Sequence[str],
    is_kept: bool,
) -> str | None:
    """Why a function cannot become async; None when it can.

    `has_unknown_base` says that its class has a base that was not resolved, `is_kept` that a comment asks for it,
    `is_split` that it may stay as it is for what calls it from outside, while its body moves to an async function,
    `is_spent` why it is a generator that no async generator can replace, if it is one, `is_protocol` that it is
    called by `with` or `for`, which have async forms, and that all who use its object that way are known.
    """
    if function.is_async:
        return None
    if is_kept or any(fnmatchcase(function.name, pattern) for pattern in keep_sync):
        return "you asked for it to stay sync"
    return (
        (None if is_protocol else _by_kind(function))
        or is_spent
        or _by_decorators(function, boundaries, is_split)
        or _by_class(function, has_unknown_base, is_split and boundaries.of_method(function) is not None)
        or _by_use(references, boundaries)
    )


def _by_kind(function: Function) -> str | None:
    name = function.name.rpartition(":")[2].rpartition(".")[2].partition("@")[0]
    if name.startswith("__") and name.endswith("__"):
        return f"Python itself calls {name}, and would not await it"
    if function.is_property:
        return "it is a property: an attribute access cannot be awaited"
    return None


def _by_decorators(function: Function, boundaries: Boundaries, is_split: bool) -> str | None:
    hidden = next((one for one in function.decorators if one.effect is DecoratorEffect.HANDS_ON), None)
    for decorator in function.decorators:
        if keeps_color(decorator):
            continue
        if makes_context_manager(decorator):
            other = next((one for one in function.decorators if one is not decorator and not keeps_function(one)), None)
            if other is not None:
                return f"awaitify does not know what @{other.text} does with the context manager that it gives"
            continue
        boundary = boundaries.of_decorator(decorator)
        match boundary.kind if boundary is not None else None:
            case None:
                return f"it is decorated with @{decorator.text}, of which awaitify does not know what it does"
            case BoundaryKind.EXECUTOR:
                assert boundary is not None
                return f"{boundary.by} runs it in a thread, where it blocks no event loop (@{decorator.text})"
            case BoundaryKind.SPLIT if is_split:
                continue
            case BoundaryKind.ASYNC_OK if hidden is not None and not is_split:  # of a split one, a sync shell is left
                return f"@{decorator.text} would not see through @{hidden.text} that it is a coroutine function"
            case BoundaryKind.ASYNC_OK:
                continue
            case _:
                assert boundary is not None
                why = f"{boundary.by} calls it and would not await it (@{decorator.text})"
                unknown = next((one for one in function.decorators if _is_unknown(one, boundaries)), None)
                if boundary.kind is BoundaryKind.SPLIT and unknown is not None:
                    return f"{why}; it cannot be split, since awaitify does not know what @{unknown.text} does"
                return why
    return None


def _is_unknown(decorator: Decorator, boundaries: Boundaries) -> bool:
    return not keeps_color(decorator) and boundaries.of_decorator(decorator) is None


def _by_class(function: Function, has_unknown_base: bool, is_expected: bool) -> str | None:
    if function.overrides_foreign is not None and not is_expected:
        return f"it overrides {function.overrides_foreign}, which is not async"
    if function.owner is not None and has_unknown_base:
        return f"a base class of {function.owner} could not be resolved, and may call it; install its library"
    return None


def _by_use(references: Sequence[Reference], boundaries: Boundaries) -> str | None:
    for one in references:
        if one.is_followed:
            continue
        place = f"{one.path}:{one.span.line}"
        boundary = boundaries.of_use(one)
        match boundary.kind if boundary is not None else None:
            case None:
                way = "" if one.unseen in {None, place} else f", and comes to {one.unseen}"
                return f"it is used as a value in {place}{way}: who calls it there would not await it"
            case BoundaryKind.ASYNC_OK:
                continue
            case BoundaryKind.EXECUTOR:
                assert boundary is not None
                return f"{boundary.by} runs it, where it blocks no event loop (given to it in {place})"
            case _:
                assert boundary is not None
                return f"{boundary.by} calls it and would not await it (given to it in {place})"
    return None
