"""Which arguments a request has, as far as they can be seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import libcst as cst

from codemods.rules.requests_calls.expressions import is_name, literal_parts

_USER = re.compile(r"//[^/?#]*@")

Arguments = Mapping[str, cst.BaseExpression]
"""The arguments of a call by the names of their parameters."""


def is_given(value: cst.BaseExpression | None) -> bool:
    """Whether an argument says something."""
    return not (value is None or is_name(value, "None") or is_empty(value))


def is_empty(value: cst.BaseExpression) -> bool:
    """Whether a display or a text holds nothing: requests takes most of them for arguments that are not given."""
    if isinstance(value, cst.Dict | cst.List | cst.Tuple):
        return not value.elements
    return isinstance(value, cst.SimpleString) and not value.evaluated_value


def is_beside_data(arguments: Arguments) -> bool:
    """Whether `data=` keeps requests from sending the `json=` that is given, too."""
    data = arguments.get("data")
    is_full = isinstance(data, cst.Dict | cst.List | cst.Tuple | cst.SimpleString) and not is_empty(data)
    return is_full and "json" in arguments


def has_body(arguments: Arguments) -> bool:
    """Whether a request has a body, or may have one."""
    return sends_json(arguments) or any(is_given(arguments.get(name)) for name in ("data", "files"))


def sends_json(arguments: Arguments) -> bool:
    """Whether a request may send its `json=`: an empty dict as well, unless `data=` is sent instead."""
    return "json" in arguments and not is_name(arguments["json"], "None") and not is_beside_data(arguments)


def method_of(arguments: Arguments, verb: str) -> str:
    """The method of a request in small letters; the empty text where it cannot be seen."""
    if verb != "request":
        return verb
    method = arguments.get("method")
    return str(method.evaluated_value).lower() if isinstance(method, cst.SimpleString) else ""


def holds_user(url: cst.BaseExpression) -> bool:
    return _USER.search("".join(literal_parts(url))) is not None


def keeps_out(name: str, headers: cst.BaseExpression | None) -> bool:
    """Whether headers are visible and do not hold one."""
    if not is_given(headers):
        return True
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    keys = [one.key for one in elements if isinstance(one, cst.DictElement) and isinstance(one.key, cst.SimpleString)]
    return bool(keys) and len(keys) == len(elements) and name not in lower_names(keys)


def lower_names(keys: Iterable[cst.BaseExpression]) -> set[str]:
    """The texts of keys in small letters."""
    return {"".join(literal_parts(key)).lower() for key in keys}


def visible_headers(arguments: Arguments) -> set[str]:
    """The names of the headers of a request that can be seen, in small letters."""
    return visible_names(arguments.get("headers"))


def visible_names(headers: cst.BaseExpression | None) -> set[str]:
    """The names of headers that can be seen, in small letters."""
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    return lower_names(one.key for one in elements if isinstance(one, cst.DictElement))
