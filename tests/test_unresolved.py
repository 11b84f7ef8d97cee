"""The names that unresolved calls may call."""

from typing import Any

import pytest

from codemods.facts.graph import Call, CallKind, ForeignTarget
from codemods.facts.lookups import looked_up_names
from codemods.facts.texts import Text
from codemods.facts.unresolved import assigned_attributes, called_names, unresolved_calls
from codemods.model import Span
from codemods.tree import LineTable


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("f()", {"f"}),
        ("a.b.fetch(1)", {"fetch"}),
        ("client.fetch (\n  1,\n)", {"fetch"}),
        ("outer(inner(1), other())", {"outer"}),
        ("a.first().second()", {"second"}),
        ("größe()", {"größe"}),
        ("_x9()", {"_x9"}),
        ("f(x[(1, 2)], {k: (v)})", {"f"}),
        ("(\n    a\n    .b()\n    .c()\n)", set()),
    ],
)
def test_a_call_is_named_by_what_stands_before_its_own_parenthesis(text, names):
    assert called_names(text) == names


@pytest.mark.parametrize("text", ["f(x)(y)", "table[k](y)", "(lambda: 1)()", "(a or b)(f(1))", "'{}'.f(1)[0](2)"])
def test_what_has_no_name_gives_none(text):
    assert called_names(text) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "f(')')",
        'f("(((")',
        "f('\\')(')",
        "f('''a ( \" ' ''', \"\"\"b ) ' \"\"\")",
        "f(  # g(\n  1)",
        "f('# no comment (', g(1))",
        'f("it\'s (", h())',
    ],
)
def test_strings_and_comments_do_not_confuse_it(text):
    assert called_names(text) == {"f"}


@pytest.mark.parametrize("text", ["outer(inner(1)]", "outer(inner(1])", "outer)inner(1))", "outer(f'{inner(')}')"])
def test_in_doubt_every_name_before_a_parenthesis_counts(text):
    assert called_names(text) == {"inner"} | ({"outer"} if "outer(" in text else set())


@pytest.mark.parametrize("text", ["", "x", "x[1]"])
def test_what_is_no_call_has_no_name(text):
    assert called_names(text) == frozenset()


def call(text, line, **about):
    given: dict[str, Any] = {
        "path": "a.py",
        "span": Span(line, 1, line, len(text.splitlines()[line - 1]) + 1),
        "caller": "a:",
        "kind": CallKind.CALL,
        "targets": (),
        "foreign": (),
        "is_resolved": False,
    }
    return Call(**(given | about))


def test_only_unresolved_calls_with_a_wanted_name_are_found():
    text = "x.fetch(1)\ny.other()\nz.fetch(fetch)\n"
    texts = {"a.py": Text("a.py", LineTable(text), False)}
    calls = [
        call(text, 1),
        call(text, 2),
        call(text, 3),
        call(text, 3, is_resolved=True),
        call(text, 3, targets=("a:fetch",)),
        call(text, 3, kind=CallKind.CONSTRUCT),
    ]
    found = list(unresolved_calls(calls, texts, frozenset({"fetch"}), {"a"}))
    assert [(one.name, one.why.partition(" ")[0]) for one in found] == [("fetch", "a.py:1"), ("fetch", "a.py:3")]


def test_a_call_with_known_foreign_targets_beside_unknown_ones_still_counts():
    text = "x.fetch(1)\n"
    texts = {"a.py": Text("a.py", LineTable(text), False)}
    partly = call(text, 1, foreign=(ForeignTarget("lib.fetch", None, False),))
    assert [one.name for one in unresolved_calls([partly], texts, frozenset({"fetch"}), {"a"})] == ["fetch"]


def texts(text):
    return {"a.py": Text("a.py", LineTable(text), False)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import lib\nlib.fetch(1)", False),
        ("import lib.sub as s\ns.fetch(1)", False),
        ("import lib\nlib.part.fetch(1)", False),
        ("from lib import part\npart.fetch(1)", False),
        ("from lib import part\npart.client.fetch(1)", True),
        ("import lib\nlib.a.b.fetch(1)", True),
        ("import own\nown.fetch(1)", True),
        ("from . import part\npart.fetch(1)", True),
        ("import lib\ndef f(lib):\n    pass\nlib.fetch(1)", True),
        ("from lib import part\npart = 1\npart.fetch(1)", True),
        ("import lib\nfor lib in x: pass\nlib.fetch(1)", True),
        ("with a as lib: pass\nimport lib\nlib.fetch(1)", True),
        ("x.fetch(1)", True),
        ("x().fetch(1)", True),
    ],
)
def test_functions_of_modules_from_outside_are_not_meant(text, found):
    calls = [call(text, len(text.splitlines()))]
    assert bool(list(unresolved_calls(calls, texts(text), frozenset({"fetch"}), {"own"}))) is found


def lookups(text, types=None):
    return list(looked_up_names(texts(text), frozenset({"fetch", "do_it"}), {"shop"}, lambda path: types or {}))


@pytest.mark.parametrize(
    ("text", "is_mock"),
    [
        ("patch('shop.api.fetch', return_value=1)", True),
        ("patch(\n    'shop.api.fetch',\n    side_effect=[1, 2],\n    autospec=True,\n)", True),
        ("mocker.patch('shop.api.fetch', return_value={'a': 1})", True),
        ("@patch.object(shop.Api, 'fetch', return_value=None)", True),
        ("patch('shop.api.fetch')", False),
        ("patch('shop.api.fetch', autospec=True)", False),
        ("patch('shop.api.fetch', fake)", False),
        ("patch('shop.api.fetch', new=fake)", False),
        ("patch('shop.api.fetch', return_value=1, new_callable=Mock)", False),
        ("patch('shop.api.fetch', return_value=1, **more)", False),
        ("patch('shop.api.fetch', *more, return_value=1)", False),
        ("patch.object(shop.Api, 'fetch')", False),
        ("patch.object(shop.Api, 'fetch', fake, return_value=1)", False),
        ("patch.object(shop.Api, 'fetch', wraps=fetch, return_value=1)", False),
        ("monkeypatch.setattr(shop.Api, 'fetch', return_value=1)", False),
    ],
)
def test_a_mock_that_is_told_what_it_gives_follows_the_color(text, is_mock):
    found = lookups(text)
    assert found
    assert {one.is_mock for one in found} == {is_mock}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A:\n    getattr(self, 'fetch')", [("fetch", 1, False)]),
        ("class A:\n    getattr(x, 'fetch')", [("fetch", None, False)]),
        ("class A:\n    def f(self):\n        getattr(self, 'do_' + name)", [("do_", 1, True)]),
        ("getattr(x, f'do_{name}')", [("do_", None, True)]),
        ("patch('shop.api.fetch')", [("fetch", None, False)] * 2),
        ("patch('requests.fetch')", []),
        ("patch('src.shop.fetch')", [("fetch", None, False)] * 2),
        ("patch(  # which\n    'shop.fetch', new=1)", [("fetch", None, False)] * 2),
        ("send('shop.fetch')", [("fetch", None, False)]),
        ("send('shop:fetch')", [("fetch", None, False)]),
        ("send('other.fetch')", []),
        ("patch.multiple(Shop, fetch=1)", [("fetch", None, False)]),
        ("getattr(\n    x,\n    'fetch',\n)()", [("fetch", None, False)]),
        ("getattr(x, 'a' if y else 'fetch')", [("fetch", None, False)]),
        ("getattr(x, name, 'fetch')", []),
        ("getattr(*x, 'fetch')", [("fetch", None, False)]),
        ("getattr(x, lambda: 'fetch')", [("fetch", None, False)] * 2),
        ("f'{getattr(x, \"fetch\")()}'", [("fetch", None, False)]),
        ("hasattr(x, 'fetch')", []),
        ("# getattr(x, 'fetch')", []),
        ("methodcaller('fetch')(x)", [("fetch", None, False)]),
        ("globals()['fetch']()", [("fetch", None, False)]),
        ("monkeypatch.setattr('shop.api.fetch', 1)", [("fetch", None, False)] * 2),
        ("monkeypatch.setattr(shop, name='fetch', value=1)", [("fetch", None, False)]),
        ("requests.patch('http://shop.test/fetch')", []),
        ("patch.object(Shop, 'fetch')", [("fetch", None, False)]),
        ("print('fetch')", []),
        ("getattr(x, name)", []),
        ("NAMES = ['fetch']\ngetattr(x, name)", [("fetch", None, False)]),
        ("NAMES = ['fetch']\ngetattr(x, table['a'])", [("fetch", None, False)]),
        ("NAMES = ['fetch']\ngetattr(x, 'a' + name)", []),
        ("NAMES = ['fetch']\ngetattr(x, 'a' if y else 'b')", []),
        ("NAMES = ['fetch']\ngetattr(x, 'a' if y else b)", [("fetch", None, False)]),
        ("NAMES = ['fetch']\nhasattr(x, name)", []),
        ("NAMES = ['fetch']\nsetattr(x, name, 1)", []),
        ("NAMES = ['fetch']\nglobals()[name]()", [("fetch", None, False)]),
        ("NAMES = ['fetch']\nmethodcaller(name)(x)", [("fetch", None, False)]),
        ("class A:\n    a = 'fetch'\n    getattr(self, name)", [("fetch", 1, False)]),
        ("name = 'do_' + x\ngetattr(x, name)", [("do_", None, True)]),
        ("if name.startswith('do_'):\n    getattr(x, name)", [("do_", None, True)]),
        ("name = 'f' + x\ngetattr(x, name)", []),
        ("a['fetch'], a.get('fetch'), hasattr(x, 'fetch')\ngetattr(x, name)", []),
    ],
)
def test_names_that_are_looked_up_as_strings(text, expected):
    assert [(one.name, one.class_line, one.is_prefix) for one in lookups(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.fetch = 1", [None]),
        ("self.fetch = 1", [None]),
        ("class A:\n    def f(self):\n        self.fetch = 1", [1]),
        ("\nclass A:\n    # a\n    self.fetch: int = 1", [2]),
        ("self.fetch == 1", []),
        ("class A:\n    fetch = 1", [1]),
        ("def f():\n    fetch = 1", []),
        ("x[0].fetch = 1", [None]),
        ("fetch = 1", []),
    ],
)
def test_attributes_that_are_assigned(text, expected):
    assert [one.class_line for one in assigned_attributes(texts(text), frozenset({"fetch"}))] == expected
