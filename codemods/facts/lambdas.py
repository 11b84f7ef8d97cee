"""What the parameter of a lambda stands for, where Python itself calls it for each element of something."""

from __future__ import annotations

import re

from codemods.facts.arguments import closing, parts_between

_LAMBDA = re.compile(r"\blambda\b(?P<parameters>[^:]*):")
_CALLEE = re.compile(
    r"(?:(?P<receiver>(?<![\w.)\]])[\w.]+)\s*\.\s*sort|(?<![\w.])(?P<function>sorted|max|min|map|filter))\s*\Z"
)
_KEY = re.compile(r"\s*key\s*=\s*\Z")


def iterated_by_lambdas(outline: str, start: int, end: int, name: str) -> list[tuple[int, int]] | None:
    """The offsets of what the lambdas between two offsets are called for each element of, whose parameter has a name.

    None where a lambda takes the name otherwise. `outline` is a text with its strings and comments blanked.
    """
    found: list[tuple[int, int]] = []
    for match in _LAMBDA.finditer(outline, start, end):
        if re.search(rf"\b{re.escape(name)}\b", match["parameters"]) is None:
            continue
        place = _iterated(outline, match.start()) if match["parameters"].strip() == name else None
        if place is None:
            return None
        found.append(place)
    return found


def _iterated(outline: str, at: int) -> tuple[int, int] | None:
    """What the lambda at an offset is called for each element of; it has a single parameter."""
    opening = _enclosing(outline, at)
    end = None if opening is None else closing(outline, opening)
    callee = None if opening is None else _CALLEE.search(outline, max(0, opening - 120), opening)
    if opening is None or end is None or callee is None or len(_LAMBDA.findall(outline, opening, end)) > 1:
        return None
    arguments = list(parts_between(outline, opening + 1, end))
    own = next(one for one in arguments if one[0] <= at < one[1])
    is_key = _KEY.match(outline, own[0], at) is not None
    others = [
        one for one in arguments if one is not own and "=" not in outline[slice(*one)] and outline[slice(*one)].strip()
    ]
    if callee["receiver"] is not None:
        return callee.span("receiver") if is_key and not others else None
    is_given = not outline[own[0] : at].strip() and own is arguments[0]
    is_fit = is_given if callee["function"] in {"map", "filter"} else is_key
    return others[0] if is_fit and len(others) == 1 and "*" not in outline[slice(*others[0])] else None


def _enclosing(outline: str, at: int) -> int | None:
    """The bracket around an offset; None where it is no parenthesis."""
    depth = 0
    for index in range(at - 1, -1, -1):
        if outline[index] in ")]}":
            depth += 1
        elif outline[index] in "([{":
            if depth == 0:
                return index if outline[index] == "(" else None
            depth -= 1
    return None
