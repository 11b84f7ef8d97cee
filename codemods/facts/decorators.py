"""What the project's own decorators do with the functions they get, as far as that is certain.

Only the text of a decorator is parsed, not its file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import libcst as cst

from codemods.facts.arguments import closing
from codemods.facts.assemble import Text
from codemods.facts.bodies import Bodies
from codemods.facts.graph import ByName, CallGraph, Decorator, DecoratorEffect, Function
from codemods.facts.inheritance import last_name
from codemods.facts.syntax import enclosing_function
from codemods.tree import Tree

_WRAPS = frozenset({"functools.wraps"})
_ASKING = frozenset({"callable", "getattr", "hasattr"})
"""What gives the same for a coroutine function as for another."""
_TOLD = frozenset(
    {"__annotations__", "__defaults__", "__doc__", "__kwdefaults__", "__module__", "__name__", "__qualname__"}
)
"""The attributes that any function has and that its color does not change."""
_Path = Sequence[cst.CSTNode]


def with_decorators(graph: CallGraph, texts: Mapping[str, Text]) -> CallGraph:
    """The graph whose functions' decorators say what they do, where the project defines them."""
    reader = _Reader(graph, texts)
    functions = tuple(
        replace(one, decorators=tuple(map(reader.told, one.decorators))) if one.decorators else one
        for one in graph.functions
    )
    return replace(graph, functions=functions)


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
        self._effects: dict[tuple[str, bool], DecoratorEffect | None] = {}

    def told(self, decorator: Decorator) -> Decorator:
        """A decorator with what it does."""
        function = self._functions.get(decorator.target or "")
        opening = decorator.text.find("(")
        is_factory = opening >= 0
        if function is None or (is_factory and closing(decorator.text, opening) != len(decorator.text) - 1):
            return decorator  # not the project's, or more is done with what the call gives
        key = function.name, is_factory
        if key not in self._effects:
            self._effects[key] = self._effect(function, is_factory=is_factory)
        return replace(decorator, effect=self._effects[key])

    def _effect(self, function: Function, *, is_factory: bool) -> DecoratorEffect | None:
        """What a decorator does; `is_factory` says that it is called to make one."""
        source = self._bodies.source(function)
        again = rf"^\s*{re.escape(last_name(function.name))}\s*(?::[^=\n]*)?=[^=]"
        is_bound_again = (
            self._by_name.is_defined_again(function.name)
            or re.search(again, self._texts[function.path].lines.text, re.M) is not None
        )
        if source is None or function.decorators or function.is_async or function.owner is not None or is_bound_again:
            return None
        try:
            tree = Tree(source)
        except cst.ParserSyntaxError:
            return None
        # a function's nodes come innermost first
        node = list(tree.all(cst.FunctionDef))[-1]
        name = function.name
        if is_factory:
            made = _made_by(tree, node)
            if made is None:
                return None
            node, name = made, f"{name}.<locals>.{made.name.value}"
        return _Decorating(tree, node, self._inner[name]).effect()


def _made_by(tree: Tree, node: cst.FunctionDef) -> cst.FunctionDef | None:
    """The decorator that a function defines and gives in every case."""
    inner = _defined_in(tree, node)
    returned = _returned(tree, node)
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


def _defined_in(tree: Tree, node: cst.FunctionDef) -> dict[str, cst.FunctionDef]:
    """The functions that stand in the body of a function itself, by their names."""
    inner = (one for one in tree.all(cst.FunctionDef, node) if enclosing_function(tree.path(one)) is node)
    return {one.name.value: one for one in inner}


def _returned(tree: Tree, node: cst.FunctionDef) -> list[cst.BaseExpression | None]:
    """What a function returns, functions within it left out."""
    returns = [one for one in tree.all(cst.Return, node) if enclosing_function(tree.path(one)) is node]
    return [one.value for one in returns]


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
        self._wrappers = _defined_in(tree, node)

    def effect(self) -> DecoratorEffect | None:
        parameters = self._node.params
        others = (parameters.star_arg, parameters.star_kwarg, *parameters.kwonly_params, *parameters.posonly_params)
        if len(parameters.params) != 1 or any(isinstance(one, cst.Param) for one in others):
            return None
        if self._node.decorators or self._node.asynchronous is not None or not _always_leaves(self._node.body):
            return None
        name = parameters.params[0].name.value
        given = {one.value if isinstance(one, cst.Name) else None for one in _returned(self._tree, self._node)}
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
        is_wrapped = len(decorators) == len(wrapper.decorators) and all(one.target in _WRAPS for one in decorators)
        is_generator = any(True for _ in self._tree.all(cst.Yield, wrapper))
        returns = sum(isinstance(one, cst.Name) and one.value == name for one in _returned(self._tree, self._node))
        return (
            is_wrapped
            and wrapper.asynchronous is None
            and not is_generator
            and _mentions(self._tree, self._node, wrapper) == returns
            and _always_leaves(wrapper.body)
            and all(isinstance(one, cst.Call) for one in _returned(self._tree, wrapper))
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
            if self._is_handed_on(path, wrappers):
                handed_on += 1
            elif not self._is_harmless(path, wrappers):
                return False
        return handed_on == sum(len(_returned(self._tree, one)) for one in wrappers)

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

    def _is_harmless(self, path: _Path, wrappers: Sequence[cst.FunctionDef]) -> bool:
        """Whether the name at the end of a path is returned, asked for what any function has, or marked."""
        node, parent, outer = path[-1], path[-2], path[-3]
        if isinstance(parent, cst.Return):
            return enclosing_function(path) is self._node
        if isinstance(parent, cst.Attribute) and parent.value is node:
            is_called = isinstance(outer, cst.Call) and outer.func is parent
            attribute = parent.attr.value
            is_marked = isinstance(outer, cst.AssignTarget) and not attribute.startswith("__")
            return is_marked or (attribute in _TOLD and not is_called)
        if isinstance(parent, cst.Arg) and isinstance(outer, cst.Call):
            if isinstance(path[-4], cst.Decorator):
                return path[-5] in wrappers  # `functools.wraps`
            match outer:
                case cst.Call(func=cst.Name(value=asked), args=[first, *rest]) if asked in _ASKING:
                    named = [one.value for one in rest[:1]]
                    return first is parent and all(
                        isinstance(one, cst.SimpleString) and not str(one.evaluated_value).startswith("__")
                        for one in named
                    )
        return False
