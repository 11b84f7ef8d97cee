"""What consumes an iterator or a context manager, and what has no async form that is the same."""

import libcst as cst
import pytest

from codemods.facts.generators import AsyncForm
from codemods.rules.consumption import Consumed, Consumer, consumed_by, taken_by
from codemods.rules.rule import Refusal
from codemods.tree import Tree


def call_in(tree: Tree, name: str = "CALL") -> cst.Call:
    (found,) = [one for one in tree.all(cst.Call) if isinstance(one.func, cst.Name) and one.func.value == name]
    return found


def consumers_of(body: str, form: AsyncForm = AsyncForm.ITERATED) -> list[str] | str:
    """What consumes the call of CALL in a function with a body, or why it is refused."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    tree = Tree(f"def f(x):\n{lines}")
    consumed = consumed_by(tree, call_in(tree), form)
    return consumed.reason if isinstance(consumed, Refusal) else [one.consumer.value for one in consumed.places]


@pytest.mark.parametrize(
    ("body", "consumer"),
    [
        ("for a in CALL():\n    a()", "for"),
        ("for a, (b, c) in CALL(x, y=1):\n    pass\nelse:\n    pass", "for"),
        ("return [a for a in CALL() if a]", "comprehension"),
        ("return {a for b in x for a in CALL(b)}", "comprehension"),
        ("return {a: 1 for a in CALL()}", "comprehension"),
        ("return sum(a.n for a in CALL())", "expression"),
        ("return ', '.join(a for b in x for a in CALL())", "expression"),
        ("return max(a for a in CALL())", "expression"),
        ("return list(CALL())", "collected"),
        ("return tuple(CALL())", "collected"),
        ("return sum(CALL(), 3)", "collected"),
        ("return sorted(CALL(), key=x)", "collected"),
        ("return ''.join(CALL())", "collected"),
        ("return x(*CALL())", "collected"),
        ("return [1, *CALL()]", "collected"),
        ("return [a for a in sorted(CALL())]", "collected"),
        ("return next(CALL(), None)", "next"),
        ("yield from CALL()", "yield from"),
        ("return CALL()", "return"),
    ],
)
def test_what_reads_to_the_end_or_item_by_item_has_an_async_form(body, consumer):
    assert consumers_of(body) == [consumer]


@pytest.mark.parametrize(
    "body",
    [
        "CALL()",
        "return any(CALL())",
        "return all(a for a in CALL())",
        "return zip(CALL(), x)",
        "return enumerate(CALL())",
        "return map(x, CALL())",
        "return max(CALL(), key=x)",
        "return max(1, CALL())",
        "return min(CALL(), 2)",
        "return next(CALL())",
        "return iter(CALL())",
        "return x in CALL()",
        "a, b = CALL()",
        "a, *b = CALL()",
        "return (a for a in CALL())",
        "return [[a for a in CALL()] for b in x]",
        "return [b(*CALL()) for b in x]",
        "return x(CALL())",
        "return x.join(CALL())",
        "return x(**CALL())",
        "a = yield from CALL()",
        "if x: yield from CALL()",
        "yield CALL()",
        "x.a = CALL()",
        "a = b = CALL()",
        "return CALL().send(1)",
        "return x and CALL()",
        "return CALL() if x else ()",
        "list = x\nreturn list(CALL())",
        "def next(a, b): pass\nreturn next(CALL(), 1)",
        "del CALL()[0]",
        "for a[CALL()] in x: pass",
        "async def g():\n    async for a in CALL(): pass",
    ],
)
def test_what_may_stop_early_or_keeps_the_iterator_has_none(body):
    assert isinstance(consumers_of(body), str)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("a = CALL()\nfor b in a:\n    pass", ["for"]),
        ("a = CALL()\nhead = next(a, None)\nreturn head, list(a)", ["next", "collected"]),
        ("a = CALL()\nreturn a", "what it gives is returned by its name in line 3"),
        ("a = CALL()\na.close()", "what is done with what it gives in line 3 has no async form that is the same"),
        ("a = CALL()", "a, which gets what it gives, is not used"),
        ("a = CALL()\na = []\nlist(a)", "a, which gets what it gives, is bound more than once"),
        ("for a in x: pass\na = CALL()\nlist(a)", "a, which gets what it gives, is bound more than once"),
        ("a = CALL()\nreturn lambda: list(a)", "a, which gets what it gives, is used in a function of its own"),
    ],
)
def test_a_name_that_stands_for_it_is_followed(body, found):
    assert consumers_of(body) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("with CALL() as a:\n    pass", ["with"]),
        ("with x, CALL(), open(x) as f:\n    pass", ["with"]),
        ("a = CALL()\nwith a:\n    pass", ["with"]),
        ("return CALL()", ["return"]),
    ],
)
def test_a_context_manager_is_entered(body, found):
    assert consumers_of(body, AsyncForm.ENTERED) == found


@pytest.mark.parametrize("body", ["x.enter_context(CALL())", "for a in CALL(): pass", "with x(CALL()): pass"])
def test_what_enters_a_context_manager_otherwise_is_refused(body):
    assert isinstance(consumers_of(body, AsyncForm.ENTERED), str)


@pytest.mark.parametrize(
    ("body", "may_stop"),
    [("for a in CALL(): pass", True), ("return next(CALL(), 1)", True), ("return list(CALL())", False)],
)
def test_what_may_stop_before_the_end_is_known(body, may_stop):
    tree = Tree(f"def f(x):\n    {body}\n")
    consumed = consumed_by(tree, call_in(tree), AsyncForm.ITERATED)
    assert isinstance(consumed, Consumed)
    assert consumed.may_stop == may_stop


def test_an_object_is_taken_by_what_enters_it_or_iterates_over_it():
    tree = Tree("def f(a, b):\n    with a:\n        for c in b.d:\n            print(c)\n    return iter(a)\n")
    entered, iterated = tree.all(cst.With), tree.all(cst.For)
    with_, for_ = next(entered), next(iterated)
    taken = taken_by(tree, with_.items[0].item, AsyncForm.ENTERED)
    assert isinstance(taken, Consumed)
    assert [one.consumer for one in taken.places] == [Consumer.WITH]
    taken = taken_by(tree, for_.iter, AsyncForm.ITERATED)
    assert isinstance(taken, Consumed)
    assert [one.consumer for one in taken.places] == [Consumer.FOR]
    assert isinstance(taken_by(tree, call_in(tree, "iter").args[0].value, AsyncForm.ITERATED), Refusal)
