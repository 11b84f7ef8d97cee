"""Headers that httpx refuses, or sends otherwise.

Source: the verified table, section 5.
"""

from __future__ import annotations

import libcst as cst

from codemods.rules.requests_calls.expressions import literal_parts
from codemods.rules.rule import Refusal

LETTERS_NOTE = "letters beyond ASCII in headers= raise UnicodeEncodeError; requests sends Latin-1"


def check_names(headers: cst.BaseExpression | None) -> Refusal | None:
    """Why headers cannot be given because of their names, as far as these can be seen."""
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    names = [one.key for one in elements if isinstance(one, cst.DictElement)]
    texts = ["".join(literal_parts(one)).lower() for one in names if isinstance(one, cst.SimpleString)]
    if len(set(texts)) < len(texts):
        return Refusal("headers= names a header twice, which httpx sends twice")
    return None


def check_values(headers: cst.BaseExpression) -> Refusal | None:
    """Why headers cannot be given because of their values, as far as these can be seen."""
    elements = headers.elements if isinstance(headers, cst.Dict) else ()
    texts = [one.value for one in elements if isinstance(one, cst.DictElement)]
    if any(_ends_with_blank(one) for one in texts):
        return Refusal("headers= holds a value that ends with a blank, which httpx refuses")
    return None


def _ends_with_blank(value: cst.BaseExpression) -> bool:
    """Whether a text ends with a blank for certain: what an f-string fills in at its end may be anything."""
    match value:
        case cst.ConcatenatedString():
            return _ends_with_blank(value.right)
        case cst.FormattedString(parts=[*_, cst.FormattedStringText(value=text)]):
            return text[-1:].isspace()
        case cst.SimpleString():
            return "".join(literal_parts(value))[-1:].isspace()
    return False
