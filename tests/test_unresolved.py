"""The names that unresolved calls may call."""

from typing import Any

import pytest

from codemods.facts.assemble import Text
from codemods.facts.graph import Call, CallKind, ForeignTarget
from codemods.facts.unresolved import called_names, unresolved_calls
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
    found = list(unresolved_calls(calls, texts, frozenset({"fetch"})))
    assert [(one.call, one.name) for one in found] == [(calls[0], "fetch"), (calls[2], "fetch")]


def test_a_call_with_known_foreign_targets_beside_unknown_ones_still_counts():
    text = "x.fetch(1)\n"
    texts = {"a.py": Text("a.py", LineTable(text), False)}
    partly = call(text, 1, foreign=(ForeignTarget("lib.fetch", None, False),))
    assert [one.name for one in unresolved_calls([partly], texts, frozenset({"fetch"}))] == ["fetch"]
