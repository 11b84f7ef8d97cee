"""Edits of one tree: parentheses, wraps, threads, and everything else untouched."""

from typing import Any

import libcst as cst
import pytest

from codemods.rewrite.edits import Edits, awaited, parenthesized_children, threaded, through_run
from codemods.tree import Tree


def calls_of(tree, name) -> Any:
    return [call for call in tree.all(cst.Call) if isinstance(call.func, cst.Name) and call.func.value == name]


def in_async(statement):
    return f"async def main():\n    {statement}\n"


def edited(statement, change, name="f"):
    """The statement with every call of a name changed; the result is sure to mean what its tree says."""
    tree = Tree(in_async(statement))
    edits = Edits(tree)
    for call in calls_of(tree, name):
        edits.replace(call, change)
    module = edits.apply()
    assert cst.parse_module(module.code).deep_equals(module), f"it compiles to something else: {module.code}"
    compile(module.code, "<edited>", "exec")
    return module.code.removeprefix("async def main():\n    ").removesuffix("\n")


def in_thread(node):
    return threaded(node, "asyncio")


def in_await(node):
    return awaited(node)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "await f()"),
        ("x = f().a", "x = (await f()).a"),
        ("x = f()[0]", "x = (await f())[0]"),
        ("x = f()()", "x = (await f())()"),
        ("x = f().a.b().c", "x = (await f()).a.b().c"),
        ("x = (f()).a", "x = (await f()).a"),
        ("x = ((f())).a", "x = ((await f())).a"),
        ("x = (\n        f()\n        .a\n    )", "x = (\n        (await f())\n        .a\n    )"),
        ("return(f())", "return(await f())"),
        ("assert(f())", "assert(await f())"),
        ("x = 1 if(f())else 2", "x = 1 if(await f())else 2"),
        ("x = not(f())", "x = not(await f())"),
        ("for x in(f()):pass", "for x in(await f()):pass"),
        ("x = -f() ** 2", "x = -await f() ** 2"),
        ("x = await f()", "x = await (await f())"),
        ("x = f(f(1))", "x = await f(await f(1))"),
        ("x = f'{f()!r:>{f()}}'", "x = f'{await f()!r:>{await f()}}'"),
        ("g(*f(), **f())", "g(*await f(), **await f())"),
        ("x = [f() for y in f()]", "x = [await f() for y in await f()]"),
        ("f().a = f()[0]", "(await f()).a = (await f())[0]"),
        ("x = f(\n        1,  # one\n    )", "x = await f(\n        1,  # one\n    )"),
    ],
)
def test_await_stands_before_the_call_and_in_parentheses_where_it_must(before, after):
    assert edited(before, in_await) == after


def test_an_awaited_base_that_has_parentheses_gets_no_more():
    expression = cst.parse_expression("(await f()).a")
    assert parenthesized_children(expression) is expression


@pytest.mark.parametrize("text", ["x[await f()]", "f(await g())", "await f()", "(await f()) + 1", "-await f()"])
def test_an_await_that_is_no_base_needs_no_parentheses(text):
    expression = cst.parse_expression(text)
    assert parenthesized_children(expression) is expression


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "await asyncio.to_thread(f)"),
        ("x = f(1, *a, k=2, **b)", "x = await asyncio.to_thread(f, 1, *a, k=2, **b)"),
        ("x = f(1,)", "x = await asyncio.to_thread(f, 1,)"),
        ("x = f( 1 )", "x = await asyncio.to_thread( f, 1 )"),
        ("x = f(1).a", "x = (await asyncio.to_thread(f, 1)).a"),
        ("x = (f)(1)", "x = await asyncio.to_thread(f, 1)"),
        ("return(f(1))", "return(await asyncio.to_thread(f, 1))"),
        ("x = f((y for y in z))", "x = await asyncio.to_thread(f, (y for y in z))"),
        ("x = f(y := 1)", "x = await asyncio.to_thread(f, y := 1)"),
        (
            "x = f(\n        1,\n        2,  # two\n    )",
            "x = await asyncio.to_thread(\n        f,\n        1,\n        2,  # two\n    )",
        ),
        ("x = f(f(1))", "x = await asyncio.to_thread(f, await asyncio.to_thread(f, 1))"),
    ],
)
def test_a_call_runs_in_a_thread_with_its_own_arguments(before, after):
    assert edited(before, in_thread) == after


@pytest.mark.parametrize(
    ("callee", "handed"), [("a.b.f", "a.b.f"), ("(a or b).f", "(a or b).f"), ("(a or b)", "a or b"), ("a[0]", "a[0]")]
)
def test_any_callee_can_be_handed_to_a_thread(callee, handed):
    call = cst.parse_expression(f"{callee}(1)")
    assert isinstance(call, cst.Call)
    assert cst.Module([]).code_for_node(threaded(call, "aio")) == f"await aio.to_thread({handed}, 1)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(1)", "asyncio.run(f(1))"),
        ("x = (f(1)).a", "x = (asyncio.run(f(1))).a"),
        ("x = f(1)[0]", "x = asyncio.run(f(1))[0]"),
        ("return(f())", "return(asyncio.run(f()))"),
    ],
)
def test_a_bridge_hands_the_call_to_run(before, after):
    assert edited(before, lambda node: through_run(node, "asyncio")) == after


def test_edits_of_one_node_follow_each_other_after_those_inside_it():
    tree = Tree("x = f(g())\n")
    outer, inner = calls_of(tree, "f")[0], calls_of(tree, "g")[0]
    edits = Edits(tree)

    def named(name):
        return lambda node: cst.Call(cst.Name(name), [cst.Arg(node)])

    edits.replace(outer, named("first"))
    edits.replace(outer, named("second"))
    edits.replace(inner, named("inside"))
    assert edits.apply().code == "x = second(first(f(inside(g()))))\n"


def test_a_removed_statement_goes_with_its_edits():
    tree = Tree("a\nb\n")
    edits = Edits(tree)
    edits.remove(tree.module, tree.module.body[0])
    edits.replace(tree.module.body[0], lambda node: node.with_changes(leading_lines=[cst.EmptyLine()]))
    assert edits.apply().code == "b\n"


def body_of(module: cst.Module) -> Any:
    """Statements, of which only the test knows what they are."""
    return module.body


def block_of(text):
    """A tree whose first statement is a function, with its block."""
    tree = Tree(text)
    return tree, body_of(tree.module)[0].body


def within(name):
    return lambda body: [
        cst.With([cst.WithItem(cst.Name(name))], cst.IndentedBlock(list(body))),
    ]


def wrapped(*stretches, text="def m():\n    a\n    b\n    c\n    d\n"):
    """The function with wraps from one statement to another, each `(name, first, last)`."""
    tree, block = block_of(text)
    edits = Edits(tree)
    for name, first, last in stretches:
        edits.wrap(block, block.body[first], block.body[last], within(name))
    return edits.apply().code.removeprefix("def m():\n")


@pytest.mark.parametrize(
    ("stretches", "after"),
    [
        ([("x", 1, 2)], "    a\n    with x:\n        b\n        c\n    d\n"),
        ([("x", 0, 3)], "    with x:\n        a\n        b\n        c\n        d\n"),
        ([("x", 3, 3)], "    a\n    b\n    c\n    with x:\n        d\n"),
        ([("x", 0, 0), ("y", 2, 3)], "    with x:\n        a\n    b\n    with y:\n        c\n        d\n"),
        (
            [("x", 0, 3), ("y", 1, 2)],
            "    with x:\n        a\n        with y:\n            b\n            c\n        d\n",
        ),
        (
            [("x", 0, 1), ("y", 1, 2)],
            "    with x:\n        a\n        with y:\n            b\n            c\n    d\n",
        ),
        (
            [("x", 0, 1), ("y", 1, 2), ("z", 2, 3)],
            "    with x:\n        a\n        with y:\n            b\n            with z:\n"
            "                c\n                d\n",
        ),
        ([("x", 0, 1), ("y", 0, 0)], "    with x:\n        with y:\n            a\n        b\n    c\n    d\n"),
    ],
    ids=["middle", "all", "one", "apart", "nested", "overlapping", "three overlapping", "same start"],
)
def test_wraps_nest_and_never_cross(stretches, after):
    assert wrapped(*stretches) == after
    assert wrapped(*reversed(stretches)) == after, "the order in which they were added does not matter"


def test_statements_inside_a_wrap_are_edited_too():
    tree, block = block_of("def m():\n    f()\n    g()\n")
    edits = Edits(tree)
    edits.replace(calls_of(tree, "f")[0], in_await)
    edits.wrap(block, block.body[0], block.body[0], within("x"))
    assert edits.apply().code == "def m():\n    with x:\n        await f()\n    g()\n"


def test_comments_of_what_is_taken_out_stay_where_it_was():
    tree = Tree("""\
def main():
    a()
    # of b
    b()  # b
    c()
    # of d
    d()
    e()  # e
# outside
""")
    edits = Edits(tree)
    (function,) = tree.all(cst.FunctionDef)
    assert isinstance(function.body, cst.IndentedBlock)
    for at in (1, 3, 4):
        line = function.body.body[at]
        assert isinstance(line, cst.SimpleStatementLine)
        edits.take_out(function.body, line)
    assert (
        edits.apply().code
        == """\
def main():
    a()
    # of b
    # b
    c()
    # of d
    # e
# outside
"""
    )


def test_what_no_edit_touches_is_the_very_same_object():
    tree = Tree("import a\n\n\ndef one():\n    x = f(a)\n    y = g(a)\n\n\ndef two():\n    g(a)\n")
    imported, one, two = body_of(tree.module)
    edits = Edits(tree)
    call = calls_of(tree, "f")[0]
    edits.replace(call, in_await)
    body = body_of(edits.apply())
    assert body[0] is imported
    assert body[2] is two
    assert body[1] is not one
    assert body[1].body.body[1] is one.body.body[1]
    new_call = body[1].body.body[0].body[0].value.expression
    assert new_call.args[0].value is call.args[0].value
    assert tree.module.code == tree.lines.text, "the tree itself is as it was"


def test_only_the_way_to_an_edit_is_visited():
    tree = Tree("def one():\n    f()\n\n\ndef two():\n    f()\n")
    first, second = calls_of(tree, "f")
    edits = Edits(tree)
    edits.replace(second, in_await)
    module = edits.apply()
    assert module.code == "def one():\n    f()\n\n\ndef two():\n    await f()\n"
    assert body_of(module)[0].body.body[0].body[0].value is first


def test_without_edits_there_is_nothing_to_do():
    tree = Tree("f()\n")
    edits = Edits(tree)
    assert edits.is_empty
    assert edits.apply().code == "f()\n"
    edits.replace(calls_of(tree, "f")[0], in_await)
    assert not edits.is_empty


def test_an_edit_that_is_no_python_is_refused():
    tree = Tree("return_ = f()\n")
    edits = Edits(tree)
    edits.replace(calls_of(tree, "f")[0], lambda node: cst.Name(""))
    with pytest.raises(cst.CSTValidationError):
        edits.apply()


def test_a_wrap_keeps_its_statements_when_one_before_them_goes():
    tree, block = block_of("def m():\n    import x\n    a\n    b\n")
    edits = Edits(tree)
    edits.wrap(block, block.body[1], block.body[1], within("w"))
    edits.remove(block, block.body[0])
    assert edits.apply().code == "def m():\n    with w:\n        a\n    b\n"


def test_a_generator_expression_gets_parentheses_when_it_is_no_longer_the_only_argument():
    assert edited("x = f(y for y in z)", in_thread) == "x = await asyncio.to_thread(f, (y for y in z))"


def test_a_comment_after_the_opening_parenthesis_is_not_doubled():
    assert edited("x = f(  # why\n        1\n    )", in_thread).count("# why") == 1


@pytest.mark.parametrize(
    "statement", ["x = f()if y else z", "x = y if f()else z", "x = f()or y", "x = [f()for y in z]"]
)
def test_a_word_right_behind_a_call_is_no_obstacle(statement):
    assert "await f()" in edited(statement, in_await)
