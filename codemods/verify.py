"""What must hold before a change is offered: checked on the printed result, without the plan's syntax facts.

The await certificate counts, in every changed file, the calls that carry the name of a function that became async
and are not awaited. Before the change they were known to be calls of something else, or unresolved and listed;
any other number means that a call was missed, and the file is not offered.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.facts.markers import is_pragma
from codemods.facts.syntax import ImportedNames, enclosing_function
from codemods.tree import Tree

_ASYNC_DUNDERS = frozenset({"__aenter__", "__aexit__", "__anext__", "__aiter__", "__call__", "__await__"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What does not hold: the 1-based line of the result, or None for the whole file, and the reason."""

    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the plan says of one changed file."""

    names: Collection[str]
    """The last parts of the names of all functions that become async, anywhere, and what calls that the plan has
    awaited in this file are named after, whatever function they run."""
    other_calls: Mapping[str, int]
    """By such a name, how many calls in the file stay without `await` because they call something else."""


def verify(before: Tree, after: str, expected: Expectation) -> Failure | None:
    """The first thing that does not hold for the new text of a file, or None."""
    try:
        tree = Tree(after)
    except cst.ParserSyntaxError as error:
        return Failure(error.raw_line, f"the result is no Python: {error.message}")
    if tree.code != after:
        return Failure(None, "the result does not print as it is")
    return (
        _compiles(before.code, after)
        or _keeps_comments(before, tree)
        or _awaits_stand_in_async(tree)
        or _no_async_dunders(before, tree)
        or _no_nested_loops(before, tree)
        or _certificate(tree, expected)
    )


def _compiles(before: str, after: str) -> Failure | None:
    """Whether the running Python compiles the result; asked only where it compiled the original."""
    if _compile_error(before) is not None:
        return None
    error = _compile_error(after)
    return None if error is None else Failure(error.lineno, f"the result does not compile: {error.msg}")


def _compile_error(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<migrated>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error))
    return None


def _keeps_comments(before: Tree, after: Tree) -> Failure | None:
    """Whether every comment is still there, but for pragmas, which may go with their line."""
    left = Counter(node.value for node in after.all(cst.Comment))
    for node in before.all(cst.Comment):
        left[node.value] -= 1
        if left[node.value] < 0 and not is_pragma(node.value):
            return Failure(None, f"the comment in line {before.span(node).line} would be lost")
    return None


def _awaits_stand_in_async(tree: Tree) -> Failure | None:
    for node in tree.all(cst.Await):
        path = tree.path(node)
        for index in range(len(path) - 2, -1, -1):
            outer = path[index]
            if isinstance(outer, cst.FunctionDef | cst.Lambda) and path[index + 1] is outer.body:
                if isinstance(outer, cst.FunctionDef) and outer.asynchronous is not None:
                    break
                return Failure(tree.span(node).line, "await stands outside of an async function")
        else:
            return Failure(tree.span(node).line, "await stands outside of a function")
    return None


def _no_async_dunders(before: Tree, after: Tree) -> Failure | None:
    old = _async_dunders(before)
    for name, nodes in _async_dunders(after).items():
        if len(nodes) > len(old.get(name, ())):
            return Failure(nodes[0], f"{name} became async, and Python would not await it")
    return None


def _async_dunders(tree: Tree) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for function in tree.all(cst.FunctionDef):
        name = function.name.value
        is_dunder = name.startswith("__") and name.endswith("__") and name not in _ASYNC_DUNDERS
        if function.asynchronous is not None and is_dunder:
            found.setdefault(name, []).append(tree.span(function.name).line)
    return found


def _no_nested_loops(before: Tree, after: Tree) -> Failure | None:
    """Whether no coroutine function of the file comes to an `asyncio.run` that it did not come to before."""
    old = _nested_loops(before)
    for name, line in _nested_loops(after).items():
        if name not in old:
            return Failure(line, f"{name} starts an event loop, and a coroutine comes to it: that raises RuntimeError")
    return None


def _nested_loops(tree: Tree) -> dict[str, int]:
    """By name, the functions with an `asyncio.run` that are coroutine functions, or that those call in this file.

    Calls are followed by plain names and, within a class, by those of `self`.
    """
    imports = ImportedNames(tree)
    names = {function: _local_name(tree.path(function)) for function in tree.all(cst.FunctionDef)}
    starters: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    running = {name for function, name in names.items() if function.asynchronous is not None}
    plain = {name for function, name in names.items() if function.asynchronous is None}
    for call in tree.all(cst.Call):
        function = enclosing_function(tree.path(call))
        if not isinstance(function, cst.FunctionDef):
            continue
        if imports.resolve(call.func) == "asyncio.run":
            starters.setdefault(names[function], tree.span(call).line)
        elif (target := _local_target(call, names[function])) in plain:
            calls.setdefault(names[function], set()).add(target)
    queue = list(running)
    while queue:
        fresh = calls.get(queue.pop(), set()) - running
        running |= fresh
        queue += fresh
    return {name: line for name, line in starters.items() if name in running}


def _local_name(path: Sequence[cst.CSTNode]) -> str:
    """What a function is told from others by in its own file: `name`, or `Class.name`."""
    around = [one for one in path if isinstance(one, cst.FunctionDef | cst.ClassDef)][-2:]
    return ".".join(one.name.value for one in around if one is path[-1] or isinstance(one, cst.ClassDef))


def _local_target(call: cst.Call, caller: str) -> str:
    match call.func:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=cst.Name(value="self" | "cls"), attr=cst.Name(value=name)):
            return f"{caller.rpartition('.')[0]}.{name}"
    return ""


def _certificate(tree: Tree, expected: Expectation) -> Failure | None:
    imports = ImportedNames(tree)
    lines = unawaited_calls(tree, expected.names, imports)
    for name, found in sorted(lines.items()):
        known = expected.other_calls.get(name, 0)
        if len(found) != known:
            return Failure(
                found[0] if found else None,
                f"{len(found)} calls named {name} are not awaited and {known} of them are known to call something else",
            )
    return None


def unawaited_calls(tree: Tree, names: Collection[str], imports: ImportedNames) -> dict[str, list[int]]:
    """By name, the lines of the calls of that name that nothing awaits where they stand."""
    found: dict[str, list[int]] = {}
    for call in tree.all(cst.Call):
        name = called_name(call)
        if name not in names or imports.resolve(call.func) == "asyncio.run" or is_taken(tree.path(call), imports):
            continue
        found.setdefault(name, []).append(tree.span(call).line)
    return {name: sorted(lines) for name, lines in found.items()}


def called_name(call: cst.Call) -> str:
    """The last part of the name of what is called; empty when it has none.

    What stands in a table, `table[key](...)` or `table.get(key)(...)`, is named after it: `table[]`, `get()`.
    """
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
        case cst.Subscript(value=cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name))):
            return f"{name}[]"
        case cst.Call() as inner:
            return f"{called_name(inner)}()"
    return ""


def is_taken(path: Sequence[cst.CSTNode], imports: ImportedNames) -> bool:
    """Whether a call is awaited, entered with `async with`, iterated with `async for`, or what `asyncio.run` runs."""
    if isinstance(path[-2], cst.Await):
        return True
    if isinstance(path[-2], cst.For | cst.CompFor):
        return path[-2].asynchronous is not None and path[-2].iter is path[-1]
    if isinstance(path[-2], cst.WithItem):
        block = path[-3]
        return isinstance(block, cst.With) and block.asynchronous is not None
    outer = path[-3] if len(path) > 2 else None
    if not isinstance(path[-2], cst.Arg) or not isinstance(outer, cst.Call):
        return False
    return imports.resolve(outer.func) in {"asyncio.run", "anext"}
