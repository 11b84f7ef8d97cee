"""Where a file awaits, and in which kind of position; and the file without some of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import libcst as cst

from codemods.tree import Tree

Unit = tuple[str, ...]
"""An outermost function: the names of the classes around it, its own, and how often that came before in the file."""


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A place that awaits."""

    path: str
    offset: int
    """Where the word that is taken away starts, 0-based."""
    line: int
    kind: str
    unit: Unit
    cuts: tuple[tuple[int, int], ...]
    """The stretches of text that are taken away."""
    text: str
    """What is awaited, on one line."""


def without(text: str, sites: Iterable[Site]) -> str:
    """The text without what these sites have that awaits."""
    for start, end in sorted((cut for site in sites for cut in site.cuts), reverse=True):
        text = text[:start] + text[end:]
    return text


def units_of(tree: Tree) -> dict[Unit, tuple[int, int]]:
    """The outermost functions of a file, and the offsets of their text."""
    found: dict[Unit, tuple[int, int]] = {}
    for names, node in _outermost(tree.module.body, ()):
        free = next(number for number in count() if (*names, str(number)) not in found)
        found[*names, str(free)] = tree.offsets(node)
    return found


def _outermost(
    body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], cst.FunctionDef]]:
    for statement in body:
        match statement:
            case cst.FunctionDef():
                yield (*names, statement.name.value), statement
            case cst.ClassDef():
                yield from _outermost(statement.body.body, (*names, statement.name.value))
            case cst.If() | cst.Else() | cst.Try() | cst.With():
                parts = [statement, getattr(statement, "orelse", None), *getattr(statement, "handlers", ())]
                for part in parts:
                    if part is not None:
                        yield from _outermost(part.body.body, names)


def sites_of(path: str, tree: Tree) -> Iterator[Site]:
    """All places of a file that await and can be told from their surroundings, in functions."""
    units = units_of(tree)
    for node in tree.all(cst.Await):
        cuts = _await_cuts(tree, node)
        if cuts:
            yield from _site(path, tree, node, _kind(tree, node), cuts, units)
    for kind, blocks in (("async with", tree.all(cst.With)), ("async for", tree.all(cst.For))):
        for block in blocks:
            if block.asynchronous is not None:
                start = tree.offsets(block)[0]
                yield from _site(path, tree, block, kind, _word_cut(tree, start, "async"), units)


def _site(
    path: str,
    tree: Tree,
    node: cst.CSTNode,
    kind: str,
    cuts: tuple[tuple[int, int], ...],
    units: dict[Unit, tuple[int, int]],
) -> Iterator[Site]:
    start, end = tree.offsets(node)
    unit = next((one for one, (low, high) in units.items() if low <= start and end <= high), None)
    if unit is not None and cuts:
        shown = " ".join(tree.code[start : min(end, start + 90)].split())
        yield Site(path, cuts[0][0], tree.lines.position(start)[0], kind, unit, cuts, shown)


def _word_cut(tree: Tree, start: int, word: str) -> tuple[tuple[int, int], ...]:
    """The cut of a word and the blanks behind it."""
    end = start + len(word)
    if tree.code[start:end] != word:
        return ()
    while tree.code[end] in " \t":
        end += 1
    return ((start, end),)


def _await_cuts(tree: Tree, node: cst.Await) -> tuple[tuple[int, int], ...]:
    """The cuts that take away `await`, and the parentheses that only it needs."""
    start, end = tree.offsets(node)
    cuts = _word_cut(tree, start, "await")
    before, after = tree.code[start - 1], tree.code[end : end + 1]
    apart = not (tree.code[start - 2].isalnum() or tree.code[end + 1 : end + 2].isalnum())
    if cuts and len(node.lpar) == 1 and before == "(" and after == ")" and apart:
        return ((start - 1, cuts[0][1]), (end, end + 1))
    return cuts


def _kind(tree: Tree, node: cst.Await) -> str:
    """What is done with the value of an `await`, in a word or two."""
    if not isinstance(node.expression, cst.Call):
        return "no call"
    parent = tree.path(node)[-2]
    match parent:
        case cst.Expr():
            return "dropped"
        case cst.Return():
            return "return"
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Tuple() | cst.List())]):
            return "unpacking"
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name())]) | cst.AnnAssign(target=cst.Name()):
            return "assignment to a name"
        case cst.Assign() | cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr():
            return "other assignment"
        case cst.Arg():
            return "argument"
        case cst.Attribute():
            return "attribute"
        case cst.Subscript():
            return "subscript"
        case cst.Call():
            return "called"
        case cst.FormattedStringExpression():
            return "f-string"
        case cst.Comparison() | cst.ComparisonTarget():
            return "comparison"
        case cst.BinaryOperation():
            return "arithmetic"
        case cst.If() | cst.While() | cst.Assert() | cst.UnaryOperation() | cst.BooleanOperation():
            return "condition"
        case cst.IfExp() if parent.test is node:
            return "condition"
        case cst.For() | cst.CompFor() | cst.StarredElement():
            return "iteration"
        case cst.Element() | cst.DictElement() | cst.ListComp() | cst.SetComp() | cst.DictComp():
            return "element"
        case cst.WithItem():
            return "context manager"
    return "other"


def same_code(one: str, other: str) -> bool:
    """Whether two functions are the same but for parentheses and layout."""
    if one == other:
        return True
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:  # newer than the Python that runs this
        return False
