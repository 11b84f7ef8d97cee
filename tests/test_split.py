"""A function becomes a shell and a core, and every byte that need not change stays."""

import asyncio
import inspect
from typing import Any

import libcst as cst
import pytest

from codemods.facts.shape import catches_interrupt, has_defaults, why_whole
from codemods.rewrite.edits import Edits
from codemods.rewrite.split import add_split
from codemods.tree import Tree


def function_of(tree, name="f"):
    return next(one for one in tree.all(cst.FunctionDef) if one.name.value == name)


def split(text, name="f"):
    """The text once a function is split, its core called `_f`."""
    tree = Tree(text)
    edits = Edits(tree)
    add_split(edits, function_of(tree, name), "_f", "asyncio")
    return edits.apply().code


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "def f():\n    g()\n",
            "def f():\n    return asyncio.run(_f())\n\n\nasync def _f():\n    g()\n",
        ),
        (
            "def f(): g()  # one\n",
            "def f():\n    return asyncio.run(_f())\n\n\nasync def _f(): g()  # one\n",
        ),
        (
            "@d\n# on it\n@e(1)\ndef f(a, b=[]):  # head\n    'doc'  # of it\n"
            "\n    # about g\n    g()\n    # end\nh()\n",
            "@d\n# on it\n@e(1)\ndef f(a, b=[]):  # head\n    'doc'  # of it\n    return asyncio.run(_f(a, b))\n"
            "\n\nasync def _f(a, b):\n    # about g\n    g()\n    # end\nh()\n",
        ),
        (
            "def f(a, /, b, *c, d=1, **e):\n    g()\n",
            "def f(a, /, b, *c, d=1, **e):\n    return asyncio.run(_f(a, b, *c, d=d, **e))\n"
            "\n\nasync def _f(a, /, b, *c, d, **e):\n    g()\n",
        ),
        (
            "def f(*, a: int = 1, b: 'x.Y' = 2) -> list[int] | None:\n    g()\n",
            "def f(*, a: int = 1, b: 'x.Y' = 2) -> list[int] | None:\n    return asyncio.run(_f(a=a, b=b))\n"
            "\n\nasync def _f(*, a: int, b: 'x.Y') -> list[int] | None:\n    g()\n",
        ),
        (
            "def f(a: Annotated[int, o('x')], b: t.Annotated[str, 1] = o(), c: made() = 1):\n    g()\n",
            "def f(a: Annotated[int, o('x')], b: t.Annotated[str, 1] = o(), c: made() = 1):\n"
            "    return asyncio.run(_f(a, b, c))\n\n\nasync def _f(a: int, b: str, c):\n    g()\n",
        ),
        (
            "def f(\n    a,  # first\n    b=1,  # second\n):\n    g()\n",
            "def f(\n    a,  # first\n    b=1,  # second\n):\n    return asyncio.run(_f(a, b))\n"
            "\n\nasync def _f(a, b):\n    g()\n",
        ),
        (
            "class C:\n  def f(self, *args, **options):\n    g()\n\n  x = 1\n",
            "class C:\n  def f(self, *args, **options):\n    return asyncio.run(self._f(*args, **options))\n"
            "\n  async def _f(self, *args, **options):\n    g()\n\n  x = 1\n",
        ),
        (
            "if x:\n    def f():\n        g()\nelse:\n    y\n",
            "if x:\n    def f():\n        return asyncio.run(_f())\n"
            "\n\n    async def _f():\n        g()\nelse:\n    y\n",
        ),
        (
            "def f():\r\n\t'doc'\r\n\tg()\r\n",
            "def f():\r\n\t'doc'\r\n\treturn asyncio.run(_f())\r\n\r\n\r\nasync def _f():\r\n\tg()\r\n",
        ),
        (
            "def f[T](a: T) -> T:\n    g()\n",
            "def f[T](a: T) -> T:\n    return asyncio.run(_f(a))\n\n\nasync def _f[T](a: T) -> T:\n    g()\n",
        ),
        ("def f():\n    g()", "def f():\n    return asyncio.run(_f())\n\n\nasync def _f():\n    g()"),
    ],
)
def test_a_function_becomes_two(before, after):
    assert split(before) == after
    tree = Tree(after)
    assert tree.code == after
    assert tree.module.deep_equals(cst.parse_module(tree.module.code))


def test_long_lines_have_a_parameter_each():
    names = [f"parameter_number_{number}" for number in range(4)]
    assert split(f"def f({', '.join(names)}, *, last=None):\n    g()\n") == (
        f"def f({', '.join(names)}, *, last=None):\n"
        "    return asyncio.run(\n        _f(\n"
        + "".join(f"            {name},\n" for name in names)
        + "            last=last,\n        )\n    )\n\n\nasync def _f(\n"
        + "".join(f"    {name},\n" for name in (*names, "*", "last"))
        + "):\n    g()\n"
    )
    some = [f"a_{name}" for name in names[:3]]
    assert f"(\n        _f({', '.join(some)})\n    )\n" in split(f"def f({', '.join(some)}):\n    g()\n")


PARAMETERS = [
    ("", "()"),
    ("a, b=2", "(1)"),
    ("a, b=2", "(b=1, a=3)"),
    ("a, /, b=2, *c, d=4, **e", "(1, 2, 3, d=5, x=6)"),
    ("*a, **b", "(1, b=2, a=3)"),
    ("a=[], *, b={}", "()"),
]


@pytest.mark.parametrize(("parameters", "call"), PARAMETERS)
def test_the_two_do_what_the_one_did(parameters, call):
    before = f"def f({parameters}):\n    'doc'\n    here = dict(locals())\n    return here\n"
    results = []
    for text in (before, split(before)):
        names: dict[str, Any] = {"asyncio": asyncio}
        exec(text, names)
        results.append((eval(f"f{call}", names), str(inspect.signature(names["f"])), names["f"].__doc__))
    assert results[0] == results[1]


def test_defaults_are_evaluated_once():
    calls: list[int] = []
    exec(split("def f(a=calls.append(1)):\n    pass\n"), {"calls": calls, "asyncio": asyncio})
    assert calls == [1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def o():\n    def f():\n        g()\n", "it is defined in a function"),
        ("def o():\n    class C:\n        def f(self):\n            g()\n", "it is defined in a function"),
        ("class C:\n    def f(*args):\n        g()\n", "it is a method without a parameter for its object"),
        ("def f():\n    'doc'; g()\n", "its docstring shares a line with other code"),
        ("def f(): 'doc'; g()\n", "its docstring shares a line with other code"),
        ("def f():\n    sys._getframe(1)\n", "it looks at its caller's frame (sys._getframe)"),
        ("def f():\n    inspect.stack()[1]\n", "it looks at its caller's frame (inspect.stack)"),
    ],
)
def test_what_cannot_be_split_says_why(text, reason):
    tree = Tree(text)
    why = why_whole(tree, function_of(tree))
    assert why is not None
    assert why.startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    g()\n",
        "class C:\n    def f(self, /):\n        'doc'\n        g()\n",
        "def f():\n    x = 'no doc'; g()\n",
        "def f():\n    numpy.stack(a)\n",
        "if x:\n    def f():\n        def inner(): pass\n",
    ],
)
def test_what_can_be_split_has_no_reason(text):
    tree = Tree(text)
    assert why_whole(tree, function_of(tree)) is None


@pytest.mark.parametrize(
    ("body", "looks_out"),
    [
        ("try: g()\n    except KeyboardInterrupt: h()", True),
        ("try: g()\n    except (OSError, KeyboardInterrupt): h()", True),
        ("with suppress(KeyboardInterrupt): g()", True),
        ("raise KeyboardInterrupt", False),
        ("raise KeyboardInterrupt('x')", False),
        ("try: g()\n    except Exception: h()", False),
        ("def inner():\n        try: g()\n        except KeyboardInterrupt: h()", False),
    ],
)
def test_looking_out_for_ctrl_c_is_seen(body, looks_out):
    tree = Tree(f"def f():\n    {body}\n")
    assert (function_of(tree) in catches_interrupt(tree)) is looks_out


@pytest.mark.parametrize(
    ("parameters", "has_some"), [("a, /, *b, c, **d", False), ("a=1", True), ("a=1, /", True), ("*, a=1", True)]
)
def test_defaults_are_seen(parameters, has_some):
    assert has_defaults(function_of(Tree(f"def f({parameters}): pass\n"))) is has_some
