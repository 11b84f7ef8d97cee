"""`files=`: the parts of a form, as far as they can be seen, are added to one of aiohttp's.

Source: the verified table, section 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.model import Span
from codemods.rules.requests_aiohttp.wire import WIRE
from codemods.rules.requests_calls.adjustments import (
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
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.form_parts import PartKind, pairs, parts, parts_of_form, values
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_TYPE_NOTE = "aiohttp gives every part of a form a Content-Type; requests only those for which files= names one"
_NAME_NOTE = "aiohttp escapes a quote in the name of a file otherwise than requests, which writes %22"


@dataclass(frozen=True, slots=True)
class Upload(Adjustment):
    """A form whose parts are added one by one."""

    form: str
    """The variable that holds it."""
    files: tuple[PartKind, ...]
    """What each part is."""
    fields: tuple[str, ...]
    """How each value of `data=` is written: `text`, `number`, `many`, or `none`."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        return [keyword_argument("data", cst.Name(self.form)).with_changes(comma=argument.comma)]

    def statements(self, arguments: Mapping[str, cst.BaseExpression], name_of: NameOf) -> Iterator[cst.BaseStatement]:
        files = pairs(arguments["files"])
        names = [given[0] if (given := parts(value)) else None for _, value in files]
        is_plain = all(is_name(name, "None") for name in names)
        options = {"quote_fields": cst.Name("False")}
        if is_plain:
            options["default_to_multipart"] = cst.Name("True")
        yield assignment(cst.Name(self.form), called(dotted(f"{name_of('aiohttp')}.FormData"), **options))
        for how, (name, value) in zip(self.fields, pairs(arguments.get("data")), strict=True):
            for one in values(value) if how == "many" else [value] if how != "none" else []:
                is_text = how == "text" or isinstance(one, cst.SimpleString)
                yield self._added(name, one if is_text else called(cst.Name("str"), one))
        for how, (name, value) in zip(self.files, files, strict=True):
            if how is PartKind.TEXT:
                yield self._added(name, value, filename=name)
            elif how is not PartKind.GIVEN:
                yield self._added(name, value)
            else:
                filename, content, *kind = parts(value)
                named = {} if is_name(filename, "None") else {"filename": filename}
                yield self._added(name, content, **named, **({"content_type": kind[0]} if kind else {}))

    def _added(
        self, name: cst.BaseExpression, value: cst.BaseExpression, **named: cst.BaseExpression
    ) -> cst.SimpleStatementLine:
        return expression(called(dotted(f"{self.form}.add_field"), name, value, **named))


def check_upload(
    arguments: Mapping[str, cst.BaseExpression], form: str, tree: Tree, types: Mapping[Span, str]
) -> Answer:
    """What becomes of `files=` among all arguments; `form` is a variable that is free."""
    found = parts_of_form(arguments, tree, types, WIRE)
    if isinstance(found, Refusal):
        return found
    if found is None:
        return LEFT_OUT, []
    notes: list[str] = []
    for _, value in pairs(arguments["files"]):
        given = parts(value)
        notes += [_TYPE_NOTE] if len(given) < 3 else []
        notes += [_NAME_NOTE] if given and not isinstance(given[0], cst.SimpleString | cst.Name) else []
        notes += [_NAME_NOTE] if given and isinstance(given[0], cst.Name) and not is_name(given[0], "None") else []
    notes += [_TYPE_NOTE] if found.fields else []
    return Upload(form, found.files, found.fields), list(dict.fromkeys(notes))
