"""Requests' exceptions where a project names them other than in a handler around a call.

Handlers are followed over the call graph. What reaches them in other ways, such as through a task that is awaited
later, cannot be: where a project does that, no request changes the exceptions that it raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from codemods.facts.syntax import ImportedNames, dotted_name
from codemods.rules.requests_calls.exceptions import EXCEPTIONS, LIBRARY
from codemods.tree import Tree

_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(EXCEPTIONS))})\b")

_PLAIN_LINE = re.compile(
    r"[ \t]*(?:except\b[^\r\n:;]*:[ \t]*(?:#[^\r\n]*)?$|(?:from|import)\b(?![^\r\n]*(?:;|\bas\b))|#)", re.M
)
"""Lines that name an exception and do nothing else with it: imports that give it no other name, and handlers."""
_OTHER_WAYS = re.compile(r"\.result\s*\(|\b(?:await|yield)\b")
"""What may bring an exception to a handler otherwise than by a call."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The first place of each kind in a file, as text."""

    raised: str | None = None
    """Where it raises one of the exceptions, or derives a class from one."""
    untraceable: str | None = None
    """Where something that cannot be followed is done with one, with what it is."""


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
            case "value":
                name = tree.lines.slice(tree.span(node))
                untraceable = untraceable or f"{place} uses {name} in a way that awaitify cannot follow"
    return Mentions(raised, untraceable)


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
