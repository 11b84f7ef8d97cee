"""What a wait brings to its place."""

import libcst as cst
import pytest

from codemods.facts.waiting import waiting_notes
from codemods.tree import Tree

OVERTAKEN = "read before the wait and written after it: other tasks may change it in between"
CANCELLATION = "a handler around it catches everything, and so the task's cancellation too (asyncio.CancelledError)"


def notes(text):
    tree = Tree(text)
    call = next(call for call in tree.all(cst.Call) if tree.lines.slice(tree.span(call.func)) == "work")
    return list(waiting_notes(tree.path(call)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    work()\n", []),
        ("    try:\n        work()\n    except:\n        log()\n", [CANCELLATION]),
        ("    try:\n        work()\n    except BaseException as error:\n        log(error)\n", [CANCELLATION]),
        ("    try:\n        work()\n    except:\n        log()\n        raise\n", []),
        ("    try:\n        work()\n    except Exception:\n        log()\n", []),
        ("    try:\n        log()\n    except:\n        work()\n", []),
        ("    try:\n        def inner(): work()\n    except: ...\n", []),
    ],
)
def test_notes_of_a_place(body, expected):
    assert notes(f"def f(self):\n{body}") == expected


@pytest.mark.parametrize(
    ("body", "overtaken"),
    [
        ("total = work()", []),
        ("total += work()", []),
        ("global total; total += work()", ["total"]),
        ("global total; total = work() + total", []),
        ("global total; total = total + work()", ["total"]),
        ("self.total += work()", ["self.total"]),
        ("self.total = work(self.total)", ["self.total"]),
        ("self.total = self.other = work()", []),
        ("totals[work()] += 1", []),
        ("given[0] += work()", []),
        ("totals[0] += work()", ["totals"]),
        ("totals = {}\ntotals[0] += work()", []),
        ("given.total += work()", ["given.total"]),
        ("made = Made()\nmade.total += work()", []),
        ("if key not in CACHE:\n    CACHE[key] = work()\nreturn CACHE[key]", ["CACHE"]),
        ("if self.token is None:\n    token = work()\n    self.token = token", ["self.token"]),
        ("if self.token is None:\n    token = work()\n    if self.token is None:\n        self.token = token", []),
        ("self.token = None\nself.token = work()", []),
        ("log(self.a, self.b)\nwork()\nself.a, self.b = 1, 2", ["self.a", "self.b"]),
        ("log(self.a)\nwork()\ndel self.a", ["self.a"]),
        ("log(self.a.b)\nwork()\nself.a = 1", ["self.a"]),
        ("log(self.a)\nwork()\nself.a.b = 1", []),
        ("log(a=self)\nwork()\nself.a = 1", []),
        ("log(lambda: self.a)\nwork()\nself.a = 1", []),
        ("for self.a in range(3):\n    work()", []),
        ("while self.a:\n    work()\n    self.a = False", ["self.a"]),
        ("[x.a for x in work()]\nx.a = 1", []),
    ],
)
def test_what_other_tasks_may_change_meanwhile_is_told(body, overtaken):
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    said = [
        f"{name} is read before the wait and written after it: other tasks may change it in between"
        for name in overtaken
    ]
    assert notes(f"def f(self, given):\n{indented}") == said


def test_nothing_waits_outside_of_functions():
    assert notes("total += work()\n") == []
