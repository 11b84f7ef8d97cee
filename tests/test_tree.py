"""Where nodes stand in a text, compared with LibCST's own slow way."""

import random
from itertools import pairwise

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from codemods.model import Span
from codemods.tree import LineTable, Tree, line_starts

SOURCES = {
    "empty": "",
    "only a comment": "# nothing\n",
    "no newline at the end": "x = f(1)",
    "no newline after a block": "def f():\n    return g(1)",
    "comment at the end without newline": "x = 1\n# end",
    "decorators": "@a.b(1)\n@c  # why\n"
    "def f(x: int = g(), *, y) -> h:\n    return x\n\n\n@d\nclass C(B, m=M):\n    pass\n",
    "form feeds": "x = 1\n\x0c\ny = f(2)\n\n\x0c\ndef g():\n    return 1\n",
    "not ascii": "größe = f('ä€😀', ü)\ns = '😀'; t = g(größe)\n",
    "CRLF": "def f():\r\n    x = g(\r\n        1,\r\n    )\r\n    return x\r\n",
    "CR": "x = f(1)\ry = g(2)",
    "mixed ends": "a = f(1)\r\nb = g(2)\nc = h('''\r\n''')\n",
    "parentheses": "x = (f(1))\ny = ((a).b)\nz = (\n    f()\n    .g()\n)\nw = (yield)\n",
    "continued lines": "x = 1 + \\\n    f(2)\nassert x, \\\n  y\n",
    "one line": "if x: f(1); g(2)\nelse: h(3)\nclass A: x = 1; y = 2\n",
    "tabs": "def f():\n\tif x:\n\t\ty = g(1)\n\treturn y\n",
    "strings": 'x = f\'{a!r:>{w}} {g(1)}\' \'more\' """and\nmore"""\n',
    "blocks": "try:\n    f()\nexcept (A, B) as e:\n    g()\nelse:\n    h()\n"
    "finally:\n    i()\nwith a as b, c:\n    pass\n",
    "trailing comments": "def f():\n    x = 1  # one\n    # two\n\n# three\n\n\ny = f()\n",
    "async": "async def f():\n    async with a as b:\n        async for x in y:\n            await x\n"
    "    return [z async for z in w]\n",
    "match": "match f(x):\n    case [1, *rest] if g(rest):\n        h()\n    case C(a=1) | {'k': v}:\n        pass\n",
    "operators": "x = not a or -b ** c in d\ny = a if b else c\nz = lambda q, *r, s=1, **t: q\nx @= y[1:2, ::3]\n",
    "types": "type X[T: int] = list[T]\ndef f[*Ts, **P](x: 'T') -> 'T': ...\n",
}


@pytest.fixture(params=list(SOURCES.values()), ids=list(SOURCES))
def tree(request):
    return Tree(request.param)


def spans_of_libcst(tree):
    wrapper = MetadataWrapper(tree.module, unsafe_skip_copy=True)
    return {
        node: Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)
        for node, place in wrapper.resolve(PositionProvider).items()
    }


def has_block(node):
    return isinstance(node, cst.Module | cst.BaseSuite | cst.Match) or isinstance(
        getattr(node, "body", None), cst.BaseSuite
    )


def test_unedited_code_is_the_text(tree):
    assert tree.code == tree.lines.text


def test_spans_are_those_of_libcst(tree):
    expected = spans_of_libcst(tree)
    for node in tree.all(cst.CSTNode):
        if not has_block(node):
            assert tree.span(node) == expected[node], type(node).__name__


def test_every_expression_and_statement_has_a_span(tree):
    for node in spans_of_libcst(tree):
        if isinstance(node, cst.BaseExpression | cst.BaseSmallStatement | cst.BaseCompoundStatement):
            assert tree.span(node).line >= 1


def test_what_holds_a_block_starts_where_libcst_says_and_ends_before_the_next_code(tree):
    expected = spans_of_libcst(tree)
    for node in tree.all(cst.CSTNode):
        if not has_block(node) or isinstance(node, cst.Module):
            continue
        start, end = tree.offsets(node)
        place = expected[node]
        first = tree.lines.offset(place.line, place.column)
        last = tree.lines.offset(place.end_line, place.end_column)
        assert start == first or (isinstance(node, cst.BaseSuite) and not tree.code[start:first].strip())
        surplus = tree.code[last:end].split("\n")
        assert all(not line.strip() or line.strip().startswith("#") for line in surplus)


def test_a_span_finds_its_node_again(tree):
    for node in tree.all(cst.BaseExpression):
        found = tree.at(tree.span(node), type(node))
        assert type(found) is type(node)
        assert tree.offsets(found) == tree.offsets(node)


def test_a_path_goes_from_the_module_to_the_node_child_by_child(tree):
    wanted = (cst.BaseExpression, cst.BaseStatement, cst.BaseSmallStatement, cst.Arg, cst.Param, cst.IndentedBlock)
    for node in (one for kind in wanted for one in tree.all(kind)):
        path = tree.path(node)
        assert path[0] is tree.module
        assert path[-1] is node
        for outer, inner in pairwise(path):
            assert any(child is inner for child in outer.children)


def test_the_slice_of_a_span_is_the_code_of_its_node_without_its_own_parentheses(tree):
    for node in tree.all(cst.BaseExpression):
        bare = tree.module.code_for_node(node.with_changes(lpar=(), rpar=()))
        assert tree.lines.slice(tree.span(node)).split() == bare.split()


def test_at_wants_the_exact_place_and_kind():
    tree = Tree("x = f(1)\n")
    assert isinstance(tree.at(Span(1, 5, 1, 9), cst.Call), cst.Call)
    assert tree.at(Span(1, 5, 1, 9), cst.Attribute) is None
    assert tree.at(Span(1, 5, 1, 8), cst.Call) is None
    assert tree.at(Span(1, 4, 1, 9), cst.Call) is None
    name = tree.at(Span(1, 5, 1, 6), cst.Name)
    assert name is not None
    assert name.value == "f"


def test_all_goes_from_the_inside_out_and_can_be_limited():
    tree = Tree("def f():\n    a(b())\n\n\ndef g():\n    c()\n")
    assert [tree.lines.slice(tree.span(call)) for call in tree.all(cst.Call)] == ["b()", "a(b())", "c()"]
    first, second = tree.module.body
    assert [tree.lines.slice(tree.span(call)) for call in tree.all(cst.Call, first)] == ["b()", "a(b())"]
    assert [tree.lines.slice(tree.span(call)) for call in tree.all(cst.Call, second)] == ["c()"]


def test_a_node_of_another_tree_is_refused():
    tree, other = Tree("x = f(1)\n"), Tree("x = f(1)\n")
    call = next(other.all(cst.Call))
    with pytest.raises(KeyError):
        tree.span(call)
    with pytest.raises((KeyError, LookupError)):
        tree.path(call)


@pytest.mark.parametrize("text", ["x = 1\r", "\x0cx = 1\n"], ids=["CR at the end", "form feed before code"])
def test_code_that_libcst_would_print_differently_shows(text):
    assert Tree(text).code != text


def test_no_python_is_an_error_with_its_line():
    with pytest.raises(cst.ParserSyntaxError) as caught:
        Tree("x = 1\ny = = 2\n")
    assert caught.value.raw_line == 2


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("", [0]),
        ("a", [0]),
        ("\n", [0, 1]),
        ("a\nb", [0, 2]),
        ("a\r\nb\r\n", [0, 3, 6]),
        ("a\rb\r", [0, 2, 4]),
        ("a\r\rb\n\r\nc", [0, 2, 3, 5, 7]),
        ("\r\n\r\r\n", [0, 2, 3, 5]),
        ("a\n\rb", [0, 2, 3]),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\n", [0, 14]),
    ],
)
def test_lines_end_where_python_ends_them(text, starts):
    assert line_starts(text) == starts


@pytest.mark.parametrize("seed", range(20))
def test_offsets_and_positions_are_each_others_inverse(seed):
    text = "".join(random.Random(seed).choices("ab\n\r😀\x0c", k=30))
    table = LineTable(text)
    for offset in range(len(text) + 1):
        assert table.offset(*table.position(offset)) == offset
    lines = [table.line(number) for number in range(1, len(line_starts(text)) + 1)]
    assert "".join(lines) == text
    assert all("\n" not in line[:-1] for line in lines), "only the last character ends a line"
    assert not any("\r" in line.removesuffix("\n").removesuffix("\r") for line in lines)


def test_spans_and_slices_count_code_points():
    table = LineTable("😀 = 1\r\nä = 'ö'\r\n")
    assert table.span(0, 5) == Span(1, 1, 1, 6)
    assert table.span(7, 14) == Span(2, 1, 2, 8)
    assert table.slice(Span(2, 5, 2, 8)) == "'ö'"
    assert table.slice(Span(1, 5, 2, 2)) == "1\r\nä"


def test_a_path_leads_to_decorators():
    tree = Tree("x = 1; y = 2\n@d\ndef f(): ...\n")
    for node in tree.all(cst.Decorator):
        assert tree.path(node)[-1] is node
