"""What types say of the values of a request."""

import pytest

from codemods.rules.requests_aiohttp.values import (
    Sent,
    alternatives,
    mapping_is_sent,
    mapping_is_sent_unless_none,
    value_is_sent,
)

ALIKE, OTHERWISE, UNKNOWN = Sent.ALIKE, Sent.OTHERWISE, Sent.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "params", "headers", "data"),
    [
        ("str", ALIKE, ALIKE, ALIKE),
        ("int", ALIKE, OTHERWISE, ALIKE),
        ("bool", OTHERWISE, OTHERWISE, ALIKE),
        ("None", OTHERWISE, OTHERWISE, OTHERWISE),
        ("str | None", OTHERWISE, OTHERWISE, OTHERWISE),
        ("str | int", ALIKE, OTHERWISE, ALIKE),
        ("bytes", OTHERWISE, OTHERWISE, OTHERWISE),
        ("decimal.Decimal", OTHERWISE, OTHERWISE, ALIKE),
        ("list[str]", ALIKE, OTHERWISE, ALIKE),
        ("list[str | None]", OTHERWISE, OTHERWISE, OTHERWISE),
        ("tuple[int, ...]", ALIKE, OTHERWISE, ALIKE),
        ("Literal['a', 'b']", ALIKE, ALIKE, ALIKE),
        ("Literal[1]", ALIKE, OTHERWISE, ALIKE),
        ("Literal[True]", OTHERWISE, OTHERWISE, OTHERWISE),
        ("Unknown", UNKNOWN, UNKNOWN, UNKNOWN),
        ("str | Unknown", UNKNOWN, UNKNOWN, UNKNOWN),
        ("typing.Any", UNKNOWN, UNKNOWN, UNKNOWN),
        (None, UNKNOWN, UNKNOWN, UNKNOWN),
        ("io.BytesIO", OTHERWISE, OTHERWISE, OTHERWISE),
    ],
)
def test_one_value(kind, params, headers, data):
    assert [value_is_sent(name, kind) for name in ("params", "headers", "data")] == [params, headers, data]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("params", "dict[str, str]", ALIKE),
        ("params", "dict[str, int | str] | None", ALIKE),
        ("params", "dict[str, str | None]", OTHERWISE),
        ("params", "dict[int, str]", OTHERWISE),
        ("params", "dict[str, Unknown]", UNKNOWN),
        ("params", "dict[str, list[str]]", ALIKE),
        ("params", "list[tuple[str, str]]", ALIKE),
        ("headers", "list[tuple[str, str]]", OTHERWISE),
        ("params", "str", OTHERWISE),
        ("params", None, UNKNOWN),
        ("headers", "dict[str, int]", OTHERWISE),
        ("data", "dict[str, bytes]", OTHERWISE),
    ],
)
def test_a_whole_mapping(name, kind, expected):
    assert mapping_is_sent(name, kind) is expected


def test_unions_are_split_outside_of_brackets():
    assert alternatives("dict[str, int | None] | None") == ["dict[str, int | None]", "None"]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("params", "dict[str, str | None]", True),
        ("params", "dict[str, int | str | None]", True),
        ("params", "dict[str, bool | None]", False),
        ("params", "dict[str, None]", False),
        ("params", "dict[str, str]", False),  # nothing to leave out
        ("params", "dict[int, str | None]", False),
        ("params", "dict[str, str | None] | None", False),
        ("params", "dict[str, Unknown | None]", False),
        ("params", "list[tuple[str, str | None]]", False),
        ("data", "dict[str, bool | None]", True),
        ("params", None, False),
    ],
)
def test_a_dict_less_its_none(name, kind, expected):
    assert mapping_is_sent_unless_none(name, kind) is expected
