"""What an object can be, read off the type that the checker writes."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_CLASS = re.compile(r"(?P<type>type\[)?(?P<name>[^\W\d][\w.]*)(?P<of>\[.*\])?(?(type)\])\Z", re.S)
_BUILTINS = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
"""The checker writes these without a module."""
_SAYS_NOTHING = frozenset({"builtins.object", "builtins.type", "builtins.super", "typing.Any"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the things that an object can be."""

    name: str
    """The qualified name of its class, or of the module that it is."""
    is_class: bool = False
    """Whether it is the class itself, or one that derives from it, and no instance."""
    is_module: bool = False


def kinds_of(type_: str | None) -> frozenset[Kind] | None:
    """All that an object of a type can be, besides None; None when the type leaves that open.

    So does a type that is None and nothing else: what is set later, from elsewhere, is not in it.
    """
    if type_ is None or type_ == "None":
        return None
    found: set[Kind] = set()
    for part in members_of(type_):
        if part == "None":
            continue
        if part.startswith("Module[") and part.endswith("]"):
            found.add(Kind(part[len("Module[") : -1], is_module=True))
            continue
        match = _CLASS.match(part)
        if match is None:
            return None
        name = match["name"]
        if name not in _BUILTINS and "." not in name:
            return None  # Unknown, Any, a type variable
        name = name if "." in name else f"builtins.{name}"
        if name in _SAYS_NOTHING:
            return None
        found.add(Kind(name, is_class=match["type"] is not None))
    return frozenset(found)


UNKNOWN = frozenset({"Unknown", "Any", "typing.Any"})
"""How the checker writes that a type, or a part of one, may be anything."""


def is_partly_known(type_: str, project: Collection[str]) -> bool:
    """Whether an object may be what the type says, None apart, or anything else: the checker counts on the former.

    `project` holds the top-level names of the project's modules. What libraries declare as `X | Any` is an X for which
    they ask no check for None.
    """
    parts = {part for part in members_of(type_) if part != "None"}
    known = parts - UNKNOWN
    if not known:
        return False
    return "Unknown" in parts or (parts != known and any(part.partition(".")[0] in project for part in known))


def members_of(type_: str) -> Iterator[str]:
    """The parts of a union."""
    depth = 0
    low = 0
    for at, character in enumerate(type_):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "|" and depth == 0:
            yield type_[low:at].strip()
            low = at + 1
    yield type_[low:].strip()
