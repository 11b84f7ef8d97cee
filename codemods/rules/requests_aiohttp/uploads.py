"""`files=`: the parts of a form, as far as they can be seen, are added to one of aiohttp's.

Source: the verified table, section 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.model import Span
from codemods.rules.evaluation import holds_call
from codemods.rules.names import is_bound
from codemods.rules.requests_aiohttp.adjustments import (
    LEFT_OUT,
    Adjustment,
    Answer,
    NameOf,
    assignment,
    called,
    dotted,
    expression,
    keyword_argument,
)
from codemods.rules.requests_aiohttp.expressions import imported_name, is_name, literal_parts, type_of
from codemods.rules.requests_aiohttp.values import Sent, alternatives, value_is_sent
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_TYPE_NOTE = "aiohttp gives every part of a form a Content-Type; requests only those for which files= names one"
_NAME_NOTE = "aiohttp escapes a quote in the name of a file otherwise than requests, which writes %22"
_FILES = frozenset(
    f"{module}.{name}"
    for module in ("io", "_io")
    for name in ("BufferedReader", "BufferedRandom", "BytesIO", "StringIO", "TextIOWrapper", "FileIO")
)
"""Types that aiohttp reads and asks for their name, as requests does."""
_OPENED_BY = frozenset({"open", "io.open", "io.BytesIO", "io.StringIO"})
_NUMBERS = frozenset({"int", "float", "bool", "decimal.Decimal"})


@dataclass(frozen=True, slots=True)
class Upload(Adjustment):
    """A form whose parts are added one by one."""

    form: str
    """The variable that holds it."""
    files: tuple[str, ...]
    """How each part is written: `file`, which has a name of its own, `text`, or `given`, a tuple that says more."""
    fields: tuple[str, ...]
    """How each value of `data=` is written: `text`, `number`, `many`, or `none`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [keyword_argument("data", cst.Name(self.form)).with_changes(comma=argument.comma)]

    def statements(self, arguments: Mapping[str, cst.BaseExpression], name_of: NameOf) -> Iterator[cst.BaseStatement]:
        files = _pairs(arguments["files"])
        names = [parts[0] if (parts := _parts(value)) else None for _, value in files]
        is_plain = all(is_name(name, "None") for name in names)
        options = {"quote_fields": cst.Name("False")}
        if is_plain:
            options["default_to_multipart"] = cst.Name("True")
        yield assignment(cst.Name(self.form), called(dotted(f"{name_of('aiohttp')}.FormData"), **options))
        for how, (name, value) in zip(self.fields, _pairs(arguments.get("data")), strict=True):
            for one in _values(value) if how == "many" else [value] if how != "none" else []:
                is_text = how == "text" or isinstance(one, cst.SimpleString)
                yield self._added(name, one if is_text else called(cst.Name("str"), one))
        for how, (name, value) in zip(self.files, files, strict=True):
            if how == "file":
                yield self._added(name, value)
            elif how == "text":
                yield self._added(name, value, filename=name)
            else:
                filename, content, *kind = _parts(value)
                named = {} if is_name(filename, "None") else {"filename": filename}
                yield self._added(name, content, **named, **({"content_type": kind[0]} if kind else {}))

    def _added(
        self, name: cst.BaseExpression, value: cst.BaseExpression, **named: cst.BaseExpression
    ) -> cst.SimpleStatementLine:
        return expression(called(dotted(f"{self.form}.add_field"), name, value, **named))


def _pairs(value: cst.BaseExpression | None) -> list[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """The names and values of a display of a mapping, or of pairs."""
    match value:
        case cst.Dict():
            return [(one.key, one.value) for one in value.elements if isinstance(one, cst.DictElement)]
        case cst.List() | cst.Tuple():
            return [(pair[0], pair[1]) for one in value.elements if len(pair := _parts(one.value)) == 2]
    return []


def _is_whole(value: cst.BaseExpression) -> bool:
    """Whether `_pairs` shows all there is."""
    return isinstance(value, cst.Dict | cst.List | cst.Tuple) and len(_pairs(value)) == len(value.elements)


def _parts(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [one.value for one in value.elements if isinstance(one, cst.Element)] if isinstance(value, cst.Tuple) else []


def _values(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [one.value for one in value.elements] if isinstance(value, cst.List | cst.Tuple) else []


def check_upload(
    arguments: Mapping[str, cst.BaseExpression], form: str, tree: Tree, types: Mapping[Span, str]
) -> Answer:
    """What becomes of `files=` among all arguments; `form` is a variable that is free."""
    files, data = arguments["files"], arguments.get("data")
    if isinstance(files, cst.Dict | cst.List | cst.Tuple) and not files.elements:
        return LEFT_OUT, []
    if "json" in arguments:
        return Refusal("requests takes files= or json=, not both")
    if is_name(data, "None"):
        data = None
    if not _is_whole(files) or (data is not None and not _is_whole(data)):
        return Refusal("the parts of its form cannot all be seen")
    if is_bound(tree, "str", files):
        return Refusal("the file binds the name str, which its form needs")
    if holds_call(files) and any(holds_call(one) for name, one in arguments.items() if name != "files"):
        return Refusal("its form would be made before other arguments with effects")
    hows: list[str] = []
    notes: list[str] = []
    for name, value in _pairs(files):
        how = _how(value, tree, types) if _is_plain_name(name) else None
        if how is None:
            return Refusal(f"its form has a part of an unknown kind in line {tree.span(name).line}")
        hows.append(how)
        given = _parts(value)
        notes += [_TYPE_NOTE] if len(given) < 3 else []
        notes += [_NAME_NOTE] if given and not isinstance(given[0], cst.SimpleString | cst.Name) else []
        notes += [_NAME_NOTE] if given and isinstance(given[0], cst.Name) and not is_name(given[0], "None") else []
    fields: list[str] = []
    for name, value in _pairs(data):
        how = _field(value, tree, types) if _is_plain_name(name) else None
        if how is None:
            return Refusal(f"its form has a field of an unknown kind in line {tree.span(name).line}")
        fields.append(how)
    return Upload(form, tuple(hows), tuple(fields)), list(dict.fromkeys([*notes, *([_TYPE_NOTE] if fields else [])]))


def _is_plain_name(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.SimpleString) and "b" not in value.prefix and _needs_no_quotes(value)


def _needs_no_quotes(value: cst.SimpleString) -> bool:
    text = "".join(literal_parts(value))
    return text.isprintable() and not set(text) & set('"\\%')


def _how(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> str | None:
    """How a part is written; None when that cannot be told."""
    if not isinstance(value, cst.Tuple):
        return _kind(value, tree, types)
    parts = _parts(value)
    if len(parts) not in {2, 3} or _kind(parts[1], tree, types) is None:
        return None
    name = parts[0]
    if is_name(name, "None"):
        is_text = isinstance(parts[1], cst.SimpleString) and "b" not in parts[1].prefix
        is_fit = is_text or _is_text(type_of(tree, parts[1], types))
    elif isinstance(name, cst.SimpleString):
        is_fit = _is_plain_name(name)
    else:
        is_fit = _is_text(type_of(tree, name, types))
    has_type = len(parts) == 2 or isinstance(parts[2], cst.SimpleString) or _is_text(type_of(tree, parts[2], types))
    return "given" if is_fit and has_type else None


def _kind(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> str | None:
    if isinstance(value, cst.SimpleString):
        return "text"
    if isinstance(value, cst.Call) and imported_name(tree, value.func) in _OPENED_BY:
        return "file"
    kind = type_of(tree, value, types)
    if kind is not None and {one.partition("[")[0] for one in alternatives(kind)} <= _FILES:
        return "file"
    return "text" if kind == "bytes" or _is_text(kind) else None


def _is_text(kind: str | None) -> bool:
    return value_is_sent("headers", kind) is Sent.ALIKE


def _field(value: cst.BaseExpression, tree: Tree, types: Mapping[Span, str]) -> str | None:
    """How a value of `data=` is written; None when that cannot be told."""
    if is_name(value, "None"):
        return "none"
    if isinstance(value, cst.List | cst.Tuple):
        simple = (cst.SimpleString, cst.Integer, cst.Float)
        is_visible = all(isinstance(one, simple) and "b" not in getattr(one, "prefix", "") for one in _values(value))
        return "many" if is_visible else None
    if isinstance(value, cst.SimpleString | cst.FormattedString):
        return None if isinstance(value, cst.SimpleString) and "b" in value.prefix else "text"
    if isinstance(value, cst.Integer | cst.Float) or is_name(value, "True") or is_name(value, "False"):
        return "number"
    kind = type_of(tree, value, types)
    if _is_text(kind):
        return "text"
    return "number" if kind is not None and set(alternatives(kind)) <= _NUMBERS else None
