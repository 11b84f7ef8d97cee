"""What only the syntax tells, on small sources: `CALL()` is the call that is asked about."""

import libcst as cst
import pytest

from codemods.facts.syntax import (
    ImportedNames,
    Position,
    Use,
    base_count,
    enclosing_function,
    function_named_at,
    is_main_guard,
    place_of,
    use_of,
)
from codemods.model import Span
from codemods.tree import Tree, dotted_name


def place(text):
    tree = Tree(text)
    return place_of(tree, the_call(tree))


def the_call(tree):
    (call,) = (one for one in tree.all(cst.Call) if isinstance(one.func, cst.Name) and one.func.value == "CALL")
    return call


def indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "statement",
    [
        "CALL()",
        "return CALL()",
        "x = f(CALL())",
        "[CALL() for x in y]",
        "{CALL(): x for x in y}",
        "[x for x in y if CALL()]",
        "(x for x in CALL())",
        "(x for x in [CALL() for z in y])",
        "def g(x=CALL()): ...",
        "@CALL()\ndef g(): ...",
        "class C(CALL()): ...",
        "lambda x=CALL(): x",
        "(lambda: x, CALL())",
        "try:\n    x\nfinally:\n    CALL()",
        "while CALL(): ...",
        "if __name__ == '__main__':\n    CALL()",
        "await CALL().x",
        "await f(CALL())",
    ],
)
def test_await_can_stand_in_the_body_of_a_function(statement):
    found = place("def f():\n" + indented(statement))
    assert (found.position, found.blocker) == (Position.AWAITABLE, None)


@pytest.mark.parametrize(
    ("text", "blocker"),
    [
        ("def f():\n    lambda: CALL()\n", "in a lambda"),
        ("def f():\n    lambda: [CALL()]\n", "in a lambda"),
        ("def f():\n    (CALL() for x in y)\n", "in a generator expression"),
        ("def f():\n    any(x for x in y if CALL())\n", "in a generator expression"),
        ("def f():\n    (x for y in z for x in CALL())\n", "in a generator expression"),
        ("def f():\n    (x for x in (CALL() for z in y))\n", "in a generator expression"),
        ("def f():\n    [(CALL() for z in y) for x in w]\n", "in a generator expression"),
        ("def f():\n    class C:\n        x = CALL()\n", "in a class body"),
        ("def f():\n    x: CALL() = 1\n", "in an annotation"),
        ("def f(x: CALL()): ...\n", "in an annotation"),
        ("def f() -> CALL(): ...\n", "in an annotation"),
        ("CALL()\n", "at module level"),
        ("def f(x=CALL()): ...\n", "at module level"),
        ("@CALL()\ndef f(): ...\n", "at module level"),
        ("class C:\n    x = CALL()\n", "in a class body"),
        ("class C:\n    def f(x=CALL()): ...\n", "in a class body"),
        ("class C:\n    if __name__ == '__main__':\n        CALL()\n", "in a class body"),
    ],
)
def test_await_cannot_stand_where_another_scope_or_none_evaluates(text, blocker):
    found = place(text)
    assert (found.position, found.blocker) == (Position.BLOCKED, blocker)


@pytest.mark.parametrize("text", ["await CALL()", "await (CALL())", "x = [await CALL()]", "f(await CALL())"])
def test_what_is_awaited_is_known_to_be(text):
    assert place("async def f():\n" + indented(text)).position is Position.AWAITED


@pytest.mark.parametrize(
    ("test", "is_guard"),
    [
        ("__name__ == '__main__'", True),
        ('"__main__" == __name__', True),
        ("(__name__ == '__main__')", True),
        ("__name__ != '__main__'", False),
        ("__name__ == 'main'", False),
        ("name == '__main__'", False),
        ("__name__", False),
        ("'__main__' == '__main__'", False),
        ("__name__ == '__main__' == x", False),
        ("__name__ == '__main__' and x", False),
        ("not __name__ == '__main__'", False),
    ],
)
def test_a_main_guard_asks_for_the_name_main_and_nothing_else(test, is_guard):
    guard = Tree(f"if {test}: ...\n").module.body[0]
    assert isinstance(guard, cst.If)
    assert is_main_guard(guard) is is_guard
    position = Position.MAIN_GUARD if is_guard else Position.BLOCKED
    assert place(f"if {test}:\n    for x in y:\n        CALL()\n").position is position


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ("if __name__ == '__main__': CALL()", Position.MAIN_GUARD),
        ("try:\n    if __name__ == '__main__':\n        CALL()\nfinally: ...", Position.MAIN_GUARD),
        ("if __name__ == '__main__': ...\nelse:\n    CALL()", Position.BLOCKED),
        ("if __name__ == '__main__':\n    lambda: CALL()", Position.BLOCKED),
        ("if __name__ == '__main__':\n    class C:\n        x = CALL()", Position.BLOCKED),
        ("if __name__ == '__main__':\n    def f():\n        CALL()", Position.AWAITABLE),
    ],
)
def test_only_what_runs_under_the_guard_itself_is_under_it(body, position):
    assert place(body + "\n").position is position


@pytest.mark.parametrize(
    "text",
    [
        "CALL().x",
        "CALL()[0]",
        "CALL()()",
        "CALL() + 1",
        "1 - CALL()",
        "-CALL()",
        "not CALL()",
        "f'{CALL()}'",
        "CALL() == 1",
        "1 < CALL()",
        "CALL() is None",
        "CALL() in x",
        "x in CALL()",
        "a, b = CALL()",
        "[a] = CALL()",
        "if CALL(): ...",
        "while CALL(): ...",
        "x if CALL() else y",
        "for x in CALL(): ...",
        "[x for x in CALL()]",
    ],
)
def test_a_value_is_consumed_where_a_coroutine_would_be_of_no_use(text):
    assert place("async def f():\n" + indented(text)).use is Use.CONSUMED


@pytest.mark.parametrize(
    "text",
    [
        "return CALL()",
        "x = CALL()",
        "f(CALL())",
        "x[CALL()]",
        "[CALL()]",
        "CALL() if x else y",
        "await CALL()",
        "async for x in CALL(): ...",
        "CALL().close()",
        "CALL().send(None)",
        "CALL().cr_frame",
        "x = y = CALL()",
        "[x async for x in CALL()]",
        "yield CALL()",
        "x or CALL()",
        "self.x = CALL()",
    ],
)
def test_a_value_that_others_get_is_neither_consumed_nor_dropped(text):
    assert place("async def f():\n" + indented(text)).use is Use.OTHER


@pytest.mark.parametrize("text", ["CALL()", "(CALL())", "x; CALL()", "if x: CALL()"])
def test_a_value_is_dropped_where_the_call_is_a_statement(text):
    assert place("async def f():\n" + indented(text)).use is Use.DROPPED


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("NAME == 1", Use.CONSUMED),
        ("NAME is None", Use.NEUTRAL),
        ("NAME in x", Use.NEUTRAL),
        ("x is NAME", Use.NEUTRAL),
        ("1 == NAME", Use.CONSUMED),
        ("x not in NAME", Use.NEUTRAL),
        ("NAME.x", Use.CONSUMED),
        ("f(NAME)", Use.OTHER),
    ],
)
def test_a_name_that_holds_a_coroutine_may_be_compared_by_identity(text, use):
    tree = Tree(text)
    (name,) = (one for one in tree.all(cst.Name) if one.value == "NAME")
    assert use_of(tree.path(name)) is use


def test_the_callee_is_told_on_one_line():
    tree = Tree("def f():\n    x = (\n        a\n        .b\n    )(1)\n")
    (call,) = tree.all(cst.Call)
    assert place_of(tree, call).callee == "( a .b )"


@pytest.mark.parametrize(
    ("statement", "name", "full"),
    [
        ("import a.b", "a.b.c", "a.b.c"),
        ("import a.b as x", "x.c", "a.b.c"),
        ("import a as b, c as d", "d", "c"),
        ("from a.b import c", "c.d", "a.b.c.d"),
        ("from a import b as c", "c", "a.b"),
        ("from . import a", "a", ".a"),
        ("from ..a import b", "b.c", "..a.b.c"),
        ("from a import *", "b", "b"),
        ("def f():\n    import a as b", "b", "a"),
        ("x = 1", "x.y", "x.y"),
    ],
)
def test_names_stand_for_what_was_imported(statement, name, full):
    names = ImportedNames(Tree(statement + "\n"))
    assert names.resolve(cst.parse_expression(name)) == full


@pytest.mark.parametrize(
    ("text", "name"), [("a", "a"), ("a.b.c", "a.b.c"), ("a().b", None), ("a[0]", None), ("'a'", None), ("(a).b", "a.b")]
)
def test_a_dotted_name_is_made_of_names_only(text, name):
    assert dotted_name(cst.parse_expression(text)) == name
    assert (ImportedNames(Tree("")).resolve(cst.parse_expression(text)) is None) is (name is None)


def test_functions_are_found_by_the_place_of_their_name():
    tree = Tree("@d\nasync def f(x): ...\nf = 1\n")
    found = function_named_at(tree, Span(2, 11, 2, 12))
    assert found is tree.module.body[0]
    assert function_named_at(tree, Span(2, 13, 2, 14)) is None, "a parameter"
    assert function_named_at(tree, Span(3, 1, 3, 2)) is None
    assert function_named_at(tree, Span(3, 3, 3, 4)) is None


def test_the_enclosing_function_is_the_one_whose_body_holds_it():
    tree = Tree("def outer():\n    def inner(x=CALL()): ...\n")
    function = enclosing_function(tree.path(the_call(tree)))
    assert isinstance(function, cst.FunctionDef)
    assert function.name.value == "outer"
    assert enclosing_function(tree.path(tree.module.body[0])) is None


@pytest.mark.parametrize(
    ("bases", "count"), [("", 0), ("()", 0), ("(A)", 1), ("(A, b.B, metaclass=M)", 2), ("(B, t.Generic[T], P)", 1)]
)
def test_bases_are_counted_without_those_that_only_mark(bases, count):
    tree = Tree(f"class C{bases}: ...\nimport typing as t\nfrom typing import Protocol as P\n")
    assert base_count(tree, Span(1, 7, 1, 8), ImportedNames(tree)) == count


def test_no_class_has_no_bases():
    tree = Tree("def f(x): ...\n")
    assert base_count(tree, Span(1, 5, 1, 6), ImportedNames(tree)) == 0
    assert base_count(tree, Span(1, 1, 1, 2), ImportedNames(tree)) == 0


@pytest.mark.parametrize("text", ["if CALL() and x: ...", "x = not (CALL() or y)", "assert CALL()", "with CALL(): ..."])
def test_a_coroutine_whose_truth_is_asked_or_that_is_entered_is_consumed(text):
    assert place("async def f():\n" + indented(text)).use is Use.CONSUMED
