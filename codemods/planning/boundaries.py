"""Which functions cannot become async, whatever calls them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from codemods.facts.graph import Function, Reference

TRANSPARENT = frozenset(
    {
        "abc.abstractmethod",
        "builtins.classmethod",
        "builtins.staticmethod",
        "typing.final",
        "typing.override",
        "typing_extensions.final",
        "typing_extensions.override",
    }
)
"""Decorators that hand out the function they get, by their name at the definition: its color may change."""


def is_transparent(target: str | None) -> bool:
    """Whether a decorator leaves the color of what it decorates alone. An unresolved one is not trusted."""
    return target is not None and target.removesuffix(".__init__").removesuffix(".__new__") in TRANSPARENT


def lock_of(
    function: Function,
    *,
    is_generator: bool,
    has_unknown_base: bool,
    references: Sequence[Reference],
    keep_sync: Sequence[str],
    is_kept: bool,
) -> str | None:
    """Why a function cannot become async; None when it can.

    `has_unknown_base` says that its class has a base that was not resolved, `is_kept` that a comment asks for it.
    """
    if function.is_async:
        return None
    if is_kept or any(fnmatchcase(function.name, pattern) for pattern in keep_sync):
        return "you asked for it to stay sync"
    return (
        _by_kind(function, is_generator)
        or _by_decorators(function)
        or _by_class(function, has_unknown_base)
        or _by_use(references)
    )


def _by_kind(function: Function, is_generator: bool) -> str | None:
    name = function.name.rpartition(":")[2].rpartition(".")[2].partition("@")[0]
    if name.startswith("__") and name.endswith("__"):
        return f"Python itself calls {name}, and would not await it"
    if function.is_property:
        return "it is a property: an attribute access cannot be awaited"
    if is_generator:
        return "it is a generator"
    return None


def _by_decorators(function: Function) -> str | None:
    for decorator in function.decorators:
        if not is_transparent(decorator.target):
            return f"it is decorated with @{decorator.text}, of which awaitify does not know what it does"
    return None


def _by_class(function: Function, has_unknown_base: bool) -> str | None:
    if function.overrides_foreign is not None:
        return f"it overrides {function.overrides_foreign}, which is not async"
    if function.owner is not None and has_unknown_base:
        return f"a base class of {function.owner} could not be resolved, and may call it; install its library"
    return None


def _by_use(references: Sequence[Reference]) -> str | None:
    if not references:
        return None
    first = references[0]
    return f"it is used as a value in {first.path}:{first.span.line}: who calls it there would not await it"
