"""Where objects are made that keep a session of their own, and whether all that is done with them can be seen.

An object may be asked for its attributes, and be given to functions of the project that do no more than that. What
keeps it longer, or hands it to something unknown, has to find it open at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import libcst as cst

from codemods.bound_arguments import bound_arguments
from codemods.callers import Callers
from codemods.facts.generators import generators
from codemods.facts.graph import ByName, Call, CallGraph, CallKind, ClassFact, Function
from codemods.facts.inheritance import last_name
from codemods.facts.kinds import Kind, kinds_of
from codemods.facts.lookups import looked_up_names
from codemods.facts.syntax import enclosing_function, function_named_at
from codemods.facts.unresolved import texts_with
from codemods.mentions import MentionFinder, Sources
from codemods.model import Span
from codemods.planning.facts import BlockingCall, Keeper, Making
from codemods.rules.names import occurrences
from codemods.rules.rule import Kept
from codemods.tree import Tree

_OFTEN = "is held by a variable that is bound more than once"


class KeeperFinder:
    """Looks at the objects of some classes, all over the project."""

    def __init__(
        self,
        graph: CallGraph,
        sources: Sources,
        callers: Callers,
        mentions: MentionFinder,
        types_of: Callable[[str], Mapping[Span, str]],
        tree_of: Callable[[str], Tree | None],
    ) -> None:
        """`types_of` gives the types of the expressions of a file, `tree_of` its tree, None where it has none."""
        self._by_name = ByName(graph)
        self._sources = sources
        self._callers = callers
        self._mentions = mentions
        self._types_of = types_of
        self._tree_of = tree_of
        self._functions = {one.name: one for one in graph.functions}
        self._made: dict[str, list[Call]] = {}
        self._calls: dict[tuple[str, Span], Call] = {}
        for call in graph.calls:
            for target in call.targets if call.kind is CallKind.CONSTRUCT else ():
                self._made.setdefault(target, []).append(call)
            if call.kind is CallKind.CALL:
                self._calls[call.path, call.span] = call

    def keepers(self, blocking: Iterable[BlockingCall]) -> Iterator[Keeper]:
        """The classes whose methods make requests with a session of their object."""
        found: dict[str, set[Kept]] = {}
        for call in blocking:
            owner = self._functions[call.caller].owner if call.caller in self._functions else None
            if call.offer.kept is not None and call.offer.native is not None and owner is not None:
                found.setdefault(owner, set()).add(call.offer.kept)
        for name, sessions in sorted(found.items()):
            for kept in sorted(sessions, key=lambda one: one.attribute):
                keeper = self._keeper(name, kept)
                more = "its class keeps more than one" if len(sessions) > 1 else None
                yield replace(keeper, refusal=keeper.refusal or more)

    def _keeper(self, name: str, kept: Kept) -> Keeper:
        methods = {last_name(one.name): one.name for one in self._functions.values() if one.owner == name}
        init, owner = methods["__init__"], self._by_name.classes[name]
        refusal = self._why_unseen(owner, init) or self._asked_elsewhere(owner, kept.attribute)
        return Keeper(
            name=name,
            methods=frozenset(methods.values()),
            init=init,
            attribute=kept.attribute,
            makings=tuple(self._making(call, kept) for call in self._made.get(init, ())) if refusal is None else (),
            refusal=refusal,
            closer=methods["__exit__"] if kept.has_way else None,
        )

    def _why_unseen(self, owner: ClassFact, init: str) -> str | None:
        """Why objects of a class may exist that nothing is known of."""
        related = sorted(self._mentions.related[owner.name] - {owner.name})
        if related:
            return f"{related[0]} is of its kind, which may do more with it"
        if self._callers.has_unseen(self._functions[init]):
            return "its class may be used to make one in a way that cannot be followed"
        return None

    def _asked_elsewhere(self, owner: ClassFact, attribute: str) -> str | None:
        """The first place outside of a class that may ask one of its objects for its session."""
        asking = re.compile(rf"\.\s*{re.escape(attribute)}\b")
        tree = self._tree_of(owner.path)
        own = range(0) if tree is None else _lines_of(tree, owner)
        for path, text in texts_with(frozenset({attribute}), self._sources.texts):
            masked = text.lines.masked
            code = text.lines.text if masked is None else masked.code
            places = [text.lines.position(match.start()) for match in asking.finditer(code)]
            places = [(line, column) for line, column in places if path != owner.path or line not in own]
            if not places:
                continue  # types cost much
            types = {(span.end_line, span.end_column): kind for span, kind in self._types_of(path).items()}
            for line, column in places:
                if _may_be(kinds_of(types.get((line, column))), owner):
                    return f"{path}:{line} may ask for it"
        project = self._mentions.project
        for mention in looked_up_names(self._sources.texts, frozenset({attribute}), project, self._types_of):
            if mention.class_line in {None, owner.span.line} and _may_be(mention.kinds, owner):
                return f"{mention.path}:{mention.line} may look it up by its name"
        for path, content in sorted(self._sources.unread.items()):
            if attribute.encode() in content:
                return f"{path}, which could not be read, may ask for it"
        return None

    def _making(self, call: Call, kept: Kept) -> Making:
        making = Making(call.path, call.span, call.caller)
        tree = self._tree_of(call.path)
        if tree is None or call.path in self._sources.outside:
            return replace(making, refusal="stands in a file that cannot be changed")
        node = tree.at(call.span, cst.Call)
        statement = None if node is None else _statement(tree.path(node))
        if statement is None:
            return replace(making, refusal="is not given to a variable of a function by a statement of its own")
        is_with = isinstance(statement.line, cst.With)
        if kept.does_more and not is_with:
            return replace(making, refusal="is made without `with`, which would do more than to close its session")
        uses = _Uses(self, kept)
        last = uses.of_variable(call.path, tree, statement)
        if isinstance(last, str):
            return replace(making, refusal=last)
        first, runs = tree.span(statement.line), frozenset(uses.runs)
        return replace(making, first=first, last=tree.span(last), is_with=is_with, runs=runs)

    def parameter_given(self, path: str, tree: Tree, call: cst.Call, argument: cst.Arg) -> tuple[Function, str] | None:
        """The function and its parameter that gets an argument of a call, when it is certain."""
        found = self._calls.get((path, tree.span(call)))
        target = None if found is None else found.sole_target
        if target is None or self._functions[target].decorators or self._functions[target].is_property:
            return None
        bound = bound_arguments(tree, call, self._functions[target], self._types_of(path))
        return next(((self._functions[target], name) for name, one in bound.items() if one is argument), None)

    def definition(self, function: Function) -> tuple[Tree, cst.FunctionDef] | None:
        """The tree of a function's file, and the function in it."""
        tree = self._tree_of(function.path)
        node = None if tree is None else function_named_at(tree, function.span)
        return None if tree is None or node is None else (tree, node)


def _lines_of(tree: Tree, owner: ClassFact) -> range:
    """The lines of a class."""
    for node in tree.all(cst.ClassDef):
        if tree.span(node.name) == owner.span:
            span = tree.span(node)
            return range(span.line, span.end_line + 1)
    return range(0)


def _may_be(kinds: Iterable[Kind] | None, owner: ClassFact) -> bool:
    """Whether something of a kind may be an object of a class, or the class."""
    if kinds is None:
        return True
    name = re.split(r"[.:]", owner.name)[-1]
    return any(one.name.rpartition(".")[2] == name for one in kinds)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement that makes an object and gives it to a variable."""

    name: cst.Name
    line: cst.SimpleStatementLine | cst.With
    block: cst.IndentedBlock
    """What holds the uses of the variable."""
    function: cst.FunctionDef


def _statement(path: tuple[cst.CSTNode, ...]) -> _Statement | None:
    function = enclosing_function(path)
    if not isinstance(function, cst.FunctionDef):
        return None
    match path[-4:]:
        case (
            cst.IndentedBlock() as block,
            cst.SimpleStatementLine(body=[_]) as line,
            cst.Assign(targets=[cst.AssignTarget(target=cst.Name() as name)])
            | cst.AnnAssign(target=cst.Name() as name),
            cst.Call(),
        ):
            return _Statement(name, line, block, function)
        case (
            _,
            cst.With(items=[_], body=cst.IndentedBlock() as block, asynchronous=None) as line,
            cst.WithItem(asname=cst.AsName(name=cst.Name() as name)),
            cst.Call(),
        ):
            return _Statement(name, line, block, function)
    return None


class _Uses:
    """Everything that is done with an object, in the function that makes it and in those that get it."""

    def __init__(self, finder: KeeperFinder, kept: Kept) -> None:
        self._finder = finder
        self._kept = kept
        self._known: set[tuple[str, str]] = set()
        self.runs: set[tuple[str, Span]] = set()
        """The calls that get it."""

    def of_variable(self, path: str, tree: Tree, made: _Statement) -> cst.BaseStatement | str:
        """The last statement of the block that uses the variable; in words, why not all of its uses can be seen."""
        name = made.name.value
        at = {id(statement): index for index, statement in enumerate(made.block.body)}
        last = start = at.get(id(made.line), -1)
        is_apart = isinstance(made.line, cst.With) and _is_bound_by_withs(tree, made.function, name)
        found: list[tuple[cst.CSTNode, ...]] = []
        for use in _loads(tree, made.function, name):
            if is_apart and (use == _OFTEN or (not isinstance(use, str) and made.block not in use)):
                continue  # it holds another object there
            if isinstance(use, str):
                return use
            line = tree.span(use[-1]).line
            if made.block not in use or tree.offsets(use[-1]) < tree.offsets(made.line):
                return f"is used outside of the block that makes it in line {line}"
            why = None if self._is_closing(use) else self._of_use(path, tree, use)
            if why is not None:
                return why
            found.append(use)
            last = max(last, at[id(use[use.index(made.block) + 1])])
        for use in filter(self._is_closing, found):
            behind = [one for one in found if tree.offsets(one[-1]) > tree.offsets(use[-1])]
            if behind or any(isinstance(one, cst.For | cst.While) for one in use[use.index(made.block) :]):
                return f"may be used behind where it is closed in line {tree.span(use[-1]).line}"
        if isinstance(made.line, cst.With):
            return made.line
        return made.block.body[last] if last > start else "is never used"

    def _is_closing(self, use: tuple[cst.CSTNode, ...]) -> bool:
        """Whether a method is called that closes the object's session."""
        asked = use[-2]
        return isinstance(asked, cst.Attribute) and asked.value is use[-1] and asked.attr.value in self._kept.closers

    def _of_use(self, path: str, tree: Tree, use: tuple[cst.CSTNode, ...]) -> str | None:
        line = tree.span(use[-1]).line
        match use[-3:]:
            case (_, cst.Attribute(attr=cst.Name(value=asked)) as attribute, node) if attribute.value is node:
                is_known = asked not in {self._kept.attribute, *self._kept.closers} and not asked.startswith("__")
                return None if is_known else f"is asked for its {asked} in line {line}"
            case (cst.Call() as call, cst.Arg() as argument, _) if argument in call.args:
                given = self._finder.parameter_given(path, tree, call, argument)
                if given is not None:
                    self.runs.add((path, tree.span(call)))
                    why = self._of_parameter(*given)
                    return None if why is None else f"is given to {given[0].name}, where it {why}"
        return f"is handed on in line {line}"

    def _of_parameter(self, function: Function, name: str) -> str | None:
        """Why a function may do more with one of its parameters than to ask for attributes."""
        if (function.name, name) in self._known:
            return None
        self._known.add((function.name, name))
        found = self._finder.definition(function)
        if found is None:
            return "cannot be followed"
        tree, node = found
        for use in _loads(tree, node, name):
            why = use if isinstance(use, str) else self._of_use(function.path, tree, use)
            if why is not None:
                return why
        return None


def _loads(tree: Tree, function: cst.FunctionDef, name: str) -> Iterator[tuple[cst.CSTNode, ...] | str]:
    """Where a function reads a variable that it binds once; in words, why that is not all."""
    if function in generators(tree):
        yield "is held by a function that yields, which may never end"
    bound, loads = occurrences(tree, function, name)
    for path in loads:
        is_nested = enclosing_function(path) is not function
        yield f"is used by a nested function in line {tree.span(path[-1]).line}" if is_nested else path
    if len(bound) != 1:
        yield _OFTEN


def _is_bound_by_withs(tree: Tree, function: cst.FunctionDef, name: str) -> bool:
    """Whether a variable is bound by `with` statements alone, and read only in their bodies."""
    bound, loads = occurrences(tree, function, name)
    bodies = [path[-4].body for path in bound if isinstance(path[-2], cst.AsName) and isinstance(path[-4], cst.With)]
    return len(bodies) == len(bound) and all(sum(one in path for one in bodies) == 1 for path in loads)
