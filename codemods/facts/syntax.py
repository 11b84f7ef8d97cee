"""What only the syntax tells: where a call stands and how its value is used.

Read from the trees of the files that the resolved closure touches, never from other files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.facts.graph import Awaitable
from codemods.facts.waiting import waiting_notes
from codemods.model import NOT_GUARDED, Guards, Span
from codemods.tree import Tree, dotted_name

COROUTINE_METHODS = frozenset({"close", "send", "throw"})
"""What a coroutine object itself offers, besides the `cr_` attributes."""


AT_MODULE_LEVEL = "at module level"
"""Why `await` cannot stand where nothing else is around."""


class Position(StrEnum):
    """Whether `await` can stand at a place, once the function around it is async."""

    AWAITABLE = "awaitable"
    AWAITED = "awaited"
    """It stands there already."""
    MAIN_GUARD = "main guard"
    """At module level under `if __name__ == "__main__":`, where no event loop runs."""
    BLOCKED = "blocked"


class Use(StrEnum):
    """What happens to the value of a call."""

    DROPPED = "dropped"
    """The call is a statement of its own."""
    CONSUMED = "consumed"
    """It is used where a coroutine object is of no use: `.text`, `[0]`, `+ 1`, `if`, an f-string."""
    NEUTRAL = "neutral"
    """A question about the object itself, which nothing gets: `is None`, `in`."""
    OTHER = "other"
    """Anything else: returned, passed on, stored. Whoever gets it may await it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands."""

    position: Position
    blocker: str | None
    """Why `await` cannot stand there: "in a lambda"; None unless the position is BLOCKED."""
    use: Use
    callee: str
    """What is called, as written, without its arguments and on one line."""
    guards: Guards = NOT_GUARDED
    """The handlers around it that matter for what a native form raises."""
    notes: tuple[str, ...] = ()
    """What changes when the function waits there and other tasks run, in words."""


def place_of(tree: Tree, node: cst.BaseExpression) -> Place:
    """Where an expression of the tree stands; its guards are not looked at."""
    path = tree.path(node)
    position, blocker = place_of_path(path, tree.no_await)
    callee = node.func if isinstance(node, cst.Call) else node
    return Place(
        position=position,
        blocker=blocker,
        use=use_of(path),
        callee=" ".join(tree.module.code_for_node(callee).split()),
        notes=tuple(waiting_notes(path)),
    )


def place_of_path(
    path: Sequence[cst.CSTNode], no_await: Mapping[int, str] | None = None
) -> tuple[Position, str | None]:
    """Whether `await` can stand before the last node of a path, and if not, why.

    `no_await` says of statements, by the id of their node, why nothing in their body may wait.
    """
    if len(path) > 1 and isinstance(path[-2], cst.Await):
        return Position.AWAITED, None
    for index in range(len(path) - 2, -1, -1):
        outer, inner = path[index], path[index + 1]
        blocker = _blocks(outer, inner, path[index + 1 :])
        if no_await and inner is getattr(outer, "body", None):
            blocker = blocker or no_await.get(id(outer))
        if blocker is not None:
            return Position.BLOCKED, blocker
        if isinstance(outer, cst.FunctionDef) and inner is outer.body:
            return Position.AWAITABLE, None
        if isinstance(outer, cst.If) and inner is outer.body and is_main_guard(outer):
            # only when nothing but the module is around it: a function's own guard is ordinary code
            inside = any(isinstance(node, cst.FunctionDef | cst.ClassDef) for node in path[:index])
            if not inside:
                return Position.MAIN_GUARD, None
    return Position.BLOCKED, AT_MODULE_LEVEL


def _blocks(outer: cst.CSTNode, inner: cst.CSTNode, below: Sequence[cst.CSTNode]) -> str | None:
    """Why `await` in `inner` cannot stand because of `outer`, its parent."""
    match outer:
        case cst.Lambda() if inner is outer.body:
            return "in a lambda"
        case cst.GeneratorExp() if not _is_first_iterable(outer, below):
            return "in a generator expression"
        case cst.ClassDef() if inner is outer.body:
            return "in a class body"
        case cst.Annotation():
            return "in an annotation"
        case cst.FormattedStringExpression() if outer.equal is not None:
            return "in an f-string that shows its source"
    return None


def _is_first_iterable(outer: cst.GeneratorExp, below: Sequence[cst.CSTNode]) -> bool:
    """The first iterable of a generator expression is evaluated by the scope around it."""
    return len(below) > 1 and below[0] is outer.for_in and below[1] is outer.for_in.iter


def is_main_guard(node: cst.If) -> bool:
    """Whether an `if` asks for `__name__ == "__main__"`."""
    test = node.test
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return False
    target = test.comparisons[0]
    if not isinstance(target.operator, cst.Equal):
        return False
    sides = (test.left, target.comparator)
    names = [side.value for side in sides if isinstance(side, cst.Name)]
    strings = [side.evaluated_value for side in sides if isinstance(side, cst.SimpleString)]
    return names == ["__name__"] and strings == ["__main__"]


def use_of(path: Sequence[cst.CSTNode], awaitable: Awaitable | None = None) -> Use:
    """What happens to the value of the last node of a path: a coroutine, or another awaitable."""
    node = path[-1]
    parent = path[-2] if len(path) > 1 else None
    needs = _needed_by(parent, node)
    if awaitable is not None:
        if isinstance(parent, cst.Expr):
            return Use.DROPPED if awaitable.is_lazy else Use.OTHER
        if needs is None and is_truth_test(path):
            if not awaitable.is_lazy and not isinstance(node, cst.Call):
                return Use.NEUTRAL  # whether there is a task
            needs = ("__bool__", "__len__")
        return Use.OTHER if needs is None or not awaitable.members.isdisjoint(needs) else Use.CONSUMED
    match parent:
        case cst.Expr():
            return Use.DROPPED
        case cst.Attribute() if needs is not None:
            is_its_own = needs[0] in COROUTINE_METHODS or needs[0].startswith(("cr_", "__"))
            return Use.OTHER if is_its_own else Use.CONSUMED
        case cst.FormattedStringExpression():
            return Use.CONSUMED
        case cst.Comparison() | cst.ComparisonTarget() if isinstance(node, cst.Call):
            return Use.CONSUMED  # nothing else can be, or hold, a coroutine that was just made
        case cst.Comparison() if parent.left is node:
            return Use.NEUTRAL if _is_identity(parent.comparisons[0]) else Use.CONSUMED
        case cst.ComparisonTarget():
            return Use.NEUTRAL if _is_identity(parent) else Use.CONSUMED
    return Use.CONSUMED if needs is not None or is_truth_test(path) else Use.OTHER


def _needed_by(parent: cst.CSTNode | None, node: cst.CSTNode) -> tuple[str, ...] | None:
    """The names of which an object must have one for what is done with it; None where nothing is known to be needed."""
    match parent:
        case cst.Attribute(attr=cst.Name(value=name)) if parent.value is node:
            return (name, "__getattr__", "__getattribute__")
        case cst.Subscript() if parent.value is node:
            return ("__getitem__",)
        case cst.Call() if parent.func is node:
            return ("__call__",)
        case cst.BinaryOperation() | cst.UnaryOperation(operator=cst.Minus() | cst.Plus() | cst.BitInvert()):
            return _OPERATIONS
        case cst.WithItem():  # one that is entered otherwise than it is written is another rule's
            return ("__enter__", "__aenter__")
        case cst.For() | cst.CompFor() if parent.iter is node and parent.asynchronous is None:
            return _ITERATES
        case cst.Assign() if parent.value is node and any(
            isinstance(target.target, cst.Tuple | cst.List) for target in parent.targets
        ):
            return _ITERATES
        case cst.Arg(star="*" | "**") | cst.StarredElement() | cst.StarredDictElement():
            return _ITERATES
    return None


_ITERATES = ("__iter__", "__aiter__", "__getitem__", "keys")
_OPERATORS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift"),
    *("and", "or", "xor", "neg", "pos", "invert"),
)
_OPERATIONS = tuple(f"__{side}{name}__" for name in _OPERATORS for side in ("", "r"))


def is_truth_test(path: Sequence[cst.CSTNode]) -> bool:
    """Whether only the truth of the last node matters: `if r`, `not r`, `if a and r`."""
    for index in range(len(path) - 2, -1, -1):
        parent, node = path[index], path[index + 1]
        if isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
            return True
        if isinstance(parent, cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf) and parent.test is node:
            return True
        if not isinstance(parent, cst.BooleanOperation):
            return False
    return False


def _is_identity(target: cst.ComparisonTarget) -> bool:
    """`coroutine is None` and `coroutine in tasks` are questions about the object itself."""
    return isinstance(target.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn)


class ImportedNames:
    """What the names of a file's imports stand for, wherever in the file they are imported."""

    def __init__(self, tree: Tree) -> None:
        self._names: dict[str, str] = {}
        for statement in tree.all(cst.Import):
            for alias in statement.names:
                self._add_import(alias)
        for origin in tree.all(cst.ImportFrom):
            if isinstance(origin.names, Sequence):
                for alias in origin.names:
                    self._add_from(origin, alias)

    def _add_import(self, alias: cst.ImportAlias) -> None:
        full = dotted_name(alias.name)
        if full is None:
            return
        local = alias.evaluated_alias
        if local is not None:
            self._names[local] = full
        else:
            first = full.partition(".")[0]
            self._names[first] = first

    def _add_from(self, origin: cst.ImportFrom, alias: cst.ImportAlias) -> None:
        module = "." * len(origin.relative)
        if origin.module is not None:
            module += dotted_name(origin.module) or ""
        dot = "" if module.endswith(".") else "."
        self._names[alias.evaluated_alias or alias.evaluated_name] = f"{module}{dot}{alias.evaluated_name}"

    def resolve(self, node: cst.BaseExpression) -> str | None:
        """The dotted name of an expression with its first part resolved; None when it is no dotted name."""
        name = dotted_name(node)
        if name is None:
            return None
        first, dot, rest = name.partition(".")
        return self._names.get(first, first) + dot + rest


def enclosing_function(path: Sequence[cst.CSTNode]) -> cst.FunctionDef | cst.Lambda | None:
    """The innermost function whose body holds the last node of a path."""
    for index in range(len(path) - 2, -1, -1):
        node = path[index]
        if isinstance(node, cst.FunctionDef | cst.Lambda) and path[index + 1] is node.body:
            return node
    return None


def function_named_at(tree: Tree, span: Span) -> cst.FunctionDef | None:
    """The function whose name stands at a span."""
    name = tree.at(span, cst.Name)
    if name is None:
        return None
    parent = tree.path(name)[-2]
    return parent if isinstance(parent, cst.FunctionDef) else None


_GENERIC = frozenset({"typing.Generic", "typing.Protocol", "typing_extensions.Generic", "typing_extensions.Protocol"})


def base_count(tree: Tree, class_name: Span, imports: ImportedNames) -> int:
    """How many bases the class whose name stands at a span is written with, `Generic[T]` and keywords left out."""
    name = tree.at(class_name, cst.Name)
    if name is None:
        return 0
    parent = tree.path(name)[-2]
    if not isinstance(parent, cst.ClassDef):
        return 0
    bases = [base.value.value if isinstance(base.value, cst.Subscript) else base.value for base in parent.bases]
    return sum(imports.resolve(base) not in _GENERIC for base in bases)


def rebound_names(tree: Tree, wanted: Collection[str]) -> frozenset[str]:
    """Of some names, those that the module binds more than once: which value a use means cannot be told."""
    bound: dict[str, int] = dict.fromkeys(wanted, 0)
    for node in (*tree.all(cst.FunctionDef), *tree.all(cst.ClassDef), *tree.all(cst.Assign)):
        for name in _bound_by(node):
            if name in bound and enclosing_function(tree.path(node)) is None and not _in_class(tree.path(node)):
                bound[name] += 1
    for statement in (*tree.all(cst.Import), *tree.all(cst.ImportFrom)):
        for name in _bound_by(statement):
            if name in bound:
                bound[name] += 1
    for declaration in tree.all(cst.Global):
        for item in declaration.names:
            if item.name.value in bound:
                bound[item.name.value] += 1
    return frozenset(name for name, times in bound.items() if times > 1)


def _bound_by(node: cst.CSTNode) -> Iterator[str]:
    match node:
        case cst.FunctionDef() | cst.ClassDef():
            yield node.name.value
        case cst.Assign():
            for target in node.targets:
                if isinstance(target.target, cst.Name):
                    yield target.target.value
        case cst.Import() | cst.ImportFrom() if not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                yield alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


def _in_class(path: Sequence[cst.CSTNode]) -> bool:
    return any(isinstance(node, cst.ClassDef) for node in path[:-1])
