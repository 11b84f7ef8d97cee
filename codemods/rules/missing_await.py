"""AW201: a coroutine that nobody awaits never runs.

Found where the value of a call of a coroutine function is dropped, or used in a way that only makes sense for
its result. Whatever may await it later, or hand it to something that does, is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codemods.facts.syntax import Use, enclosing_function, use_of
from codemods.rules.names import NameRole, role_of
from codemods.rules.rule import Rule
from codemods.tree import Tree

RULE = Rule(
    id="AW201",
    name="missing-await",
    summary="A coroutine that nobody awaits never runs.",
    before="""\
async def greet(channel):
    channel.send("hi")
    name = fetch_name()
    print(name.title())
""",
    after="""\
async def greet(channel):
    await channel.send("hi")
    name = await fetch_name()
    print(name.title())
""",
)


def is_consumed_later(tree: Tree, path: Sequence[cst.CSTNode]) -> bool:
    """Whether a call is assigned to a name of which every use shows that its result was meant.

    The name must be assigned only once: with several values, a use says nothing about this one.
    """
    function = enclosing_function(path)
    match path[-2:]:
        case (cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]), _) if function is not None:
            pass
        case _:
            return False
    uses = []
    assignments = 0
    for node in tree.all(cst.Name, function):
        if node.value != name:
            continue
        name_path = tree.path(node)
        match role_of(name_path):
            case NameRole.LOAD:
                if enclosing_function(name_path) is not function:
                    return False
                uses.append(use_of(name_path))
            case NameRole.ASSIGNED:
                assignments += 1
            case NameRole.BOUND:
                return False
    return assignments == 1 and bool(uses) and all(use is Use.CONSUMED for use in uses)
