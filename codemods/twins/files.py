"""The files in which objects of a class that has a twin are followed, with what is asked of each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

import libcst as cst

from codemods.facts.expressions import Expressions
from codemods.facts.graph import CallGraph, ClassFact, Function
from codemods.facts.kinds import Kind, kinds_of
from codemods.facts.syntax import enclosing_function
from codemods.facts.texts import Text
from codemods.facts.twins import TwinPair
from codemods.facts.variables import Occurrence, Role, Scope, Variables
from codemods.model import Problem, Span
from codemods.parsing import parse
from codemods.tree import Tree
from codemods.twins.names import ClassNames

Path = Sequence[cst.CSTNode]


@dataclass
class TwinFile:
    """One file, with its tree."""

    path: str
    tree: Tree
    names: ClassNames
    modules: frozenset[str]
    """The names under which it can be imported."""
    types_of: Callable[[], Mapping[Span, str]]
    functions: Mapping[Span, Function]
    """The functions that it defines, by the places of their names."""
    classes: Mapping[Span, ClassFact]
    """Likewise, its classes."""

    @cached_property
    def variables(self) -> Variables:
        """Its variables."""
        return Variables(self.tree)

    @cached_property
    def types(self) -> Mapping[Span, str]:
        """The types of its expressions."""
        return self.types_of()

    def span(self, path: Path) -> Span:
        """Where the node at the end of a path stands."""
        return self.tree.span(path[-1])

    def place(self, path: Path) -> str:
        """The same in words."""
        return f"{self.path}:{self.span(path).line}"

    def function(self, node: cst.CSTNode | None) -> Function | None:
        """The function of the graph that a definition is."""
        return self.functions.get(self.tree.span(node.name)) if isinstance(node, cst.FunctionDef) else None

    def class_at(self, node: cst.ClassDef) -> ClassFact | None:
        """The class of the graph that a definition is."""
        return self.classes.get(self.tree.span(node.name))

    def caller(self, path: Path) -> str:
        """The function in whose body a path ends, as the graph names it; that of the module outside of any."""
        inner: cst.FunctionDef | cst.Lambda | None = enclosing_function(path)
        while isinstance(inner, cst.Lambda):
            inner = enclosing_function(self.tree.path(inner))
        function = self.function(inner)
        return function.name if function is not None else f"{min(self.modules, default='')}:"

    def occurrences(self, path: Path) -> tuple[Scope, Sequence[Occurrence]]:
        """All occurrences of the variable that stands at the end of a path, and what it belongs to.

        Functions that name it in a `global` statement mean that of the module.
        """
        at = self.variables.at(path)
        if at is None:
            return None, ()
        every = self.variables.occurrences(cst.ensure_type(path[-1], cst.Name).value)
        sharing = {id(one.scope) for one in every if _is_global(one)}
        if at.scope is not None and id(at.scope) not in sharing:
            return at.scope, [one for one in every if one.scope is at.scope]
        found = [one for one in every if one.scope is None or id(one.scope) in sharing]
        return None, [one for one in found if not _is_global(one)]

    def kinds(self, receiver: cst.BaseExpression) -> frozenset[Kind] | None:
        """What an expression can be that is asked for an attribute; None where that is open."""
        if isinstance(receiver, cst.Name):
            owner = self._owner_of_self(receiver)
            if owner is not None:
                return frozenset({Kind(owner)})
        return kinds_of(self.types.get(self.tree.span(receiver)))

    def _owner_of_self(self, name: cst.Name) -> str | None:
        """The class whose object a name is because it is the first parameter of a method."""
        occurrence = self.variables.at(self.tree.path(name))
        scope = None if occurrence is None else occurrence.scope
        function = self.function(scope) if isinstance(scope, cst.FunctionDef) else None
        if function is None or function.owner is None or not function.parameters:
            return None
        is_bound = not any((one.target or "").startswith("builtins.") for one in function.decorators)
        _, occurrences = self.occurrences(self.tree.path(name))
        is_kept = len([one for one in occurrences if one.role is not Role.USE]) == 1
        is_first = function.parameters[0].name == name.value
        return dotted(function.owner) if is_bound and is_kept and is_first else None


@dataclass
class TwinFiles:
    """The files of a project, parsed when they are asked about."""

    graph: CallGraph
    texts: Mapping[str, Text]
    expressions: Expressions
    pairs: Sequence[TwinPair]
    _files: dict[str, TwinFile | None] = field(default_factory=dict)

    def file(self, path: str) -> TwinFile | None:
        """A file; None where it cannot be parsed."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _read(self, path: str) -> TwinFile | None:
        tree = parse(path, self.texts[path].lines.text) if path in self.texts else None
        if tree is None or isinstance(tree, Problem):
            return None
        modules = self.expressions.module_names(path)
        is_package = PurePosixPath(path).name == "__init__.py"
        return TwinFile(
            path=path,
            tree=tree,
            names=ClassNames(tree, modules, is_package, self.pairs),
            modules=modules,
            types_of=lambda: self.expressions.types(path),
            functions=self._functions.get(path, {}),
            classes={one.span: one for one in self.graph.classes if one.path == path},
        )

    @cached_property
    def _functions(self) -> Mapping[str, Mapping[Span, Function]]:
        found: dict[str, dict[Span, Function]] = {}
        for one in self.graph.functions:
            found.setdefault(one.path, {})[one.span] = one
        return found

    @cached_property
    def project(self) -> frozenset[str]:
        """The top-level names of the project's modules."""
        return frozenset(name.partition(".")[0] for path in self.texts for name in self.expressions.module_names(path))

    @cached_property
    def classes(self) -> Mapping[str, ClassFact]:
        """The classes of the project, by their dotted names."""
        return {dotted(one.name): one for one in self.graph.classes}

    def kin(self, owner: ClassFact) -> Sequence[ClassFact]:
        """A class and those that derive from it."""
        return [one for one in self.graph.classes if owner.name in {one.name, *one.mro}]

    def related(self, owner: ClassFact) -> frozenset[str]:
        """The classes that share objects with one, by their dotted names."""
        own = self.kin(owner)
        return frozenset(dotted(name) for one in own for name in (one.name, *one.mro))

    def naming(self, words: Iterable[str]) -> Sequence[TwinFile]:
        """The files in which one of some words occurs, as far as they can be parsed."""
        wanted = frozenset(words)
        found = [self.file(path) for path, text in sorted(self.texts.items()) if wanted & text.lines.words]
        return [one for one in found if one is not None]

    def unreadable(self, words: Iterable[str]) -> Sequence[str]:
        """Those that cannot."""
        wanted = frozenset(words)
        return [
            path for path, text in sorted(self.texts.items()) if wanted & text.lines.words and self.file(path) is None
        ]


def _is_global(occurrence: Occurrence) -> bool:
    return len(occurrence.path) > 2 and isinstance(occurrence.path[-3], cst.Global)


def dotted(name: str | None) -> str:
    """The name of a class of the project as types are written; empty for none."""
    return (name or "").replace(":", ".")
