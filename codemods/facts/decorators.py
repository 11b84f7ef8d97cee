"""What the project's own decorators do with the functions they get, as far as that is certain.

Only the text of a decorator is parsed, not its file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.arguments import closing
from codemods.facts.bodies import Bodies, lines_before
from codemods.facts.graph import ByName, CallGraph, Decorator, DecoratorEffect, Function
from codemods.facts.inheritance import last_name
from codemods.facts.named_decorators import NamedDecorators
from codemods.facts.syntax import enclosing_function
from codemods.facts.texts import Text
from codemods.facts.wrappers import (
    WrapperRun,
    are_wraps,
    defined_in,
    is_harmless,
    returned_by,
    running_of,
    with_wrappers,
)
from codemods.tree import Tree

_Path = Sequence[cst.CSTNode]


def with_decorators(graph: CallGraph, texts: Mapping[str, Text]) -> CallGraph:
    """The graph whose functions' decorators say what they do, where the project defines them."""
    reader, named = _Reader(graph, texts), NamedDecorators(graph, texts)
    functions = tuple(
        replace(one, decorators=tuple(reader.told(named.told(decorator)) for decorator in one.decorators))
        if one.decorators
        else one
        for one in graph.functions
    )
    return with_wrappers(replace(graph, functions=functions), reader.running)


class _Reader:
    """Reads the decorators of a project, each once."""

    def __init__(self, graph: CallGraph, texts: Mapping[str, Text]) -> None:
        self._functions = {one.name: one for one in graph.functions}
        self._by_name = ByName(graph)
        self._texts = texts
        self._bodies = Bodies(graph.functions, texts)
        self._inner: dict[str, dict[str, Sequence[Decorator]]] = defaultdict(dict)
        for one in graph.functions:
            self._inner[one.parent][last_name(one.name)] = one.decorators
        self._told: dict[tuple[str, bool], _Told] = {}
        self.running: dict[str, WrapperRun] = {}
        """What the wrappers that decorators give run, by their names."""

    def told(self, decorator: Decorator) -> Decorator:
        """A decorator with what it does."""
        function = self._functions.get(decorator.target or "")
        opening = decorator.text.find("(")
        is_factory = opening >= 0
        if function is None or (is_factory and closing(decorator.text, opening) != len(decorator.text) - 1):
            return decorator  # not the project's, or more is done with what the call gives
        key = function.name, is_factory
        if key not in self._told:
            self._told[key] = self._read(function, is_factory=is_factory)
        told = self._told[key]
        return replace(decorator, effect=told.effect, wrapper=told.wrapper)

    def _read(self, function: Function, *, is_factory: bool) -> _Told:
        """What a decorator does; `is_factory` says that it is called to make one."""
        if function.owner is not None:
            called = self._functions.get(f"{function.owner}.__call__")
            is_made = is_factory and last_name(function.name) == "__init__"
            if called is None or not is_made or self._is_bound_again(function.owner, function.path):
                return _UNKNOWN
            return self._read_function(called, function.owner, is_factory=False)
        return self._read_function(function, function.name, is_factory=is_factory)

    def _is_bound_again(self, name: str, path: str) -> bool:
        again = rf"^\s*{re.escape(last_name(name))}\s*(?::[^=\n]*)?=[^=]"
        return self._by_name.is_defined_again(name) or re.search(again, self._texts[path].lines.text, re.M) is not None

    def _read_function(self, function: Function, decorator: str, *, is_factory: bool) -> _Told:
        """What a function does that gets one, or gives one that does; `decorator` is what stands behind the `@`."""
        source = self._bodies.source(function)
        if source is None or function.decorators or function.is_async:
            return _UNKNOWN
        if self._is_bound_again(function.name, function.path):
            return _UNKNOWN
        try:
            tree = Tree(source)
        except cst.ParserSyntaxError:
            return _UNKNOWN
        # a function's nodes come innermost first
        node = list(tree.all(cst.FunctionDef))[-1]
        name = function.name
        if is_factory:
            made = _made_by(tree, node)
            if made is None:
                return _UNKNOWN
            node, name = made, f"{name}.<locals>.{made.name.value}"
        is_method = function.owner is not None
        effect = None if is_method else _Decorating(tree, node, self._inner[name]).effect()
        if effect is not None:
            return _Told(effect)
        running = running_of(tree, node, is_method=is_method, decorators=self._inner[name])
        if running is None:
            return _UNKNOWN
        wrapper = f"{name}.<locals>.{running.wrapper}"
        above = lines_before(function, source)
        calls = (replace(one, line=one.line + above, end_line=one.end_line + above) for one in running.calls)
        self.running[wrapper] = WrapperRun(decorator, function.path, tuple(calls))
        return _Told(DecoratorEffect.RUNS, wrapper)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a decorator."""

    effect: DecoratorEffect | None
    wrapper: str | None = None


_UNKNOWN = _Told(None)


def _made_by(tree: Tree, node: cst.FunctionDef) -> cst.FunctionDef | None:
    """The decorator that a function defines and gives in every case."""
    inner = defined_in(tree, node)
    returned = returned_by(tree, node)
    names = {one.value if isinstance(one, cst.Name) else "" for one in returned}
    if len(names) != 1 or not _always_leaves(node.body):
        return None
    made = inner.get(names.pop())
    if made is None or made.decorators or made.asynchronous is not None:
        return None
    return made if _mentions(tree, node, made) == len(returned) else None


def _mentions(tree: Tree, node: cst.FunctionDef, inner: cst.FunctionDef) -> int:
    """How often the name of a function within a function stands there, but for its definition."""
    return sum(one.value == inner.name.value for one in tree.all(cst.Name, node)) - 1


def _always_leaves(suite: cst.BaseSuite) -> bool:
    """Whether a suite ends with a `return` or a `raise` in every case that a look at its last statement shows."""
    if not isinstance(suite, cst.IndentedBlock) or not suite.body:
        return False
    match suite.body[-1]:
        case cst.SimpleStatementLine(body=[*_, cst.Return() | cst.Raise()]):
            return True
        case cst.If(body=body, orelse=cst.If() | cst.Else() as other):
            return _always_leaves(body) and _leaves_otherwise(other)
    return False


def _leaves_otherwise(other: cst.If | cst.Else) -> bool:
    if isinstance(other, cst.Else):
        return _always_leaves(other.body)
    return _always_leaves(other.body) and other.orelse is not None and _leaves_otherwise(other.orelse)


class _Decorating:
    """One decorator: a function that gets a function."""

    def __init__(self, tree: Tree, node: cst.FunctionDef, decorators: Mapping[str, Sequence[Decorator]]) -> None:
        self._tree = tree
        self._node = node
        self._decorators = decorators
        self._wrappers = defined_in(tree, node)

    def effect(self) -> DecoratorEffect | None:
        parameters = self._node.params
        others = (parameters.star_arg, parameters.star_kwarg, *parameters.kwonly_params, *parameters.posonly_params)
        if len(parameters.params) != 1 or any(isinstance(one, cst.Param) for one in others):
            return None
        if self._node.decorators or self._node.asynchronous is not None or not _always_leaves(self._node.body):
            return None
        name = parameters.params[0].name.value
        given = {one.value if isinstance(one, cst.Name) else None for one in returned_by(self._tree, self._node)}
        if None in given or not given <= {name, *self._wrappers}:
            return None
        wrappers = [wrapper for one, wrapper in self._wrappers.items() if one in given]
        if not all(self._is_plain(one) for one in wrappers) or not self._handles_with_care(name, wrappers):
            return None
        return DecoratorEffect.HANDS_ON if wrappers else DecoratorEffect.SAME

    def _is_plain(self, wrapper: cst.FunctionDef) -> bool:
        """Whether a wrapper is given as it is, and leaves only with what the function gives, or an exception."""
        name = wrapper.name.value
        decorators = self._decorators.get(name, ())
        is_generator = any(True for _ in self._tree.all(cst.Yield, wrapper))
        returns = sum(isinstance(one, cst.Name) and one.value == name for one in returned_by(self._tree, self._node))
        return (
            are_wraps(wrapper, decorators)
            and wrapper.asynchronous is None
            and not is_generator
            and _mentions(self._tree, self._node, wrapper) == returns
            and _always_leaves(wrapper.body)
            and all(isinstance(one, cst.Call) for one in returned_by(self._tree, wrapper))
        )

    def _handles_with_care(self, name: str, wrappers: Sequence[cst.FunctionDef]) -> bool:
        """Whether nothing is done with the function that its color could change, and wrappers return nothing else."""
        handed_on = 0
        for node in self._tree.all(cst.Name, self._node):
            if node.value != name:
                continue
            path = self._tree.path(node)
            if isinstance(path[-2], cst.Param):
                if self._node.params is not path[-3]:
                    return False  # a parameter of the same name hides it
                continue
            if isinstance(path[-2], cst.NameItem):
                continue  # `nonlocal`: what assigns it is a use of its own
            if self._is_handed_on(path, wrappers):
                handed_on += 1
            elif not is_harmless(path, self._node, wrappers):
                return False
        return handed_on == sum(len(returned_by(self._tree, one)) for one in wrappers)

    def _is_handed_on(self, path: _Path, wrappers: Sequence[cst.FunctionDef]) -> bool:
        """Whether the name at the end of a path is called, and what that gives is what a wrapper gives."""
        match path[-4:]:
            case (cst.SimpleStatementLine() | cst.SimpleStatementSuite(), cst.Return() as given, cst.Call() as call, _):
                inner = enclosing_function(path)
                around = path[: len(path) - 3]
                # a handler, a lock or a clock around the call would be left before the coroutine runs
                is_open = not any(
                    isinstance(one, cst.Try | cst.TryStar | cst.With | cst.For | cst.While) for one in around
                )
                return given.value is call and call.func is path[-1] and inner in wrappers and is_open
        return False
