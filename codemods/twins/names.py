"""Which places of a file name a class that has a twin, and which of these are annotations that can name the twin."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cached_property

import libcst as cst

from codemods.facts.syntax import ImportedNames
from codemods.facts.twins import TwinPair
from codemods.rules.names import is_bound_but_by_imports
from codemods.tree import Tree, dotted_name

_QUOTED = re.compile(r"[\w.]+(?:\s*\|\s*None)?\Z|(?:\w+\.)?Optional\[[\w.]+\]\Z")


class ClassNames:
    """What the names of one file mean, as far as they are classes that have twins."""

    def __init__(self, tree: Tree, modules: Container[str], is_package: bool, pairs: Sequence[TwinPair]) -> None:
        """`modules` are the names under which the file can be imported."""
        self._tree = tree
        self._imports = ImportedNames(tree)
        self._modules = sorted(modules) if isinstance(modules, frozenset) else []
        self._is_package = is_package
        self._by_name: Mapping[str, TwinPair] = {
            name: one for one in pairs for name in (one.sync, one.known_as, *one.aliases)
        }
        self._makers: Mapping[str, TwinPair] = {name: one for one in pairs for name in one.makers}

    def pair(self, node: cst.CSTNode) -> TwinPair | None:
        """The class that an expression names."""
        return next((self._by_name[one] for one in self._names(node) if one in self._by_name), None)

    def maker(self, node: cst.CSTNode) -> TwinPair | None:
        """The class whose objects the function makes that an expression names."""
        return next((self._makers[one] for one in self._names(node) if one in self._makers), None)

    def twin(self, node: cst.CSTNode, pair: TwinPair) -> tuple[str, str]:
        """How packs or the user name what an expression names, and what takes its place."""
        known = {**pair.aliases, **pair.makers}
        written = _quoted_name(node) if isinstance(node, cst.SimpleString) else node
        found = next((one for one in self._names(written) if one in known), None)
        return (pair.known_as, pair.twin_known_as) if found is None else (found, known[found])

    def _names(self, node: cst.CSTNode | None) -> Sequence[str]:
        name = self._imports.resolve(node) if isinstance(node, cst.Name | cst.Attribute) else None
        return () if name is None else self.absolute(name)

    def why_unclear(self, node: cst.BaseExpression) -> str | None:
        """Why the name that an expression begins with, or that of a string, may mean something else; None if not."""
        root = _root(node)
        line = self._tree.span(node).line
        if len({self._absolute_name(one) for one in self._imported.get(root.value, ())}) > 1:
            return f"{root.value} is imported from several modules"
        if root.value in self._imported and is_bound_but_by_imports(self._tree, root.value, node):
            return f"{root.value} may mean something else in line {line}"
        return None

    def why_not_imported(self, node: cst.BaseExpression, known_as: str, twin: str) -> str | None:
        """Why the twin of a class that an expression or a string names cannot be imported as that; None when it can."""
        if known_as.rpartition(".")[0] == twin.rpartition(".")[0]:
            return None
        root = _root(node)
        found = [one for one in self._tree.all(cst.ImportFrom) if _binds(one, root.value)]
        for statement in found:
            if len(_aliases(statement)) > 1 and "#" in self._tree.module.code_for_node(statement):
                return f"a comment belongs to a name in the import in line {self._tree.span(statement).line}"
        if found and (root is node or isinstance(node, cst.SimpleString)) and root.value == twin.rpartition(".")[2]:
            return None
        statements = [*found, *(one for one in self._tree.all(cst.Import) if _binds(one, root.value))]
        is_first = any(len(self._tree.path(one)) == 3 for one in statements)  # the module, its line, the import
        return None if is_first or not statements else f"a function imports {root.value}"

    def _absolute_name(self, name: str) -> tuple[str, ...]:
        return tuple(self._absolute(name))

    @cached_property
    def _imported(self) -> Mapping[str, Sequence[str]]:
        """What the file imports, by the names that it gives to that."""
        found: dict[str, list[str]] = {}
        for statement in self._tree.all(cst.Import):
            for alias in statement.names:
                full = dotted_name(alias.name) or ""
                local = alias.evaluated_alias
                found.setdefault(local or full.partition(".")[0], []).append(full if local else full.partition(".")[0])
        for origin in self._tree.all(cst.ImportFrom):
            module = "." * len(origin.relative) + ((origin.module and dotted_name(origin.module)) or "")
            for alias in _aliases(origin):
                name = f"{module}{'' if module.endswith('.') else '.'}{alias.evaluated_name}"
                found.setdefault(alias.evaluated_alias or alias.evaluated_name, []).append(name)
        return found

    def absolute(self, name: str) -> Sequence[str]:
        """The qualified names that a name of an import of this file may have: those with dots before it, too."""
        return list(self._absolute(name))

    def _absolute(self, name: str) -> Iterator[str]:
        if not name.startswith("."):
            yield name
            yield from (f"{module}.{name}" for module in self._modules)
            return
        level = len(name) - len(name.lstrip("."))
        for module in self._modules:
            parts = module.split(".")
            base = parts[: len(parts) - level + (1 if self._is_package else 0)]
            yield ".".join([*base, name.lstrip(".")])

    def all(self) -> Iterator[tuple[TwinPair, tuple[cst.CSTNode, ...]]]:
        """Every expression that names such a class, or what makes its objects, by its path; imports left out."""
        for node in (*self._tree.all(cst.Attribute), *self._tree.all(cst.Name)):
            pair = self.pair(node) or self.maker(node)
            if pair is None:
                continue
            path = self._tree.path(node)
            if any(isinstance(one, cst.Import | cst.ImportFrom) for one in path) or _is_part(path):
                continue
            yield pair, path

    def quoted(self) -> Iterator[tuple[TwinPair | None, tuple[cst.CSTNode, ...]]]:
        """Every string in which the name of such a class stands, with the class where it is all of an annotation."""
        last_names = {name.rpartition(".")[2] for name in (*self._by_name, *self._makers)}
        word = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, last_names)))})\b")
        for node in self._tree.all(cst.SimpleString):
            if word.search(node.value) is None or " " in node.value.replace(" | ", "|").replace(", ", ","):
                continue  # prose
            path = self._tree.path(node)
            pair = self._quoted_pair(node) if _is_annotation(path) else None
            yield pair, path

    def is_path_of(self, node: cst.SimpleString, pair: TwinPair) -> bool:
        """Whether a string may be a dotted path of a class, or of something of it, or an annotation that names it."""
        last_names = {one.rpartition(".")[2] for one in (pair.sync, pair.known_as, *pair.aliases, *pair.makers)}
        name = f"(?:{'|'.join(sorted(map(re.escape, last_names)))})"
        if _is_annotation(self._tree.path(node)):
            words = filter(_is_dotted, re.findall(r"[\w.]+", node.raw_value))
            return any(self.pair(cst.parse_expression(one)) is pair for one in words)
        return re.search(rf"[\w:]\.{name}\b", node.raw_value) is not None

    def _quoted_pair(self, node: cst.SimpleString) -> TwinPair | None:
        name = _quoted_name(node)
        return None if name is None else self.pair(name)


def _aliases(statement: cst.Import | cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(statement.names, cst.ImportStar) else statement.names


def _binds(statement: cst.Import | cst.ImportFrom, name: str) -> bool:
    bound = (one.evaluated_alias or one.evaluated_name for one in _aliases(statement))
    return any((one if isinstance(statement, cst.ImportFrom) else one.partition(".")[0]) == name for one in bound)


def _root(node: cst.CSTNode) -> cst.Name:
    """The name that an expression begins with, or what a string holds."""
    root = _quoted_name(node) if isinstance(node, cst.SimpleString) else node
    while isinstance(root, cst.Attribute):
        root = root.value
    assert isinstance(root, cst.Name), node
    return root


def _quoted_name(node: cst.SimpleString) -> cst.BaseExpression | None:
    """The one name of a class that an annotation in quotes holds, alone or beside None."""
    text = node.raw_value.strip()
    names = [one for one in re.findall(r"[\w.]+", text) if one.rpartition(".")[2] not in {"Optional", "None"}]
    is_one = _QUOTED.match(text) is not None and len(names) == 1 and _is_dotted(names[0])
    return cst.parse_expression(names[0]) if is_one else None


def _is_dotted(text: str) -> bool:
    """Whether a text is a name, or several with dots between."""
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in text.split("."))


def _is_part(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the node at the end of a path is no expression: an attribute's name, a keyword, a parameter."""
    node, parent = path[-1], path[-2]
    match parent:
        case cst.Attribute():
            return parent.attr is node
        case cst.Arg():
            return parent.keyword is node
        case cst.Param():
            return parent.name is node
    return False


def _is_annotation(path: Sequence[cst.CSTNode]) -> bool:
    return any(isinstance(one, cst.Annotation) for one in path)


def annotated_by(path: Sequence[cst.CSTNode]) -> int | None:
    """Where in a path the annotation stands that names the class at its end, alone or beside None; None otherwise."""
    at = len(path) - 2
    while at > 0 and not isinstance(path[at], cst.Annotation):
        outer, inner = path[at], path[at + 1]
        match outer:
            case cst.BinaryOperation(operator=cst.BitOr(), left=left, right=right):
                if not _is_none(right if inner is left else left):
                    return None
            case cst.Subscript(value=value) if inner is not value:
                if (dotted_name(value) or "").rpartition(".")[2] != "Optional":
                    return None
            case cst.Index() | cst.SubscriptElement():
                pass
            case _:
                return None
        at -= 1
    return at if at > 0 else None


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"
