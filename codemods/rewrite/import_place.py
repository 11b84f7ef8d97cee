"""Where a new import goes: into the group of imports that it belongs to, sorted as that group is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

import libcst as cst

from codemods.tree import dotted_name

Body = list[cst.BaseStatement]
_Group = range
"""The indices of imports that follow each other without a blank line."""


def with_import(body: Body, line: cst.SimpleStatementLine, beside: Collection[str]) -> Body:
    """A module's statements with one more import, which goes to those that bind one of the names `beside`.

    Without any it goes to the imports of the standard library or of other packages, whichever it is of; where the
    module has none of these, it is a group of its own: the standard library first.
    """
    module = _imported_module(line)
    start = _first_place(body)
    leading = list(_groups_from(body, start))
    chosen = next((group for group in _all_groups(body) if _binds_any(body, group, beside)), None)
    chosen = chosen or next((group for group in leading if _has_kind(body, group, _is_standard(module))), None)
    if chosen is not None:
        return _inserted(body, _place_in(body, chosen, module), line, chosen)
    if _is_standard(module) or not leading:
        return _inserted_before(body, start, line)
    standard = [group.stop for group in leading if _has_kind(body, group, True)]
    if not standard:
        return _inserted_before(body, start, line)
    return _inserted_after(body, standard[-1], line)


def _inserted(body: Body, at: int, line: cst.SimpleStatementLine, group: _Group) -> Body:
    if at == group.start:  # what stands above the first import stays above the new first one
        line = line.with_changes(leading_lines=leading_lines(body[at]))
        body = [*body[:at], body[at].with_changes(leading_lines=()), *body[at + 1 :]]
    return [*body[:at], line, *body[at:]]


def _inserted_before(body: Body, at: int, line: cst.SimpleStatementLine) -> Body:
    """A group of its own, in front of all other statements but a docstring and imports from the future."""
    if at > 0:
        line = line.with_changes(leading_lines=(cst.EmptyLine(indent=False),))
    if at < len(body):
        wanted = 2 if isinstance(body[at], cst.FunctionDef | cst.ClassDef) else 1
        return [*body[:at], line, _with_blank_lines(body[at], wanted), *body[at + 1 :]]
    return [*body, line]


def _inserted_after(body: Body, at: int, line: cst.SimpleStatementLine) -> Body:
    """A group of its own, behind another one that ends at an index."""
    line = line.with_changes(leading_lines=(cst.EmptyLine(indent=False),))
    if at < len(body):
        return [*body[:at], line, _with_blank_lines(body[at], 1), *body[at + 1 :]]
    return [*body, line]


def _with_blank_lines(statement: cst.BaseStatement, wanted: int) -> cst.BaseStatement:
    lines = leading_lines(statement)
    blank = sum(one.comment is None for one in lines)
    return statement.with_changes(leading_lines=(*[cst.EmptyLine(indent=False)] * (wanted - blank), *lines))


def _place_in(body: Body, group: _Group, module: str) -> int:
    """The index at which a sorted group would have an import."""
    plain = list(takewhile(lambda index: _is_plain(body[index]), group))
    # `from` imports stand behind all others, unless the group mixes them
    is_mixed = any(_is_plain(body[index]) for index in group[len(plain) :])
    candidates: Sequence[int] = group if is_mixed else group[: len(plain)]
    names = [_imported_module(body[index]) for index in candidates]
    if names != sorted(names):  # no order to keep: it goes among those of its kind
        candidates = [
            index for index in candidates if _is_standard(_imported_module(body[index])) == _is_standard(module)
        ]
    behind = candidates[-1] + 1 if candidates else group.start
    return next((index for index in candidates if _imported_module(body[index]) > module), behind)


def _groups_from(body: Sequence[cst.BaseStatement], start: int) -> Iterator[_Group]:
    """The groups of imports that follow each other from an index on."""
    while start < len(body) and is_import(body[start]):
        end = start + 1
        while end < len(body) and is_import(body[end]) and not has_blank_line(body[end]):
            end += 1
        yield range(start, end)
        start = end


def _all_groups(body: Sequence[cst.BaseStatement]) -> Iterator[_Group]:
    at = 0
    while at < len(body):
        for group in _groups_from(body, at):
            yield group
            at = group.stop
        at += 1


def _binds_any(body: Body, group: _Group, names: Collection[str]) -> bool:
    return any(local_name(alias) in names for index in group for alias in _aliases(body[index]))


def _has_kind(body: Body, group: _Group, is_standard: bool) -> bool:
    """Whether a group imports something of the standard library, or something absolute of other packages."""
    modules = (_imported_module(body[index]) for index in group)
    return any(_is_standard(module) == is_standard for module in modules if module != _RELATIVE)


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


_RELATIVE = "~"
"""Sorts behind all names."""


def _imported_module(statement: cst.BaseStatement) -> str:
    assert isinstance(statement, cst.SimpleStatementLine)
    only = statement.body[0]
    if isinstance(only, cst.Import):
        return dotted_name(only.names[0].name) or ""
    assert isinstance(only, cst.ImportFrom)
    return _RELATIVE if only.relative or only.module is None else dotted_name(only.module) or ""


def _is_plain(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import)


def _aliases(statement: cst.BaseStatement) -> Iterator[cst.ImportAlias]:
    assert isinstance(statement, cst.SimpleStatementLine)
    for one in statement.body:
        if isinstance(one, cst.Import | cst.ImportFrom) and not isinstance(one.names, cst.ImportStar):
            yield from one.names


def _first_place(body: Sequence[cst.BaseStatement]) -> int:
    """The index of the first statement after the docstring and the imports from `__future__`."""
    index = 0
    for statement in body:
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        only = statement.body[0]
        is_docstring = (
            index == 0
            and isinstance(only, cst.Expr)
            and isinstance(only.value, cst.SimpleString | cst.ConcatenatedString)
        )
        is_future = (
            isinstance(only, cst.ImportFrom) and only.module is not None and dotted_name(only.module) == "__future__"
        )
        if not is_docstring and not is_future:
            break
        index += 1
    return index


def is_import(statement: cst.CSTNode) -> bool:
    """Whether a statement line begins with an import."""
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def local_name(alias: cst.ImportAlias) -> str:
    """The name that an import binds."""
    return alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


def leading_lines(statement: cst.CSTNode) -> tuple[cst.EmptyLine, ...]:
    """The lines above a statement: blank ones and comments."""
    return tuple(getattr(statement, "leading_lines", ()))


def has_blank_line(statement: cst.CSTNode) -> bool:
    """Whether one of the lines above a statement is blank."""
    return any(line.comment is None for line in leading_lines(statement))
