"""Looks at a migrated tree on its own, by syntax alone: is what became async also awaited?

It knows no types: a call whose name equals that of a function that became async is listed when nothing
around it takes care of the coroutine. Names collide, so this lists and does not judge.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_TAKERS = {
    "aclosing", "as_completed", "create_task", "ensure_future", "enter_async_context", "gather", "run",
    "run_coroutine_threadsafe", "run_until_complete", "shield", "start_soon", "wait", "wait_for",
}  # fmt: skip
_COLLECTORS = {"append", "add", "extend", "insert", "put_nowait"}
# An expression of these hands its parts on; where they end decides.
_TRANSPARENT = (
    ast.Starred, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.BoolOp, ast.keyword,
)  # fmt: skip
_ASYNC_DUNDERS = {"__aenter__", "__aexit__", "__anext__", "__call__"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place that deserves a look. `line` is 1-based."""

    kind: str
    """`call`: neither awaited nor handed on; `reference`: used as a value, so somebody else calls it."""
    path: str
    line: int
    name: str
    changed: bool
    """Whether awaitify changed this file."""
    ambiguous: bool
    """Whether a sync function of the same name is defined in the project: then it is likely a collision."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What stands out in a migrated tree."""

    sightings: tuple[Sighting, ...]
    async_dunders: tuple[str, ...]
    """`path:line name` of dunder methods that no protocol awaits."""
    nested_runs: tuple[str, ...]
    """`path:line name` of functions with `asyncio.run` that are coroutine functions, or that one of the file calls."""
    unparsed: tuple[str, ...]
    """Files that this Python cannot parse and that were not looked at."""


@dataclass(frozen=True, slots=True)
class _Tree:
    path: str
    root: ast.Module
    parents: dict[ast.AST, ast.AST]


def certify(folder: Path, subdirectory: str, promoted: Iterable[str], changed: Iterable[str]) -> Certificate:
    """Looks at every Python file under `folder / subdirectory`.

    `promoted` are the functions that became async (`module:qualname`), `changed` the paths that awaitify
    wrote, relative to `folder`.
    """
    names = {name.rpartition(":")[2].rpartition(".")[2] for name in promoted}
    names = {name for name in names if not _is_dunder(name)}
    trees, unparsed = _parse_all(folder, subdirectory, names)
    sync = {node.name for tree in trees for node in ast.walk(tree.root) if isinstance(node, ast.FunctionDef)}
    written = set(changed)
    sightings = [
        Sighting(kind, tree.path, line, name, tree.path in written, name in sync)
        for tree in trees
        for kind, line, name in _sightings(tree, names)
    ]
    dunders = [place for tree in trees for place in _async_dunders(tree)]
    runs = [place for tree in trees for place in _nested_runs(tree)]
    return Certificate(tuple(sightings), tuple(dunders), tuple(runs), tuple(unparsed))


def _parse_all(folder: Path, subdirectory: str, names: set[str]) -> tuple[list[_Tree], list[str]]:
    words = [rb"async def __", rb"\basyncio\.run\b", *(rb"\b%s\b" % name.encode() for name in sorted(names))]
    wanted = re.compile(b"|".join(words))
    trees, unparsed = [], []
    for path in sorted((folder / subdirectory).rglob("*.py")):
        content = path.read_bytes()
        if not wanted.search(content):
            continue
        shown = path.relative_to(folder).as_posix()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                root = ast.parse(content)
        except (SyntaxError, ValueError):
            unparsed.append(shown)
            continue
        parents = {child: node for node in ast.walk(root) for child in ast.iter_child_nodes(node)}
        trees.append(_Tree(shown, root, parents))
    return trees, unparsed


def _sightings(tree: _Tree, names: set[str]) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(tree.root):
        if isinstance(node, ast.Call):
            name = _last_name(node.func)
            if name in names and not _is_settled(node, tree):
                yield "call", node.lineno, name
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            parent = tree.parents[node]
            called = isinstance(parent, ast.Call) and parent.func is node
            name = _last_name(node)
            # `name.attribute` reads from the function or from a variable of that name: no use of a coroutine.
            if name in names and not called and not isinstance(parent, ast.Attribute) and not _is_run(node, tree):
                yield "reference", node.lineno, name


def _is_run(node: ast.AST, tree: _Tree) -> bool:
    """Whether a function goes to a variable or a table of this file, is called by that, and each call is settled."""
    parent = tree.parents[node]
    while isinstance(parent, (ast.IfExp, ast.BoolOp, ast.Dict, ast.List, ast.Tuple)):
        parent = tree.parents[parent]
    if not isinstance(parent, ast.Assign) or not all(isinstance(target, ast.Name) for target in parent.targets):
        return isinstance(parent, ast.Compare)
    calls = [call for target in parent.targets for call in _calls_by(target, parent, tree)]
    return bool(calls) and all(_is_settled(call, tree) for call in calls)


def _calls_by(target: ast.expr, place: ast.AST, tree: _Tree) -> Iterator[ast.Call]:
    """The calls of a variable or of what stands in it: `f()`, `table[key]()`, `table.get(key)()`."""
    assert isinstance(target, ast.Name)
    scope = place
    while not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        scope = tree.parents[scope]
    for call in ast.walk(scope):
        func = call.func if isinstance(call, ast.Call) else None
        if isinstance(func, ast.Call) and _last_name(func.func) == "get":
            func = func.func.value if isinstance(func.func, ast.Attribute) else None
        elif isinstance(func, ast.Subscript):
            func = func.value
        if isinstance(call, ast.Call) and isinstance(func, ast.Name) and func.id == target.id:
            yield call


def _is_settled(node: ast.AST, tree: _Tree, follow: bool = True) -> bool:
    """Whether what surrounds `node` awaits its value, hands it on or returns it."""
    child, parent = node, tree.parents.get(node)
    while parent is not None:
        if isinstance(parent, (ast.Await, ast.Return, ast.Lambda, ast.Yield, ast.AsyncFor)):
            return not isinstance(parent, ast.AsyncFor) or child is parent.iter
        if isinstance(parent, ast.withitem):
            return isinstance(tree.parents[parent], ast.AsyncWith)
        if isinstance(parent, ast.Call):
            return child is not parent.func and _call_takes(parent, tree, follow)
        if isinstance(parent, ast.comprehension):
            return child is parent.iter and bool(parent.is_async)
        if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            return follow and _is_awaited_later(parent, tree)
        if isinstance(parent, ast.IfExp):
            if child is parent.test:
                return False
        elif not isinstance(parent, _TRANSPARENT):
            return False
        child, parent = parent, tree.parents.get(parent)
    return False


def _call_takes(call: ast.Call, tree: _Tree, follow: bool) -> bool:
    name = _last_name(call.func)
    if name in _TAKERS:
        return True
    if name in _COLLECTORS and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return follow and _name_is_settled(call.func.value.id, call, tree)
    return False


def _is_awaited_later(assignment: ast.Assign | ast.AnnAssign | ast.NamedExpr, tree: _Tree) -> bool:
    targets = assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]
    return any(_name_is_settled(target.id, assignment, tree) for target in targets if isinstance(target, ast.Name))


def _name_is_settled(name: str, place: ast.AST, tree: _Tree) -> bool:
    scope = place
    while not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        scope = tree.parents[scope]
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and _is_settled(node, tree, follow=False)
        for node in ast.walk(scope)
    )


def _async_dunders(tree: _Tree) -> Iterator[str]:
    for node in ast.walk(tree.root):
        if not isinstance(node, ast.AsyncFunctionDef) or not _is_dunder(node.name):
            continue
        # `async def __aiter__` with a yield is an async generator, which the protocol takes.
        if node.name in _ASYNC_DUNDERS or (node.name == "__aiter__" and _yields(node)):
            continue
        yield f"{tree.path}:{node.lineno} {node.name}"


def _nested_runs(tree: _Tree) -> Iterator[str]:
    functions = [node for node in ast.walk(tree.root) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    called = {
        call.func.id
        for function in functions
        if isinstance(function, ast.AsyncFunctionDef)
        for call in _own_calls(function)
        if isinstance(call.func, ast.Name)
    }
    for function in functions:
        is_method = isinstance(tree.parents[function], ast.ClassDef)
        is_run = isinstance(function, ast.AsyncFunctionDef) or (function.name in called and not is_method)
        if is_run and any(ast.unparse(call.func) == "asyncio.run" for call in _own_calls(function)):
            yield f"{tree.path}:{function.lineno} {function.name}"


def _own_calls(function: ast.AST) -> Iterator[ast.Call]:
    """The calls of a function, without those of functions in it."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _own_calls(child)


def _yields(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(function))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
