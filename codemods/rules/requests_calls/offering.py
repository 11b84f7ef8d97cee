"""What offers for requests have in common: the request, and which others it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.model import Parity, Span
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_POSITIONAL = {"get": 1, "options": 1, "head": 1, "post": 3, "put": 2, "patch": 2, "delete": 1, "request": 2}
"""How many positional arguments a session's methods are given at most. Source: requests 2.34 `requests/sessions.py`."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call of one of requests' functions."""

    call: cst.Call
    verb: str
    is_of_session: bool = False
    """Whether it is a method of a session."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose of how requests are written."""

    parity: Parity = Parity.IDIOMATIC


def why_no_session_takes(request: Request) -> Refusal | None:
    """Why a request of a session is none that requests can make."""
    positional = sum(one.keyword is None and not one.star for one in request.call.args)
    if request.is_of_session and positional > _POSITIONAL[request.verb]:
        return Refusal(f"a session's {request.verb}() does not take so many positional arguments")
    return None


def group_names(tree: Tree, groups: Mapping[Span, tuple[cst.Call, set[str]]]) -> dict[Span, str | None]:
    """For each request, by its span, one name for its groups and all that they are connected to in its function."""
    by_function: dict[int, list[Span]] = {}
    for span, (call, _) in groups.items():
        by_function.setdefault(id(enclosing_function(tree.path(call))), []).append(span)
    return {
        span: _joined(groups[span][1], [groups[other][1] for other in together])
        for together in by_function.values()
        for span in together
    }


def _joined(groups: set[str], others: Sequence[set[str]]) -> str | None:
    """One name for groups and all that are connected to them by requests which are in several.

    `others` are the groups of each request of the function.
    """
    found = set(groups)
    while found:
        wider = found.union(*(other for other in others if other & found))
        if wider == found:
            return min(found)
        found = wider
    return None


def sharing_a_statement(tree: Tree, calls: Iterable[cst.Call]) -> set[Span]:
    """Those whose innermost statement holds more than one of the calls."""
    by_statement: dict[int, list[Span]] = {}
    for call in calls:
        path = tree.path(call)
        statement = next(node for node in reversed(path) if isinstance(node, cst.BaseStatement | cst.Module))
        by_statement.setdefault(id(statement), []).append(tree.span(call))
    return {span for same in by_statement.values() if len(same) > 1 for span in same}
