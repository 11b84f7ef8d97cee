"""`files=`: the parts of a form, as far as they can be seen.

Source: the verified table, section 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.model import Span
from codemods.rules.evaluation import holds_call
from codemods.rules.names import is_bound
from codemods.rules.requests_calls.adjustments import given
from codemods.rules.requests_calls.expressions import imported_name, is_name, literal_parts, type_of
from codemods.rules.requests_calls.values import Sent, Wire, alternatives, value_is_sent
from codemods.rules.rule import Refusal
from codemods.tree import Tree


class PartKind(StrEnum):
    """What a part of `files=` is."""

    FILE = "file"
    """It is read, and has a name of its own."""
    BUFFER = "buffer"
    """It is read, and has no name."""
    TEXT_FILE = "text file"
    """It is read, and gives text."""
    ANY_FILE = "any file"
    """One of these."""
    TEXT = "text"
    GIVEN = "given"
    """A tuple that says more."""


_KINDS = {
    f"{module}.{name}": kind
    for module in ("io", "_io")
    for name, kind in {
        "BufferedReader": PartKind.FILE,
        "BufferedRandom": PartKind.FILE,
        "FileIO": PartKind.FILE,
        "BytesIO": PartKind.BUFFER,
        "StringIO": PartKind.TEXT_FILE,
        "TextIOWrapper": PartKind.TEXT_FILE,
    }.items()
}
"""What is read, by type."""
_BUFFERS: Mapping[str | None, PartKind] = {"io.BytesIO": PartKind.BUFFER, "io.StringIO": PartKind.TEXT_FILE}
_NUMBERS = frozenset({"int", "float", "bool", "decimal.Decimal"})


@dataclass(frozen=True, slots=True)
class FormParts:
    """The parts of a form."""

    files: tuple[PartKind, ...]
    """What each part of `files=` is."""
    fields: tuple[str, ...]
    """What each value of `data=` is: `text`, `number`, `many`, or `none`."""


def parts_of_form(
    arguments: Mapping[str, cst.BaseExpression], tree: Tree, types: Mapping[Span, str], wire: Wire
) -> FormParts | Refusal | None:
    """The parts of the form that `files=` makes with all arguments; None where it makes none."""
    files, data = arguments["files"], arguments.get("data")
    if isinstance(files, cst.Dict | cst.List | cst.Tuple) and not files.elements:
        return None
    if "json" in arguments:
        return Refusal("requests takes files= or json=, not both")
    if is_name(data, "None"):
        data = None
    if not is_whole(files) or (data is not None and not is_whole(data)):
        return Refusal("the parts of its form cannot all be seen")
    if is_bound(tree, "str", files):
        return Refusal("the file binds the name str, which its form needs")
    if holds_call(files) and any(holds_call(one) for name, one in arguments.items() if name != "files"):
        return Refusal("its form would be made before other arguments with effects")
    hows: list[PartKind] = []
    for name, value in pairs(files):
        how = _how(value, tree, types, wire) if _is_plain_name(name) else None
        if how is None:
            return Refusal(f"its form has a part of an unknown kind in line {tree.span(name).line}")
        hows.append(how)
    fields: list[str] = []
    for name, value in pairs(data):
        field = _field(value, tree, types, wire) if _is_plain_name(name) else None
        if field is None:
            return Refusal(f"its form has a field of an unknown kind in line {tree.span(name).line}")
        fields.append(field)
    return FormParts(tuple(hows), tuple(fields))


def pairs(value: cst.BaseExpression | None) -> list[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """The names and values of a display of a mapping, or of pairs."""
    match value:
        case cst.Dict():
            return [(one.key, one.value) for one in value.elements if isinstance(one, cst.DictElement)]
        case cst.List() | cst.Tuple():
            return [(pair[0], pair[1]) for one in value.elements if len(pair := parts(one.value)) == 2]
    return []


def is_whole(value: cst.BaseExpression) -> bool:
    """Whether `pairs` shows all there is."""
    return isinstance(value, cst.Dict | cst.List | cst.Tuple) and len(pairs(value)) == len(value.elements)


def parts(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What a tuple holds; nothing for anything else."""
    return [one.value for one in value.elements if isinstance(one, cst.Element)] if isinstance(value, cst.Tuple) else []


def values(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What a field holds that comes more than once."""
    return [one.value for one in value.elements] if isinstance(value, cst.List | cst.Tuple) else []


def _is_plain_name(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.SimpleString) and "b" not in value.prefix and _needs_no_quotes(value)


def _needs_no_quotes(value: cst.SimpleString) -> bool:
    text = "".join(literal_parts(value))
    return text.isprintable() and not set(text) & set('"\\%')


def _how(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str], wire: Wire) -> PartKind | None:
    """What a part is; None when that cannot be told."""
    if not isinstance(value, cst.Tuple):
        return kind_of_content(value, tree, types, wire)
    found = parts(value)
    if len(found) not in {2, 3} or kind_of_content(found[1], tree, types, wire) is None:
        return None
    name = found[0]
    if is_name(name, "None"):
        is_text = isinstance(found[1], cst.SimpleString) and "b" not in found[1].prefix
        is_fit = is_text or _is_text(type_of(tree, found[1], types), wire)
    elif isinstance(name, cst.SimpleString):
        is_fit = _is_plain_name(name)
    else:
        is_fit = _is_text(type_of(tree, name, types), wire)
    is_seen = len(found) == 2 or isinstance(found[2], cst.SimpleString)
    return PartKind.GIVEN if is_fit and (is_seen or _is_text(type_of(tree, found[2], types), wire)) else None


def kind_of_content(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str], wire: Wire) -> PartKind | None:
    """What the content of a part is; None when that cannot be told."""
    if isinstance(value, cst.SimpleString):
        return PartKind.TEXT
    made_by = imported_name(tree, value.func) if isinstance(value, cst.Call) else None
    if made_by in {"open", "io.open"}:
        assert isinstance(value, cst.Call)
        return PartKind.FILE if _is_binary(value) else PartKind.TEXT_FILE
    if made_by in _BUFFERS:
        return _BUFFERS[made_by]
    kind = type_of(tree, value, types)
    kinds = {_KINDS.get(one.partition("[")[0]) for one in alternatives(kind)} if kind is not None else {None}
    if None not in kinds:
        return kinds.pop() if len(kinds) == 1 else PartKind.ANY_FILE
    return PartKind.TEXT if kind == "bytes" or _is_text(kind, wire) else None


def _is_binary(call: cst.Call) -> bool:
    """Whether `open()` is told to give bytes."""
    found = given(call, ("file", "mode"))
    mode = found.get("mode") if found is not None else None
    return isinstance(mode, cst.SimpleString) and "b" in str(mode.evaluated_value)


def _is_text(kind: str | None, wire: Wire) -> bool:
    return value_is_sent(wire, "headers", kind) is Sent.ALIKE


def _field(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str], wire: Wire) -> str | None:
    """How a value of `data=` is written; None when that cannot be told."""
    if is_name(value, "None"):
        return "none"
    if isinstance(value, cst.List | cst.Tuple):
        simple = (cst.SimpleString, cst.Integer, cst.Float)
        is_visible = all(isinstance(one, simple) and "b" not in getattr(one, "prefix", "") for one in values(value))
        return "many" if is_visible else None
    if isinstance(value, cst.SimpleString | cst.FormattedString):
        return None if isinstance(value, cst.SimpleString) and "b" in value.prefix else "text"
    if isinstance(value, cst.Integer | cst.Float) or is_name(value, "True") or is_name(value, "False"):
        return "number"
    kind = type_of(tree, value, types)
    if _is_text(kind, wire):
        return "text"
    return "number" if kind is not None and set(alternatives(kind)) <= _NUMBERS else None
