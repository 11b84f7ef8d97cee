"""What a wait brings to its place."""

import libcst as cst
import pytest

from codemods.facts.waiting import waiting_notes
from codemods.tree import Tree

UPDATE = "what it adds to is read before the wait and written after it: other tasks may change it in between"
CANCELLATION = "a handler around it catches everything, and so the task's cancellation too (asyncio.CancelledError)"


def notes(text):
    tree = Tree(text)
    call = next(call for call in tree.all(cst.Call) if tree.lines.slice(tree.span(call.func)) == "work")
    return list(waiting_notes(tree.path(call)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    total = work()\n", []),
        ("    total += work()\n", []),
        ("    global total\n    total += work()\n", [UPDATE]),
        ("    self.total += work()\n", [UPDATE]),
        ("    totals[work()] += 1\n", []),
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


def test_nothing_waits_outside_of_functions():
    assert notes("total += work()\n") == []
