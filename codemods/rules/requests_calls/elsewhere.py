"""Requests' exceptions where a project names them other than in a handler around a call.

Handlers are followed over the call graph. What reaches them in other ways, such as through a task that is awaited
later, cannot be: where a project does that, no request changes the exceptions that it raises. Where an exception is
only told from others, as by `isinstance` or by what tries a function again, those that come instead are told with it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.model import ToldApart
from codemods.rules.requests_calls.exceptions import EXCEPTIONS, LIBRARY, Exceptions, parts_of
from codemods.tree import Tree, dotted_name

_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(EXCEPTIONS))})\b")

_PLAIN_LINE = re.compile(
    r"[ \t]*(?:except\b[^\r\n:;]*:[ \t]*(?:#[^\r\n]*)?$|(?:from|import)\b(?![^\r\n]*(?:;|\bas\b))|#)", re.M
)
"""Lines that name an exception and do nothing else with it: imports that give it no other name, and handlers."""
_OTHER_WAYS = re.compile(r"\.result\s*\(|\b(?:await|yield)\b")
"""What may bring an exception to a handler otherwise than by a call."""


_TOLD_BY = {
    "isinstance": (1, None),
    "issubclass": (1, None),
    "backoff.on_exception": (1, "exception"),
    "tenacity.retry_if_exception_type": (0, "exception_types"),
    "tenacity.retry_if_not_exception_type": (0, "exception_types"),
    "tenacity.retry_unless_exception_type": (0, "exception_types"),
}
"""What tells exceptions of some classes from others: the place of the argument with the classes, and its name. All of
these take a tuple of classes, too."""
_OF_ALL = frozenset({"args", "with_traceback", "add_note", "__class__", "__traceback__", "__cause__", "__context__"})
"""What every exception has."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The first place of each kind in a file, as text."""

    raised: str | None = None
    """Where it raises one of the exceptions, or derives a class from one."""
    untraceable: str | None = None
    """Where something that cannot be followed is done with one, with what it is."""
    told: tuple[ToldApart, ...] = ()
    """All the places where exceptions are told from others by their classes."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a project does with exceptions other than to catch them around calls; by library."""

    raised: Mapping[str, str]
    """The first place that raises one."""
    untraceable: Mapping[str, str]
    """The first place that does something with one that cannot be followed, with what it is."""
    told: tuple[ToldApart, ...]


def gathered(mentions: Iterable[Mentions], exceptions: Exceptions, outside: Container[str]) -> Elsewhere:
    """What the files of a project do, when a library takes the place of requests that raises `exceptions`.

    `outside` are files that are not changed.
    """
    found = list(mentions)
    told = sorted((one for mention in found for one in mention.told), key=lambda one: (one.path, one.span))
    untraceable = [one.untraceable for one in found]
    for one in told:
        if one.path in outside or not exceptions.has_all(one.kinds):
            untraceable.append(
                f"{one.path}:{one.span.line} asks for exceptions that {exceptions.client} does not raise"
            )
    return Elsewhere(
        _first(one.raised for one in found), _first(untraceable), tuple(exceptions.with_notes(one) for one in told)
    )


def _first(places: Iterable[str | None]) -> Mapping[str, str]:
    found = sorted(place for place in places if place is not None)
    return {LIBRARY: found[0]} if found else {}


def may_mention(path: str, text: str) -> bool:
    """Whether a file is worth a look. What tests expect is not what the program does.

    To parse it costs far more than to see that it only catches them, around calls.
    """
    name = PurePosixPath(path)
    is_test = name.name.startswith("test_") or name.name == "conftest.py" or {"test", "tests"} & set(name.parts)
    if is_test or LIBRARY not in text:
        return False
    named = [one.start() for one in _NAMED.finditer(text)]
    is_plain = all(_PLAIN_LINE.match(text, max(text.rfind(end, 0, at) for end in "\r\n") + 1) for at in named)
    return bool(named) and (not is_plain or _OTHER_WAYS.search(text) is not None)


def mentions_in(tree: Tree, path: str, imports: ImportedNames) -> Mentions:
    """What a file does with requests' exceptions."""
    raised: str | None = None
    untraceable: str | None = None
    told: set[ToldApart] = set()
    for node in _exceptions(tree, imports):
        around = tree.path(node)
        place = f"{path}:{tree.span(node).line}"
        match _role(around):
            case "raised":
                raised = raised or place
            case "caught":
                way = _untraceable_way(around, imports)
                if way is not None:
                    untraceable = untraceable or f"{place} catches {tree.lines.slice(tree.span(node))} of {way}"
            case "value" if (one := _told_apart(tree, path, around, imports)) is not None:
                told.add(one)
            case "value":
                name = tree.lines.slice(tree.span(node))
                untraceable = untraceable or f"{place} uses {name} in a way that awaitify cannot follow"
    return Mentions(raised, untraceable, tuple(told))


def _exceptions(tree: Tree, imports: ImportedNames) -> Iterator[cst.BaseExpression]:
    """The outermost expressions that name an exception, outside of imports."""
    for node in (*tree.all(cst.Attribute), *tree.all(cst.Name)):
        name = imports.resolve(node)
        if name is None or name.rpartition(".")[2] not in EXCEPTIONS or not name.startswith(f"{LIBRARY}."):
            continue
        path = tree.path(node)
        is_part = isinstance(path[-2], cst.Attribute) or (isinstance(path[-2], cst.Arg) and path[-2].keyword is node)
        if not is_part and not any(isinstance(one, cst.Import | cst.ImportFrom) for one in path):
            yield node


def _role(path: Sequence[cst.CSTNode]) -> str:
    for index in range(len(path) - 2, -1, -1):
        outer, inner = path[index], path[index + 1]
        match outer:
            case cst.ExceptHandler() | cst.ExceptStarHandler() if inner is outer.type:
                return "caught"
            case cst.Raise():
                return "raised"
            case cst.ClassDef() if inner in outer.bases:
                return "raised"
            case cst.Annotation() | cst.WithItem():
                return "followed"
            case cst.BaseStatement():
                break
    return "value"


def _told_apart(tree: Tree, path: str, around: Sequence[cst.CSTNode], imports: ImportedNames) -> ToldApart | None:
    """The classes that an exception is told by, of which the last node of a path is one; None where it is not so."""
    at = len(around) - 2
    while isinstance(around[at], cst.Tuple | cst.Element):
        at -= 1
    argument, call = around[at], around[at - 1]
    if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call):
        return None
    classes = argument.value
    if isinstance(classes, cst.Tuple) and not all(isinstance(one, cst.Element) for one in classes.elements):
        return None
    kinds = [imports.resolve(one) or dotted_name(one) for one in parts_of(classes)]
    place, keyword = _TOLD_BY.get(imports.resolve(call.func) or dotted_name(call.func) or "", (-1, None))
    is_meant = argument.keyword.value == keyword if argument.keyword is not None else call.args.index(argument) == place
    if not is_meant or argument.star or None in kinds or any(one.star for one in call.args):
        return None
    asked = dotted_name(call.args[0].value) if keyword is None else None
    caught = None if asked is None else _caught_as(around, asked)
    if asked is not None and caught is None and _is_looked_into(tree, around, asked):
        return None
    caught_as = None if caught is None else tree.span(caught)
    return ToldApart(path, tree.span(classes), LIBRARY, tuple(kind or "" for kind in kinds), caught_as=caught_as)


def _caught_as(path: Sequence[cst.CSTNode], name: str) -> cst.BaseExpression | None:
    """The classes of the handler around a place that gives what it catches a name: what is done with it is judged
    there."""
    for one in reversed(path):
        if isinstance(one, cst.ExceptHandler | cst.ExceptStarHandler) and _gives_name(one, name):
            return one.type
    return None


def _gives_name(handler: cst.ExceptHandler | cst.ExceptStarHandler, name: str) -> bool:
    return handler.name is not None and dotted_name(handler.name.name) == name


def _is_looked_into(tree: Tree, path: Sequence[cst.CSTNode], name: str) -> bool:
    """Whether the code around a place asks an exception, by its name, for something that not all exceptions have."""
    around = next((one for one in reversed(path) if isinstance(one, cst.FunctionDef)), path[0])
    return any(
        one.attr.value not in _OF_ALL and dotted_name(one.value) == name and around in tree.path(one)
        for one in tree.all(cst.Attribute)
    )


def _untraceable_way(path: Sequence[cst.CSTNode], imports: ImportedNames) -> str | None:
    """How exceptions may come to the handler that holds the last node of a path, other than by a call."""
    statement = next(node for node in reversed(path) if isinstance(node, cst.Try | cst.TryStar))
    parameters = {
        one.name.value
        for node in path
        if isinstance(node, cst.FunctionDef)
        for one in (*node.params.params, *node.params.kwonly_params, *node.params.posonly_params)
    }
    function = next((node for node in reversed(path) if isinstance(node, cst.FunctionDef)), None)
    decorators = function.decorators if function is not None else ()
    # only a context manager's generator is entered again by what fails outside of it
    may_be_thrown_into = any("contextmanager" in (dotted_name(one.decorator) or "contextmanager") for one in decorators)
    finder = _WayFinder(parameters, imports, may_be_thrown_into)
    statement.body.visit(finder)
    return finder.way


class _WayFinder(cst.CSTVisitor):
    def __init__(self, parameters: set[str], imports: ImportedNames, may_be_thrown_into: bool) -> None:
        self._may_be_thrown_into = may_be_thrown_into
        self._parameters = parameters
        self._imports = imports
        self.way: str | None = None

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Yield(self, node: cst.Yield) -> None:
        if self._may_be_thrown_into:
            self.way = self.way or "what runs while it yields"

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "result" and not node.args:
            self.way = self.way or "a future"

    def visit_Await(self, node: cst.Await) -> None:
        awaited = node.expression
        if not isinstance(awaited, cst.Call):
            self.way = self.way or "a task"
            return
        callee = self._imports.resolve(awaited.func) or ""
        starts_tasks = callee.startswith(("asyncio.", "anyio.", "trio."))
        if starts_tasks and any(not isinstance(one.value, cst.Call | cst.BaseNumber) for one in awaited.args):
            self.way = self.way or "tasks"
        if dotted_name(awaited.func) in self._parameters:
            self.way = self.way or "a function that it is given"
