"""What the text of a function tells of its names, of what it returns, and of what it puts into objects."""

from __future__ import annotations

import pytest

from codemods.facts.bodies import Bodies
from codemods.facts.graph import Function
from codemods.facts.statements import ungrouped_end
from codemods.facts.texts import Text
from codemods.tree import LineTable

PATH = "a.py"


def bodies_of(body: str) -> tuple[Bodies, Function, str]:
    """A function `run` with a parameter `given`, and the text of its file."""
    text = "def run(given):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    lines = LineTable(text)
    functions = [
        Function(name, PATH, lines.span(at, at + len(last)), False, False, None, "a:", (), None, False, None)
        for name, last in (("a:run", "run"), ("a:run.<locals>.inner", "inner"))
        if (at := text.find(f"def {last}(") + 4) > 3
    ]
    return Bodies(functions, {PATH: Text(PATH, lines, has_bom=False)}), functions[0], text


@pytest.mark.parametrize(
    ("body", "bound"),
    [
        ("use(x)", []),
        ("x.y = 1\nx[0] = 1\nuse(x=1)", []),
        ("x = one()", ["one()"]),
        ("x: int = one()\nif x == 2:\n    x = two(x)", ["one()", "two(x)"]),
        ("x = y = one()", ["one()"]),
        ("for x in many():\n    use(x)", ["part of many()"]),
        ("for y in x:\n    use(y)", []),
        ("for number, (x, _) in enumerate(many):\n    pass", ["part of enumerate(many)"]),
        ("use([x.y for x in many if x.z])", ["part of many"]),
        ("use({y: x for y, x in many.items()})", ["part of many.items()"]),
        ("use(sum(x for y in many for x in y))", ["part of y"]),
        ("y, x = pair()", ["part of pair()"]),
        ("(y, x) = pair()  # both", ["part of pair()"]),
        ("x = (\n    one()\n)", ["(\n        one()\n    )"]),
        ("x += 1", None),
        ("with one() as x:\n    pass", None),
        ("with one() as (y, x):\n    pass", None),
        ("if x := one():\n    pass", None),
        ("import x", None),
        ("global x\nx = one()", None),
        ("use(lambda x: x)", None),
        ("sorted(many, key=lambda x: x.size, reverse=True)", ["part of many"]),
        (
            "max(x.get('a') for x in sorted(many(), key=lambda x: x[0]))",
            ["part of many()", "part of sorted(many(), key=lambda x: x[0])"],
        ),
        ("filter(lambda x: x in given, one(many))", ["part of one(many)"]),
        ("many.rows.sort(key=lambda x: x.size)", ["part of many.rows"]),
        ("use(lambda y: x)", []),
        ("sorted(many, key=lambda y: x)", []),
        ("sorted(many, key=lambda y, x=1: x)", None),
        ("max(one, two, key=lambda x: x.size)", None),
        ("map(lambda x: x, *many)", None),
        ("own.sorted(many, key=lambda x: x)", None),
        ("rows()[0].sort(key=lambda x: x.size)", None),
        ("def inner(x):\n    pass", None),
        ("try:\n    pass\nexcept E as x:\n    pass", None),
        ("match given:\n    case {'a': x}:\n        pass", None),
        ("del x", None),
        ("y.z, x = pair()", None),
        ("*y, x = many()", None),
        ("x = one(); y = 2", None),
        ("for x[0] in many:\n    pass", None),
        ("for y in (lambda: x)():\n    pass", []),
    ],
)
def test_what_binds_a_name_is_found_or_told_to_be_unclear(body: str, bound: list[str] | None) -> None:
    bodies, function, text = bodies_of(body)
    found = bodies.bindings(function, "x")
    shown = None
    if found is not None:
        shown = [f"{'part of ' if one.is_part else ''}{text[one.value.start : one.value.end]}" for one in found]
    assert shown == bound


@pytest.mark.parametrize(
    ("body", "returned"),
    [
        ("pass", []),
        ("return", []),
        ("if given:\n    return one()\nreturn two", ["one()", "two"]),
        ("return (\n    one()\n)  # that", ["(\n        one()\n    )"]),
        ("def inner():\n    return 1\nreturn inner", ["inner"]),
        ("text = 'return 1'\nreturn text", ["text"]),
        ("def inner():\n    yield 1\nreturn inner", ["inner"]),
        ("yield 1", None),
        ("x = yield\nreturn x", None),
        ("return 1; print()", None),
    ],
)
def test_what_a_function_returns_is_found_or_told_to_be_unclear(body: str, returned: list[str] | None) -> None:
    bodies, function, text = bodies_of(body)
    found = bodies.returned(function)
    assert (found if found is None else [text[one.start : one.end] for one in found]) == returned


@pytest.mark.parametrize(
    ("body", "is_filled"),
    [
        ("use(x)", False),
        ("y = x['a']\nx.get('a')\nif x['a'] == 1:\n    pass", False),
        ("y.x.append(1)\ny.x['a'] = 1", False),
        ("x['a'] = 1", True),
        ("x['a']['b'] += 1", True),
        ("x.append(1)", True),
        ("x['a'].setdefault('b', [])", True),
        ("def inner():\n    x.update(given)", True),
    ],
)
def test_what_puts_something_into_an_object_is_found(body: str, is_filled: bool) -> None:
    bodies, function, _ = bodies_of(body)
    assert bodies.is_filled(function, "x") is is_filled


@pytest.mark.parametrize(
    ("expression", "inner"),
    [
        ("(one or two)", "(one or two"),
        ("( (one) )", "( (one"),
        ("call(one)", "call(one)"),
        ("(call(one))", "(call(one)"),
        ("table[0](one)", "table[0](one)"),
        ("call(one)(two)", "call(one)(two)"),
        ("if (one)", "if (one"),
        ("not_if(one)", "not_if(one)"),
        ("x = (one)", "x = (one"),
    ],
)
def test_parentheses_that_only_group_end_after_the_expression(expression: str, inner: str) -> None:
    assert expression[: ungrouped_end(expression, len(expression))] == inner
