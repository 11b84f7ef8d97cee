"""Imports of one file: what a module is called there, what to add, and what nothing uses any more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import libcst as cst

from codemods.facts.markers import is_pragma
from codemods.rewrite.edits import Edits
from codemods.rewrite.import_place import has_blank_line, is_import, leading_lines, local_name, with_import
from codemods.rules.names import is_bound
from codemods.tree import Tree, dotted_name


class FileImports:
    """The imports of a file, and the changes to them that edits ask for."""

    def __init__(self, tree: Tree, is_used_elsewhere: Callable[[str], bool] = lambda name: False) -> None:
        """`is_used_elsewhere` says whether other files take a name from this one."""
        self._tree = tree
        self._is_used_elsewhere = is_used_elsewhere
        self._needed: set[tuple[str, str]] = set()
        self._gone: set[int] = set()
        self._freed: dict[str, str | None] = {}
        self._relied_on: set[str] = set()
        self._members: dict[int, list[cst.ImportAlias]] = {}
        """By the id of a `from` import, what it has to import as well."""
        self._taken: dict[tuple[str, str], str] = {}
        """By module and member, the names of what is to be imported `from` it, by statements of their own."""
        self._swapped: dict[str, str] = {}
        """The names that `from` imports bind, and take from other modules from now on."""

    def name_of(self, module: str, at: cst.CSTNode) -> str:
        """What a top-level module is called at a node; it will be imported when it is not yet.

        A name that may mean something else there is not relied upon: an alias of the module's own is made then.
        """
        imported = [
            alias.evaluated_alias or module
            for statement in self._tree.module.body
            for alias in _plain_imports(statement)
            if dotted_name(alias.name) == module
        ]
        candidates = (*imported, module, *(f"_{module}{number}" for number in ("", *range(2, 100))))
        name = next(name for name in candidates if self._means(name, module, at))
        if name not in imported:
            self._needed.add((module, name))
        self._relied_on.add(name)
        return name

    def _means(self, name: str, module: str, at: cst.CSTNode) -> bool:
        """Whether a name can only mean a module at a node, once it is imported at module level."""
        return not is_bound(self._tree, name.partition(".")[0], at, but_by_import_of=module)

    def member_beside(self, expression: cst.BaseExpression, member: str, at: cst.CSTNode) -> cst.BaseExpression:
        """What another member is called, at a node, of the module that an expression names a member of.

        It is imported beside that one where it has to be; what no import binds is of this very module.
        """
        if isinstance(expression, cst.Attribute):
            return expression.with_changes(attr=cst.Name(member))
        assert isinstance(expression, cst.Name), expression
        origins = [
            one for one in self._import_statements() if isinstance(one, cst.ImportFrom) and _binds(one, expression)
        ]
        if not origins:
            return cst.Name(member)
        known = [alias for one in origins for alias in _aliases(one) if alias.evaluated_name == member]
        if known:
            self._relied_on.add(local_name(known[0]))
            return cst.Name(local_name(known[0]))
        made = [alias for one in origins for alias in self._members.get(id(one), ())]
        found = next((one for one in made if one.evaluated_name == member), None)
        if found is None:
            candidates = (member, *(f"_{member}{number}" for number in ("", *range(2, 100))))
            name = next(name for name in candidates if not is_bound(self._tree, name, at))
            found = cst.ImportAlias(cst.Name(member), cst.AsName(cst.Name(name)) if name != member else None)
            for one in origins:
                self._members.setdefault(id(one), []).append(found)
        return cst.Name(local_name(found))

    def submodule_of(self, module: str, expression: cst.BaseExpression) -> bool:
        """Whether an expression begins with the package of a module, by its name; the module will be imported then."""
        root: cst.CSTNode = expression
        while isinstance(root, cst.Attribute):
            root = root.value
        package = module.partition(".")[0]
        plain = [alias for one in self._tree.module.body for alias in _plain_imports(one) if alias.asname is None]
        if not isinstance(root, cst.Name) or root.value != package or package not in map(local_name, plain):
            return False
        if all(dotted_name(alias.name) != module for alias in plain):
            self._needed.add((module, module))
        return True

    def taken_from(self, module: str, member: str, written: cst.BaseExpression, at: cst.CSTNode) -> str:
        """What a member of another module is called that takes the place of what is written at a node.

        It will be imported, by the name of what is imported there, if the two have one name: nothing else uses that
        then.

        Raises LookupError where a function imports what is written: the module may not be there otherwise.
        """
        for line in self._tree.module.body:
            for alias in _members_of(line, module):
                if alias.evaluated_name == member:
                    self._relied_on.add(local_name(alias))
                    return local_name(alias)
        statements = [one for one in self._import_statements() if isinstance(one, cst.ImportFrom)]
        is_same = isinstance(written, cst.Name) and written.value == member
        if is_same and any(_binds(one, cst.Name(member)) for one in statements):
            self._swapped[member] = module
            return member
        if not self._is_imported_first(written):
            raise LookupError(f"line {self._tree.span(at).line} names what a function imports")
        known = self._taken.get((module, member))
        if known is None:
            candidates = (member, f"Async{member}", *(f"_{member}{number}" for number in ("", *range(2, 100))))
            known = next(one for one in candidates if not is_bound(self._tree, one, at))
            self._taken[module, member] = known
        return known

    def _is_imported_first(self, expression: cst.BaseExpression) -> bool:
        """Whether what an expression begins with is imported by the module itself, and not where it is needed."""
        root: cst.CSTNode = expression
        while isinstance(root, cst.Attribute):
            root = root.value
        lines = [line for line in self._tree.module.body if is_import(line)]
        return any(isinstance(root, cst.Name) and root.value in _bound_by(line) for line in lines)

    def release(self, expression: cst.BaseExpression, successor: str | None) -> None:
        """Says that an expression goes away, an annotation in quotes too, and one use of the name it starts with.

        `successor` is the module that takes its place, if one does.
        """
        node: cst.CSTNode = expression
        while isinstance(node, cst.Attribute):
            node = node.value
        if isinstance(node, cst.Name):
            self._gone.add(id(node))
            self._free(node.value, successor)
        elif isinstance(node, cst.SimpleString):
            self._gone.add(id(node))
            self._free(re.split(r"\W", node.raw_value)[0], successor)

    def _free(self, name: str, successor: str | None) -> None:
        self._freed[name] = successor or self._freed.get(name)

    def add_edits(self, edits: Edits) -> None:
        """Adds the edits of the imports that are there, after all other edits are known."""
        unused = {
            name: successor
            for name, successor in self._freed.items()
            if name in self._swapped or (name not in self._relied_on and not self._is_used(name))
        }
        for statement in self._import_statements():
            self._remove(edits, statement, unused)

    def insert(self, module: cst.Module) -> cst.Module:
        """The edited module with the imports it still lacks."""
        for name, alias in sorted(self._needed):
            beside = {freed for freed, successor in self._freed.items() if successor == name}
            line = cst.SimpleStatementLine([_import_of(name, alias)])
            module = module.with_changes(body=with_import(list(module.body), line, beside))
        for (origin, member), name in sorted(self._taken.items()):
            beside = {freed for freed, successor in self._freed.items() if successor == origin}
            line = cst.SimpleStatementLine([_import_from(origin, member, name)])
            module = module.with_changes(body=with_import(list(module.body), line, beside))
        return module

    def _is_used(self, name: str) -> bool:
        """Whether a name is used where it is not imported, or a string names it."""
        for node in self._tree.all(cst.Name):
            if node.value != name or id(node) in self._gone:
                continue
            path = self._tree.path(node)
            if not isinstance(path[-2], cst.Attribute) or path[-2].value is node:
                is_import = any(isinstance(one, cst.Import | cst.ImportFrom) for one in path)
                is_keyword = isinstance(path[-2], cst.Arg) and path[-2].keyword is node
                if not is_import and not is_keyword:
                    return True
        if self._is_used_elsewhere(name):
            return True
        word = re.compile(rf"\b{re.escape(name)}\b")
        return any(
            id(node) not in self._gone and word.search(node.value) and self._is_no_prose(node)
            for node in self._tree.all(cst.SimpleString)
        )

    def _is_no_prose(self, node: cst.SimpleString) -> bool:
        """Whether a string may hold names: an annotation, an entry of `__all__`."""
        if " " not in node.value:
            return True
        return any(isinstance(one, cst.Annotation | cst.Subscript) for one in self._tree.path(node))

    def _says_more(self, statement: cst.Import | cst.ImportFrom, gone: Sequence[cst.ImportAlias]) -> bool:
        """Whether a comment that is more than a pragma would go with names of an import."""
        line = self._tree.path(statement)[-2]
        goes_whole = isinstance(statement.names, Sequence) and len(gone) == len(statement.names)
        nodes: Sequence[cst.CSTNode] = gone
        if goes_whole and isinstance(line, cst.SimpleStatementLine):
            nodes = [line.with_changes(leading_lines=())]
        code = "".join(self._tree.module.code_for_node(node) for node in nodes)
        return any(not is_pragma(comment[0]) for comment in re.finditer(r"#.*", code))

    def _swap(self, edits: Edits, statement: cst.ImportFrom) -> None:
        """Has some names of an import come from other modules; the others stay.

        Raises LookupError where a comment stands among the names, which belongs to one of them.
        """
        aliases = _aliases(statement)
        gone = [alias for alias in aliases if local_name(alias) in self._swapped]
        kept = [alias for alias in aliases if alias not in gone]
        made = [_swapped_from(self._swapped[local_name(alias)], alias) for alias in gone]
        if not kept and len(made) == 1:
            edits.replace(statement, lambda updated: made[0])
            return
        path = self._tree.path(statement)
        line, block = path[-2], path[-3]
        if self._says_more(statement, gone) or not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
            raise LookupError(f"the import in line {self._tree.span(statement).line} cannot be divided")
        assert isinstance(block, cst.IndentedBlock | cst.Module), block
        lines = [cst.SimpleStatementLine([one]) for one in made]
        if kept:
            kept[-1] = kept[-1].with_changes(comma=aliases[-1].comma)
            edits.replace(statement, lambda updated: updated.with_changes(names=kept))
            edits.wrap(block, line, line, lambda statements: [*statements, *lines])
        else:
            edits.wrap(block, line, line, lambda statements: lines)

    def _import_statements(self) -> list[cst.Import | cst.ImportFrom]:
        return sorted(
            (*self._tree.all(cst.Import), *self._tree.all(cst.ImportFrom)),
            key=lambda node: self._tree.offsets(node)[0],
        )

    def _remove(self, edits: Edits, statement: cst.Import | cst.ImportFrom, unused: Mapping[str, str | None]) -> None:
        """Takes the unused names out of an import; a new import takes the place of one that goes away whole."""
        if isinstance(statement.names, cst.ImportStar):
            return
        if isinstance(statement, cst.ImportFrom) and any(local_name(one) in self._swapped for one in statement.names):
            self._swap(edits, statement)
            return
        kept = [alias for alias in statement.names if local_name(alias) not in unused]
        added = self._members.get(id(statement), [])
        if added:
            if self._says_more(statement, [alias for alias in statement.names if local_name(alias) in unused]):
                kept = list(statement.names)
            names = _with_aliases(statement.names, kept, added)
            edits.replace(statement, lambda updated: updated.with_changes(names=names))
            return
        if len(kept) == len(statement.names):
            return
        if self._says_more(statement, [alias for alias in statement.names if local_name(alias) in unused]):
            return
        if kept:
            kept[-1] = kept[-1].with_changes(comma=statement.names[-1].comma)
            edits.replace(statement, lambda updated: updated.with_changes(names=kept))
            return
        path = self._tree.path(statement)
        line, block = path[-2], path[-3]
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return
        successors = {unused[local_name(alias)] for alias in statement.names}
        wanted = sorted((module, name) for module, name in self._needed if module in successors)
        taken = sorted((one, name) for one, name in self._taken.items() if one[0] in successors)
        if isinstance(block, cst.Module) and (wanted or taken):
            made = _import_of(*wanted[0]) if wanted else _import_from(*taken[0][0], taken[0][1])
            self._needed.difference_update(wanted[:1])
            if not wanted:
                del self._taken[taken[0][0]]
            edits.replace(statement, lambda updated: made)
            edits.replace(line, _without_type_pragma)
        elif _can_lose(path):
            _remove_line(edits, block, line)


def _bound_by(line: cst.CSTNode) -> set[str]:
    """The names that a line of imports binds."""
    assert isinstance(line, cst.SimpleStatementLine)
    found = [one for one in line.body if isinstance(one, cst.Import | cst.ImportFrom)]
    return {local_name(alias) for one in found if not isinstance(one.names, cst.ImportStar) for alias in one.names}


def _swapped_from(module: str, alias: cst.ImportAlias) -> cst.ImportFrom:
    return cst.ImportFrom(_dotted(module), [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)])


def _members_of(line: cst.CSTNode, module: str) -> Sequence[cst.ImportAlias]:
    """What a statement line imports from a module."""
    if not isinstance(line, cst.SimpleStatementLine):
        return ()
    found = [one for one in line.body if isinstance(one, cst.ImportFrom) and _module_of(one) == module]
    return [alias for one in found for alias in _aliases(one)]


def _aliases(statement: cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(statement.names, cst.ImportStar) else statement.names


def _binds(statement: cst.ImportFrom, name: cst.Name) -> bool:
    return any(local_name(alias) == name.value for alias in _aliases(statement))


def _with_aliases(
    before: Sequence[cst.ImportAlias], kept: Sequence[cst.ImportAlias], added: Sequence[cst.ImportAlias]
) -> list[cst.ImportAlias]:
    """The names of an import with some more: where they sort, if those that were there are sorted, else at the end."""
    names = list(kept)
    is_sorted = [one.evaluated_name for one in before] == sorted(one.evaluated_name for one in before)
    commas = [one.comma for one in before]
    for one in added:
        behind = [index for index, other in enumerate(names) if other.evaluated_name > one.evaluated_name]
        names.insert(behind[0] if behind and is_sorted else len(names), one)
    between = commas[0] if len(commas) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    last = commas[-1]
    return [one.with_changes(comma=last if index == len(names) - 1 else between) for index, one in enumerate(names)]


def _remove_line(edits: Edits, block: cst.CSTNode, line: cst.SimpleStatementLine) -> None:
    """Takes an import line out of a body; what stands above it stays above the import that follows it."""
    assert isinstance(block, cst.IndentedBlock | cst.Module)
    edits.remove(block, line)
    at = list(block.body).index(line)
    following = block.body[at + 1] if at + 1 < len(block.body) else None
    if following is None:
        return
    if isinstance(block, cst.IndentedBlock) and at == 0:
        edits.replace(following, _without_blank_lines)
    elif is_import(following) and not has_blank_line(following):
        above = (*line.leading_lines, *leading_lines(following))
        edits.replace(following, lambda updated: updated.with_changes(leading_lines=above))


def _without_type_pragma(line: cst.CSTNode) -> cst.CSTNode:
    """What a checker was told of one library does not hold for its successor."""
    assert isinstance(line, cst.SimpleStatementLine)
    comment = line.trailing_whitespace.comment
    if comment is None or re.match(r"#\s*(?:type:|pyright:|pyrefly:|mypy:|ty:)", comment.value) is None:
        return line
    end = line.trailing_whitespace.newline
    return line.with_changes(trailing_whitespace=cst.TrailingWhitespace(newline=end))


def _without_blank_lines(statement: cst.CSTNode) -> cst.CSTNode:
    """A statement that comes first in its block now."""
    lines = list(leading_lines(statement))
    while lines and lines[0].comment is None:
        del lines[0]
    return statement.with_changes(leading_lines=lines)


def _import_of(module: str, name: str) -> cst.Import:
    as_name = cst.AsName(cst.Name(name)) if name != module else None
    return cst.Import([cst.ImportAlias(_dotted(module), as_name)])


def _import_from(module: str, member: str, name: str) -> cst.ImportFrom:
    as_name = cst.AsName(cst.Name(name)) if name != member else None
    return cst.ImportFrom(_dotted(module), [cst.ImportAlias(cst.Name(member), as_name)])


def _dotted(module: str) -> cst.Name | cst.Attribute:
    made = cst.parse_expression(module)
    assert isinstance(made, cst.Name | cst.Attribute), module
    return made


def _module_of(statement: cst.ImportFrom) -> str | None:
    """The module that a `from` import names in full."""
    return None if statement.relative or statement.module is None else dotted_name(statement.module)


def _plain_imports(statement: cst.CSTNode) -> Sequence[cst.ImportAlias]:
    if not isinstance(statement, cst.SimpleStatementLine):
        return ()
    return [alias for one in statement.body if isinstance(one, cst.Import) for alias in one.names]


def _can_lose(path: Sequence[cst.CSTNode]) -> bool:
    """Whether the statement line above the last node of a path can go: a block must not become empty."""
    block = path[-3]
    if isinstance(block, cst.Module):
        return True
    is_body = isinstance(block, cst.IndentedBlock) and isinstance(path[-4], cst.FunctionDef)
    return is_body and len(block.body) > 1  # type: ignore[attr-defined]
