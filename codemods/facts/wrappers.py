"""Decorators of the project whose wrapper runs the function that it gets: wrapper and function change color together.

A wrapper that awaits the function where it called it does the same around it: what it measures, catches, keeps and
gives is then the result, as before, and not the coroutine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.facts.graph import Call, CallGraph, CallKind, Decorator, Function, Wrapper
from codemods.facts.syntax import enclosing_function
from codemods.facts.value_uses import TOLD
from codemods.model import Span
from codemods.tree import Tree, dotted_name

_WRAPS = frozenset({"functools.wraps"})
_SAME_FOR_ANY_COLOR = frozenset({"callable", "getattr", "hasattr", "inspect.signature", "signature"})
"""What gives the same for a coroutine function as for another."""
_Path = Sequence[cst.CSTNode]


def defined_in(tree: Tree, node: cst.FunctionDef) -> dict[str, cst.FunctionDef]:
    """The functions that stand in the body of a function itself, by their names."""
    inner = (one for one in tree.all(cst.FunctionDef, node) if enclosing_function(tree.path(one)) is node)
    return {one.name.value: one for one in inner}


def returned_by(tree: Tree, node: cst.FunctionDef) -> list[cst.BaseExpression | None]:
    """What a function returns, functions within it left out."""
    returns = [one for one in tree.all(cst.Return, node) if enclosing_function(tree.path(one)) is node]
    return [one.value for one in returns]


@dataclass(frozen=True, slots=True)
class Running:
    """What a decorator gives in the place of a function: a wrapper that calls it."""

    wrapper: str
    """Its name in the decorator."""
    calls: tuple[Span, ...]
    """The places where it calls the function, in the text of the decorator."""


@dataclass(frozen=True, slots=True)
class WrapperRun:
    """Where a wrapper of the project calls what it takes the place of."""

    decorator: str
    """The function that decorates, or the class whose objects do."""
    path: str
    calls: tuple[Span, ...]


def is_harmless(path: _Path, decorator: cst.FunctionDef, wrappers: Sequence[cst.FunctionDef]) -> bool:
    """Whether the function at the end of a path is returned, asked for what any function has, or marked.

    A mark is an attribute of a name that Python itself gives nothing.
    """
    node, parent, outer = path[-1], path[-2], path[-3]
    if isinstance(parent, cst.Return):
        return enclosing_function(path) is decorator
    if isinstance(parent, cst.Attribute) and parent.value is node:
        is_called = isinstance(outer, cst.Call) and outer.func is parent
        attribute = parent.attr.value
        is_marked = isinstance(outer, cst.AssignTarget) and not attribute.startswith("__")
        return is_marked or (attribute in TOLD and not is_called)
    if isinstance(parent, cst.Arg) and isinstance(outer, cst.Call):
        if isinstance(path[-4], cst.Decorator):
            return path[-5] in wrappers  # `functools.wraps`
        asked = dotted_name(outer.func)
        first, rest = outer.args[0], outer.args[1:]
        if (asked or "").rpartition(".")[2] == "update_wrapper":
            return parent is not first
        is_same = asked in _SAME_FOR_ANY_COLOR or (asked == "setattr" and isinstance(path[-4], cst.Expr))
        return is_same and first is parent and all(map(_is_own_name, rest[:1]))
    return False


def _is_own_name(argument: cst.Arg) -> bool:
    """Whether an argument is the text of a name that Python itself gives nothing."""
    value = argument.value
    return isinstance(value, cst.SimpleString) and not str(value.evaluated_value).startswith("__")


def are_wraps(wrapper: cst.FunctionDef, decorators: Sequence[Decorator]) -> bool:
    """Whether nothing but `functools.wraps` decorates a wrapper; the decorators are what they resolve to."""
    return len(decorators) == len(wrapper.decorators) and all(one.target in _WRAPS for one in decorators)


def running_of(
    tree: Tree, decorator: cst.FunctionDef, *, is_method: bool, decorators: Mapping[str, Sequence[Decorator]]
) -> Running | None:
    """What a decorator gives, where it only gives a wrapper that calls the function; None where it may do more.

    `is_method` says that it is the `__call__` of what decorates; `decorators` are those of the functions in it.
    """
    given = _parameter_of(decorator, is_method=is_method)
    wrapper = _wrapper_of(tree, decorator)
    if given is None or wrapper is None or not are_wraps(wrapper, decorators.get(wrapper.name.value, ())):
        return None
    is_generator = any(enclosing_function(tree.path(one)) is wrapper for one in tree.all(cst.Yield, wrapper))
    if wrapper.asynchronous is not None or is_generator:
        return None
    calls: list[Span] = []
    for path in _named(tree, decorator, given):
        if isinstance(path[-2], cst.Param):
            if decorator.params is not path[-3]:
                return None  # a parameter of the same name hides it
        elif isinstance(path[-2], cst.Call) and path[-2].func is path[-1] and enclosing_function(path) is wrapper:
            calls.append(tree.span(path[-2]))
        elif isinstance(path[-2], cst.Return) or not is_harmless(path, decorator, (wrapper,)):
            return None
    return Running(wrapper.name.value, tuple(calls)) if calls else None


def _parameter_of(decorator: cst.FunctionDef, *, is_method: bool) -> str | None:
    """The name of the parameter that takes the function; None when it is not the only one that has to be given."""
    parameters = [*decorator.params.posonly_params, *decorator.params.params][int(is_method) :]
    others = [*parameters[1:], *decorator.params.kwonly_params]
    takes_more = isinstance(decorator.params.star_arg, cst.Param) or decorator.params.star_kwarg is not None
    if not parameters or parameters[0].default is not None or any(one.default is None for one in others) or takes_more:
        return None
    return parameters[0].name.value


def _wrapper_of(tree: Tree, decorator: cst.FunctionDef) -> cst.FunctionDef | None:
    """The function that a decorator defines, gives in every case, and hands to nothing else."""
    if decorator.decorators or decorator.asynchronous is not None:
        return None
    returned = [_handed_through(one) for one in returned_by(tree, decorator)]
    names = {one.value if isinstance(one, cst.Name) else "" for one in returned}
    inner = defined_in(tree, decorator)
    wrapper = inner.get(names.pop()) if len(names) == 1 else None
    last = decorator.body.body[-1] if decorator.body.body else None
    ends = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)
    if wrapper is None or not ends:
        return None
    defined = sum(one.name.value == wrapper.name.value for one in tree.all(cst.FunctionDef, decorator))
    is_plain = all(_is_given_or_marked(path, wrapper) for path in _named(tree, decorator, wrapper.name.value))
    return wrapper if is_plain and defined == 1 else None


def _handed_through(value: cst.BaseExpression | None) -> cst.BaseExpression | None:
    """What `typing.cast` or `functools.update_wrapper` gives, which is what it gets."""
    if isinstance(value, cst.Call) and len(value.args) == 2:
        match (dotted_name(value.func) or "").rpartition(".")[2]:
            case "cast":
                return value.args[1].value
            case "update_wrapper":
                return value.args[0].value
    return value


def _is_given_or_marked(path: _Path, wrapper: cst.FunctionDef) -> bool:
    """Whether a name of a wrapper at the end of a path defines it, returns it, or sets or asks an attribute of it."""
    node, parent, outer = path[-1], path[-2], path[-3]
    match parent:
        case cst.FunctionDef():
            return parent is wrapper
        case cst.Return():
            return True
        case cst.Attribute():
            return parent.value is node and not (isinstance(outer, cst.Call) and outer.func is parent)
        case cst.Arg() if isinstance(outer, cst.Call):
            is_statement = isinstance(path[-4], cst.Return | cst.Expr)
            return is_statement and _handed_through(outer) is node
    return False


def _named(tree: Tree, function: cst.FunctionDef, name: str) -> Iterator[_Path]:
    """The paths of the names in a function that read like one."""
    for node in tree.all(cst.Name, function):
        if node.value == name:
            path = tree.path(node)
            is_variable = not (isinstance(path[-2], cst.Attribute) and path[-2].attr is node)
            if is_variable and not (isinstance(path[-2], cst.Arg) and path[-2].keyword is node):
                yield path


def with_wrappers(graph: CallGraph, running: Mapping[str, WrapperRun]) -> CallGraph:
    """The graph in which wrappers call the functions that they take the place of; `running` is by their names."""
    decorated: dict[str, list[Function]] = defaultdict(list)
    for function in graph.functions:
        for one in function.decorators:
            if one.wrapper is not None:
                decorated[one.wrapper].append(function)
    colored = {name for name, runs in decorated.items() if any(one.is_async for one in runs)}
    wrappers: list[Wrapper] = []
    calls: dict[tuple[str, Span], Call] = {}
    for name, runs in sorted(decorated.items()):
        if name in colored:
            continue  # some of its functions give coroutines already, which it hands on unawaited
        run = running[name]
        targets = tuple(sorted({one.name for one in runs}))
        wrappers.append(Wrapper(name, run.decorator, targets))
        for span in run.calls:
            calls[run.path, span] = Call(run.path, span, name, CallKind.CALL, targets, (), is_resolved=True)
    others = [one for one in graph.calls if one.kind is not CallKind.CALL or (one.path, one.span) not in calls]
    return replace(
        graph,
        functions=tuple(_without(one, colored) for one in graph.functions),
        calls=tuple(sorted((*others, *calls.values()), key=lambda one: (one.path, one.span, one.kind))),
        wrappers=tuple(wrappers),
    )


def _without(function: Function, wrappers: set[str]) -> Function:
    """A function whose decorators are not known that put some wrappers in its place."""
    if all(one.wrapper not in wrappers for one in function.decorators):
        return function
    told = (replace(one, effect=None, wrapper=None) if one.wrapper in wrappers else one for one in function.decorators)
    return replace(function, decorators=tuple(told))
