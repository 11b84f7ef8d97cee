"""Reads a file into a tree, or says why it cannot be edited."""

from __future__ import annotations

import re

import libcst as cst

from codemods.model import Problem
from codemods.tree import Tree

_DEEPEST = 200
"""Python's own limit for nested brackets; LibCST's parser crashes on a few times as many."""


def _nesting(text: str) -> int:
    """How deep brackets are nested, those in strings and comments counted too."""
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def parse(name: str, text: str) -> Tree | Problem:
    """The tree of a file, or why it cannot be edited."""
    if _nesting(text) > _DEEPEST:
        return Problem(name, None, f"its brackets are nested more than {_DEEPEST} deep; the file is left as it is")
    try:
        tree = Tree(text)
    except cst.ParserSyntaxError as error:
        return Problem(name, error.raw_line, f"syntax error: {error.message}; the file is left as it is")
    except RecursionError:
        return Problem(name, None, "its expressions are nested too deeply to be edited; the file is left as it is")
    if tree.code != text:
        return Problem(
            name,
            None,
            "printing it unedited would change it (a form feed, a bare carriage return?), so that it is left as it is",
        )
    return tree
