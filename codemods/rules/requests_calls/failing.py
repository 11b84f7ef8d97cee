"""Whether a response may still be used once something that was done with it has failed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import libcst as cst

from codemods.facts.syntax import enclosing_function
from codemods.tree import Tree


def goes_on_with(tree: Tree, path: Sequence[cst.CSTNode], *, is_made_here: bool = False) -> bool:
    """Whether a response at the end of a path may still be used after what it is used for there has failed.

    It is not where all handlers are left by an exception, and none of them, and nothing that is done in the end, names
    it; they may also return where the function has made it, so that nobody else has it.
    """
    node = path[-1]
    if not isinstance(node, cst.Name):
        return False  # nothing can name it

    names = _names_of(tree, path)

    def uses(part: cst.CSTNode) -> bool:
        return any(one.value in names for one in tree.all(cst.Name, part))

    for outer, inner in pairwise(path):
        if isinstance(outer, cst.With) and inner is outer.body:
            return True
        if not isinstance(outer, cst.Try | cst.TryStar):
            continue
        if outer.finalbody is not None and inner is not outer.finalbody and uses(outer.finalbody):
            return True
        if inner is outer.body and any(not _leaves(tree, one, is_made_here) or uses(one) for one in outer.handlers):
            return True
    return False


def _names_of(tree: Tree, path: Sequence[cst.CSTNode]) -> set[str]:
    """The names in a function for what the one at the end of a path may hold: calls may give what they get."""
    function = enclosing_function(path)
    together: list[set[str]] = []
    for assign in tree.all(cst.Assign, function):
        target = assign.targets[0].target
        if isinstance(assign.value, cst.Call) and isinstance(target, cst.Name):
            passed = {one.value.value for one in tree.all(cst.Arg, assign.value) if isinstance(one.value, cst.Name)}
            together.append({target.value, *passed})
    found = {cst.ensure_type(path[-1], cst.Name).value}
    while (wider := found.union(*(names for names in together if not names.isdisjoint(found)))) != found:
        found = wider
    return found


def _leaves(tree: Tree, handler: cst.ExceptHandler | cst.ExceptStarHandler, may_return: bool) -> bool:
    """Whether a handler leaves its function whatever happens in it: by an exception, unless it may return as well."""
    last = handler.body.body[-1]
    statement = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    others = (cst.Break, cst.Continue) if may_return else (cst.Return, cst.Break, cst.Continue)
    ends = isinstance(statement, cst.Raise | cst.Return if may_return else cst.Raise)
    return ends and not any(True for kind in others for _ in tree.all(kind, handler))
