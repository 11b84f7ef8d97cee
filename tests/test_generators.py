"""Which functions are generators, and which of them no async generator can replace."""

import libcst as cst
import pytest

from codemods.facts.generators import cleans_up, generators, is_stub, stops_iteration, why_no_async_generator
from codemods.tree import Tree


def function_in(text: str) -> tuple[Tree, cst.FunctionDef]:
    tree = Tree(text)
    return tree, list(tree.all(cst.FunctionDef))[-1]


def test_a_generator_yields_in_its_own_body():
    tree = Tree(
        "def one():\n    yield\ndef two():\n    x = yield 1\ndef three():\n    def four():\n        yield\n"
        "def five():\n    lambda: (yield)\nclass C:\n    def six(self):\n        if x: yield 1\n"
    )
    assert {function.name.value for function in generators(tree)} == {"one", "two", "four", "six"}


@pytest.mark.parametrize(
    "body",
    [
        "yield 1",
        "got = yield 1",
        "yield 1\n    return",
        "yield from x",
        "try:\n        yield 1\n    finally:\n        x()",
        "def inner():\n        return 1\n    yield inner",
        "def inner():\n        y = yield from x\n    yield inner",
    ],
)
def test_an_async_generator_can_take_the_place_of_most(body):
    assert why_no_async_generator(*function_in(f"def f(x):\n    {body}\n")) is None


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("yield 1\n    return 2", 3),
        ("got = yield from x", 2),
        ("return (yield from x)", 2),
        ("if x: yield from x", 2),
        ("yield 1; yield from x", 2),
        ("print((yield from x))", 2),
    ],
)
def test_one_that_returns_a_value_or_uses_one_has_none(body, line):
    why = why_no_async_generator(*function_in(f"def f(x):\n    {body}\n"))
    assert why is not None
    assert f"line {line}" in why


@pytest.mark.parametrize(
    ("body", "says_nothing"),
    [
        ("...", True),
        ("pass", True),
        ("'''It.'''", True),
        ("'''It.'''\n    ...", True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('later')", True),
        ("return []", False),
        ("raise ValueError", False),
        ("print()", False),
        ("if x:\n        pass", False),
    ],
)
def test_a_stub_does_nothing_but_stand_for_others(body, says_nothing):
    assert is_stub(function_in(f"def f(x):\n    {body}\n")[1]) == says_nothing


def test_a_stub_may_stand_in_one_line():
    assert is_stub(function_in("def f(x): ...\n")[1])


@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("try:\n        yield 1\n    finally:\n        x()", True),
        ("with x:\n        for a in x: yield a", True),
        ("try:\n        x()\n    finally:\n        x()\n    yield 1", False),
        ("with x:\n        def g():\n            yield 1\n    yield g", False),
    ],
)
def test_a_generator_that_cleans_up_is_known(body, does):
    assert cleans_up(*function_in(f"def f(x):\n    {body}\n")) == does


@pytest.mark.parametrize(
    ("body", "may_stop"),
    [
        ("return next(x)", True),
        ("raise StopIteration", True),
        ("return next(x, None)", False),
        ("try:\n        return next(x)\n    except StopIteration:\n        pass", False),
        ("try:\n        return next(x)\n    except ValueError:\n        pass", True),
    ],
)
def test_what_may_raise_stop_iteration_is_known(body, may_stop):
    assert bool(stops_iteration(Tree(f"def f(x):\n    {body}\n"))) == may_stop
