"""`files=`: httpx takes what requests takes, as far as it can be seen, and names some parts otherwise.

Source: httpx 0.28 `httpx/_multipart.py`: what has no name is called `upload`, every part with a name has a type, a file
is read from its start, and values of `data=` are text, bytes or numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.model import Parity, Span
from codemods.rules.requests_calls.adjustments import LEFT_OUT, Adjustment, Answer, NameOf, called
from codemods.rules.requests_calls.combinations import visible_headers
from codemods.rules.requests_calls.expressions import is_name
from codemods.rules.requests_calls.form_parts import FormParts, PartKind, kind_of_content, pairs, parts, parts_of_form
from codemods.rules.requests_httpx.wire import WIRE
from codemods.rules.rule import Refusal
from codemods.tree import Tree

_TYPE_NOTE = (
    "httpx gives every part of a form that has a name of a file a Content-Type; requests only where files= names one"
)
_START_NOTE = "httpx sends a file from its start; requests from where it has been read to"
_NAME_NOTE = "httpx escapes a backslash and control characters in the name of a file; requests leaves them as they are"


@dataclass(frozen=True, slots=True)
class NamedFiles(Adjustment):
    """Parts of which those without a name of their own are given one, as requests does."""

    unnamed: tuple[int, ...]
    """Which of them."""

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        display = argument.value
        if isinstance(display, cst.Dict):
            named: list[cst.BaseDictElement] = [
                _named(one) if index in self.unnamed else one for index, one in enumerate(display.elements)
            ]
            return [argument.with_changes(value=display.with_changes(elements=named))]
        assert isinstance(display, cst.List | cst.Tuple)
        elements: list[cst.BaseElement] = [
            _named_pair(one) if index in self.unnamed else one for index, one in enumerate(display.elements)
        ]
        return [argument.with_changes(value=display.with_changes(elements=elements))]


def _named(element: cst.BaseDictElement) -> cst.BaseDictElement:
    """`"f": ("f", content)` for `"f": content`."""
    assert isinstance(element, cst.DictElement)
    return element.with_changes(value=_with_name(element.key, element.value))


def _named_pair(element: cst.BaseElement) -> cst.BaseElement:
    """`("f", ("f", content))` for `("f", content)`."""
    assert isinstance(element, cst.Element)
    assert isinstance(element.value, cst.Tuple)
    name, content = element.value.elements
    renamed = content.with_changes(value=_with_name(name.value, content.value))
    return element.with_changes(value=element.value.with_changes(elements=[name, renamed]))


def _with_name(name: cst.BaseExpression, content: cst.BaseExpression) -> cst.Tuple:
    return cst.Tuple([cst.Element(name), cst.Element(content)])


@dataclass(frozen=True, slots=True)
class Fields(Adjustment):
    """Values of `data=` beside files: none is left out, and what may be no plain number is a text."""

    hows: tuple[str, ...]

    def written(self, argument: cst.Arg, name_of: NameOf) -> Sequence[cst.Arg]:
        display = argument.value
        assert isinstance(display, cst.Dict)
        elements = [
            _as_text(one) if how == "number" else one
            for how, one in zip(self.hows, display.elements, strict=True)
            if how != "none"
        ]
        if not elements:
            return []
        if len(elements) < len(display.elements):
            elements[-1] = elements[-1].with_changes(comma=display.elements[-1].comma)
        return [argument.with_changes(value=display.with_changes(elements=elements))]


def _as_text(element: cst.BaseDictElement) -> cst.BaseDictElement:
    assert isinstance(element, cst.DictElement)
    if isinstance(element.value, cst.Integer | cst.Float):
        return element
    return element.with_changes(value=called(cst.Name("str"), element.value))


def check_upload(
    arguments: Mapping[str, cst.BaseExpression], tree: Tree, types: Mapping[Span, str], parity: Parity
) -> Answer:
    """What becomes of `files=` among all arguments."""
    found = _form(arguments, tree, types)
    if isinstance(found, Refusal):
        return found
    if found is None:
        return LEFT_OUT, []
    notes: list[str] = []
    contents = [(how, parts(value)) for how, (_, value) in zip(found.files, pairs(arguments["files"]), strict=True)]
    for how, given in contents:
        has_type = len(given) == 3 or (how is PartKind.GIVEN and is_name(given[0], "None"))
        notes += [] if has_type else [_TYPE_NOTE]
        notes += (
            [_NAME_NOTE] if given and not (isinstance(given[0], cst.SimpleString) or is_name(given[0], "None")) else []
        )
    values = [value for _, value in pairs(arguments["files"])]
    for value in (parts(one)[1] if isinstance(one, cst.Tuple) else one for one in values):
        kind = kind_of_content(value, tree, types, WIRE)
        if kind in {PartKind.TEXT_FILE, PartKind.ANY_FILE}:
            return Refusal("its form has a file that is not known to give bytes, which httpx refuses")
        notes += [_START_NOTE] if kind is not PartKind.TEXT and not isinstance(value, cst.Call) else []
    if parity is Parity.STRICT and notes:
        return Refusal(f"strict parity of files= cannot be proven: {notes[0]}")
    unnamed = [index for index, how in enumerate(found.files) if how in {PartKind.TEXT, PartKind.BUFFER}]
    return NamedFiles(tuple(unnamed)), list(dict.fromkeys(notes))


def check_fields(arguments: Mapping[str, cst.BaseExpression], tree: Tree, types: Mapping[Span, str]) -> Answer | None:
    """What becomes of `data=` beside `files=`; None where these make no form."""
    found = _form(arguments, tree, types)
    return found if isinstance(found, Refusal) else (Fields(found.fields), []) if found is not None else None


def _form(
    arguments: Mapping[str, cst.BaseExpression], tree: Tree, types: Mapping[Span, str]
) -> FormParts | Refusal | None:
    found = parts_of_form(arguments, tree, types, WIRE)
    if not isinstance(found, FormParts):
        return found
    data = arguments.get("data")
    if not (data is None or is_name(data, "None") or isinstance(data, cst.Dict)):
        return Refusal("its form has fields that are no dict, which httpx asks for")
    if "content-type" in visible_headers(arguments):
        return Refusal("its form stands beside a Content-Type of its own")
    return found
