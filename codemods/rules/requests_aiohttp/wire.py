"""What aiohttp sends as requests does, value by value.

Source: the verified table, sections 2.1 to 2.4.
"""

from codemods.rules.requests_calls.values import NUMBERS, TEXT, Wire

WIRE = Wire(
    client="aiohttp",
    scalars={
        "params": TEXT | NUMBERS,
        "headers": TEXT,
        "cookies": TEXT,
        "data": TEXT | NUMBERS | {"bool", "decimal.Decimal"},
    },
    as_text={
        "params": frozenset(
            {
                *("bool", "decimal.Decimal", "uuid.UUID", "fractions.Fraction"),
                *("datetime.date", "datetime.datetime", "datetime.time"),
            }
        )
    },
    pairs=frozenset({"params", "data"}),
    nested=frozenset({"data"}),
    unknown={
        "data": "aiohttp sends None in data= as the text None, and bytes as a file; requests does neither",
        "cookies": (
            "aiohttp sends cookies that are None as the text None, quotes those with special characters, and refuses "
            "some names; requests does none of this"
        ),
        "headers": "aiohttp raises TypeError for values in headers= that are not str; requests leaves None out",
        "params": (
            "aiohttp takes str, int and float in params=: it raises TypeError for None, bool and bytes, cuts Decimal "
            "to int, sends members of an Enum by name and escapes a str again; requests takes them all"
        ),
    },
)
