"""Functions whose results something else than their resolved calls may see, or make up."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Set

import libcst as cst

from codemods.facts.graph import Call, CallKind, Function
from codemods.facts.texts import Text
from codemods.model import Problem, Span
from codemods.parsing import parse
from codemods.planning.boundaries import keeps_function
from codemods.tree import Tree

_REPLACES = re.compile(r"mock|patch|stub|fake|setattr|setitem|__dict__", re.I)
"""The words of files that put something in the place of a function: in other files its name as text is only text."""


def watched(
    called_as: Mapping[str, Set[str]], functions: Iterable[Function], calls: Iterable[Call], texts: Mapping[str, Text]
) -> Iterator[tuple[str, str]]:
    """Of some functions, those whose results are seen or made up elsewhere, and where.

    `called_as` says by function what its calls call it, which may be an alias. `texts` are all files of the project
    by name: a test may put something of its own in a function's place.
    """
    names = frozenset(name for all_names in called_as.values() for name in all_names)
    known = {(one.path, one.span) for one in calls if one.targets and one.kind is CallKind.CALL}
    places = _places(names, known, texts)
    for function in functions:
        if function.name not in called_as:
            continue
        why = _by_definition(function)
        place = next((places[name] for name in sorted(called_as[function.name]) if name in places), None)
        if why is None and place is not None:
            why = f"{place} may put something else in the place of {function.name}"
        if why is not None:
            yield function.name, why


def _by_definition(function: Function) -> str | None:
    shown = next((one.text for one in function.decorators if not keeps_function(one)), None)
    if shown is not None:
        return f"@{shown} may look into it"
    if function.overrides_foreign is not None:
        return f"{function.name} overrides {function.overrides_foreign}"
    return None


def _places(names: Set[str], known: Container[tuple[str, Span]], texts: Mapping[str, Text]) -> dict[str, str]:
    """By name, the first place that may put something else there."""
    found: dict[str, str] = {}
    for path, text in sorted(texts.items()):
        if names.isdisjoint(text.lines.words):
            continue
        tree = parse(path, text.lines.text)
        if isinstance(tree, Problem):
            here = [(name, 1) for name in names & text.lines.words]
        else:
            here = sorted(_replaced_in(tree, path, names, known), key=lambda one: one[1])
        for name, line in here:
            found.setdefault(name, f"{path}:{line}")
    return found


def _replaced_in(
    tree: Tree, path: str, names: Container[str], known: Container[tuple[str, Span]]
) -> Iterator[tuple[str, int]]:
    """The names that a file may put something else under, with the lines."""
    for attribute in tree.all(cst.Attribute):
        if attribute.attr.value in names and _is_assigned(tree.path(attribute)):
            yield attribute.attr.value, tree.span(attribute).line
    if _REPLACES.search(tree.code) is None:
        return
    for text in tree.all(cst.SimpleString):
        name = re.split(r"[.:]", str(text.evaluated_value))[-1]
        if name in names and not _is_only_text(tree, path, tree.path(text), known):
            yield name, tree.span(text).line
    for call in tree.all(cst.Call):
        if (path, tree.span(call)) not in known:
            for one in call.args:
                if one.keyword is not None and one.keyword.value in names:
                    yield one.keyword.value, tree.span(one.value).line


def _is_assigned(path: tuple[cst.CSTNode, ...]) -> bool:
    """Whether the last node of a path gets a value, alone or with others."""
    at = len(path) - 1
    while isinstance(path[at - 1], cst.BaseElement | cst.Tuple | cst.List):
        at -= 1
    node, parent = path[at], path[at - 1]
    match parent:
        case cst.AssignTarget() | cst.AsName() | cst.Del():
            return True
        case cst.AnnAssign() | cst.AugAssign() | cst.For() | cst.CompFor():
            return parent.target is node
    return False


def _is_only_text(tree: Tree, path: str, nodes: tuple[cst.CSTNode, ...], known: Container[tuple[str, Span]]) -> bool:
    """Whether a string at the end of a path is a statement, a key that is read, or given to the project itself."""
    if isinstance(nodes[-2], cst.Expr):
        return True
    if isinstance(nodes[-2], cst.Index) and not _is_assigned(nodes[:-3]):
        return True
    around = next((node for node in reversed(nodes) if isinstance(node, cst.Call)), None)
    return around is not None and (path, tree.span(around)) in known
