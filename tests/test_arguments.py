"""What a call hands over, what a function takes, and which part of a text is code."""

import inspect
import itertools

import pytest

from codemods.facts.arguments import accepts, arguments_in, closing
from codemods.facts.graph import Parameter, ParameterKind
from codemods.facts.kinds import Kind, is_partly_known, kinds_of
from codemods.masking import masked

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: ParameterKind.POSITIONAL,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: ParameterKind.EITHER,
    inspect.Parameter.KEYWORD_ONLY: ParameterKind.KEYWORD,
    inspect.Parameter.VAR_POSITIONAL: ParameterKind.REST,
    inspect.Parameter.VAR_KEYWORD: ParameterKind.KEYWORDS,
}


def parameters_of(function):
    return [
        Parameter(one.name, KINDS[one.kind], one.default is inspect.Parameter.empty, "Unknown")
        for one in inspect.signature(function).parameters.values()
    ]


def arguments_of(call):
    found = masked(call)
    assert found is not None
    opening = call.index("(")
    end = closing(found.outline, opening)
    assert end is not None
    return arguments_in(found.outline, call, opening + 1, end)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("f()", []),
        ("f(1, 'a,b', x=3, *r, **k)", ["1", "'a,b'", "x=3", "*r", "**k"]),
        ("f(  # c, d\n  a,  # e\n b,\n)", ["a", "b"]),
        ('f(f"{a}, {b}", c == d, y := 3)', ['f"{a}, {b}"', "c == d", "y := 3"]),
        ("f(x for x in (1, 2))", ["x for x in (1, 2)"]),
        ("f(g(1, 2), [3, 4], {5: 6, 7: 8})", ["g(1, 2)", "[3, 4]", "{5: 6, 7: 8}"]),
        ("f(a=  # )\n  'q')", ["a='q'"]),
    ],
)
def test_arguments_are_told_apart(call, expected):
    found = arguments_of(call)
    assert [f"{one.stars}{one.keyword + '=' if one.keyword else ''}{one.text}" for one in found] == expected
    assert all(call[one.start :].startswith(one.text) for one in found)


def test_the_commas_of_a_lambda_are_not_told_from_those_of_the_call():
    assert arguments_of("f(lambda a, b: a)") is None
    assert arguments_of("f(lambda a=(1, 2): a)") is None


def test_a_lambda_of_one_parameter_has_no_commas_of_its_own():
    assert [one.text for one in arguments_of("f(c, key=lambda a: (a, 1))") or ()] == ["c", "lambda a: (a, 1)"]


def functions():
    def none(): ...
    def one(a): ...
    def optional(a, b=1): ...
    def only_keyword(a, *, b): ...
    def only_place(a, b=2, /): ...
    def rest(a, *b, c=3): ...
    def keywords(a, **b): ...

    return [none, one, optional, only_keyword, only_place, rest, keywords]


CALLS = [
    "f()",
    "f(x)",
    "f(x, x)",
    "f(x, x, x)",
    "f(a=x)",
    "f(b=x)",
    "f(x, b=x)",
    "f(x, a=x)",
    "f(x, c=x)",
    "f(a=x, b=x)",
]


@pytest.mark.parametrize(("function", "call"), list(itertools.product(functions(), CALLS)))
def test_a_function_accepts_what_python_binds(function, call):
    try:
        eval(call, {"f": function, "x": 1})
        expected = True
    except TypeError:
        expected = False
    assert accepts(parameters_of(function), arguments_of(call), is_method=False) is expected


@pytest.mark.parametrize("call", ["f(*x)", "f(**x)", "f(x, *x)", "f(*x, **x)", "f(b=x, *x)", "f(x, **x)"])
def test_what_stars_hand_over_may_fit(call):
    def function(a, b): ...

    assert accepts(parameters_of(function), arguments_of(call), is_method=False)


@pytest.mark.parametrize(
    ("call", "expected"),
    [("f(1)", True), ("f()", False), ("f(x, 1)", True), ("f('x', 1)", False), ("f(1, 2, 3)", False)],
)
def test_a_method_is_called_on_an_instance_or_on_its_class_with_one(call, expected):
    def method(self, a): ...

    assert accepts(parameters_of(method), arguments_of(call), is_method=True) is expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a 'b' c", "a     c"),
        ("'it\\'s' x", "        x"),
        ('x = """a\n"b" """ # d', "x =     \n           "),
        ('rb"\\"" y', "       y"),
        ("f'{a.b}' x", "  {a.b}  x"),
        ("f'see b.c() {{ {a}' x", "               {a}  x"),
        ('f"{a:{w}}" + "q"', "  {a:{w}}  +    "),
        ('F"""a\n{b}\nc"""', "     \n{b}\n    "),
        ("# it's\nx", "      \nx"),
        ("return'x'.run", "return   .run"),
    ],
)
def test_text_is_told_from_code(text, code):
    found = masked(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "text", ['f"{x["a"].run}"', "'abc\n", '"""abc', 'f"}}{ {x["a"].run}"', 'f"{x["a" if y.run else "b"]}"']
)
def test_in_doubt_nothing_is_taken_for_text(text):
    assert masked(text) is None


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("a.Client", {Kind("a.Client")}),
        ("a.Client | None", {Kind("a.Client")}),
        ("type[a.Client]", {Kind("a.Client", is_class=True)}),
        ("dict[str, Unknown]", {Kind("builtins.dict")}),
        ("Module[json]", {Kind("json", is_module=True)}),
        ("Unknown", None),
        ("None", None),
        ("a.Client | Unknown", None),
        ("object", None),
        ("T", None),
        ("(x: int) -> a.Client", None),
        ("type[Unknown]", None),
        ("typing.Any", None),
    ],
)
def test_what_an_object_can_be(type_, expected):
    assert kinds_of(type_) == (None if expected is None else frozenset(expected))


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("a.Client | Unknown", True),
        ("dict[str, int] | Unknown", True),
        ("a.Client | Any", True),
        ("typing.TextIO | Any", False),
        ("Unknown | None", False),
        ("Unknown", False),
        ("dict[str, Unknown]", False),
    ],
)
def test_a_type_may_say_a_part(type_, expected):
    assert is_partly_known(type_, {"a"}) is expected
