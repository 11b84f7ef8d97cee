"""What httpx sends as requests does, value by value.

Source: the verified table, section 5; httpx 0.28 `httpx/_utils.py` on how it makes a text of a value.
"""

from codemods.rules.requests_calls.values import NUMBERS, TEXT, Wire

_SHOWN_ALIKE = frozenset(
    {
        *("decimal.Decimal", "uuid.UUID", "fractions.Fraction"),
        *("datetime.date", "datetime.datetime", "datetime.time"),
    }
)
"""Types of whose values both libraries send what `str()` gives."""

WIRE = Wire(
    client="httpx",
    scalars={
        "params": TEXT | NUMBERS | _SHOWN_ALIKE,
        "headers": TEXT,
        "cookies": TEXT,
        "data": TEXT | NUMBERS | _SHOWN_ALIKE,
    },
    as_text={"params": frozenset({"bool"}), "data": frozenset({"bool"})},
    pairs=frozenset({"params"}),
    nested=frozenset(),
    unknown={
        "data": "httpx sends None in data= as an empty text, bool as true or false, and bytes as Python shows them",
        "headers": (
            "httpx raises TypeError for values in headers= that are neither str nor bytes, and UnicodeEncodeError for "
            "letters beyond ASCII; requests leaves None out, and sends Latin-1"
        ),
        "cookies": (
            "httpx sends a cookie that is None by its name alone, and raises UnicodeEncodeError for letters beyond "
            "ASCII in one; requests takes it away, and sends Latin-1"
        ),
        "params": (
            "httpx sends None in params= as an empty text, bool as true or false, and bytes, sets and members of an "
            "Enum as Python shows them; requests leaves None out, and sends True, False and the values"
        ),
    },
)
