"""What becomes of functions that give iterators and context managers, on facts written by hand."""

import pytest

from codemods.facts.generators import AsyncForm
from codemods.model import Action, Scope, Span
from codemods.planning.facts import PlanningOptions
from codemods.planning.promotion import promote
from codemods.rules.consumption import Consumed, Consumer, Consumption
from codemods.rules.rule import Refusal
from tests.handmade import AT_MAIN, IN_LAMBDA, TEST, Draft, actions

LOOP = Consumed((Consumption(Consumer.FOR, Span(1, 1, 1, 9)),), notes=("it may end early",))
HANDED = Consumed((Consumption(Consumer.RETURN, Span(1, 1, 1, 9)),))
ITERATED = {"is_generator": True, "async_form": AsyncForm.ITERATED}


def locked_of(draft):
    promotion, _ = promote(draft.facts(), PlanningOptions(Scope.ALL))
    return promotion.locked


def pages(**about):
    """`main` loops over what `pages` gives, which blocks."""
    draft = Draft("main")
    draft.define("pages", **ITERATED, **about)
    draft.blocks("pages")
    return draft


def test_a_generator_becomes_async_with_what_iterates_over_it():
    draft = pages()
    site = draft.calls("main", "pages", consumed=LOOP)
    plan = draft.plan()
    assert plan.promoted == {"main", "pages"}
    assert plan.async_forms == {"pages": AsyncForm.ITERATED}
    (decision,) = [one for one in plan.decisions["a.py"] if one.span.line == site]
    assert decision.native is LOOP
    assert (decision.finding.action, decision.finding.notes) == (Action.AWAITED, ("it may end early",))
    assert decision.finding.reason == "pages becomes an async generator"


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"consumed": Refusal("it is given to zip")}, "it is called in a.py:2, and it is given to zip"),
        ({"consumed": LOOP, "place": IN_LAMBDA}, "it is called in a lambda in a.py:2, which cannot await it"),
        (
            {"consumed": LOOP, "place": AT_MAIN},
            "what it gives is used at module level in a.py:2, where no async form of that can stand",
        ),
        (
            {"consumed": LOOP, "is_mixed": True},
            "the call in a.py:2 may also call something that does not become async",
        ),
    ],
)
def test_one_use_without_an_async_form_keeps_it_sync(about, reason):
    draft = pages()
    draft.calls("main", "pages", **about)
    assert locked_of(draft)["pages"] == reason
    assert draft.plan().promoted == set()


def test_a_test_cannot_iterate_in_an_event_loop_of_its_own():
    draft = pages()
    draft.define("test_pages", runner=TEST, lock="a test runner calls it and would not await it")
    draft.calls("test_pages", "pages", consumed=LOOP)
    assert "asyncio.run awaits a coroutine, and does not iterate" in locked_of(draft)["pages"]


def test_what_only_hands_on_stays_a_plain_function():
    draft = pages()
    draft.define("chosen", async_form=AsyncForm.ITERATED, stays_def=True)
    handing = draft.calls("chosen", "pages", consumed=HANDED)
    draft.calls("main", "chosen", consumed=LOOP)
    plan = draft.plan()
    assert plan.promoted == {"main", "chosen", "pages"}
    assert plan.staying == {"chosen"}
    assert handing not in actions(plan)


def test_what_hands_on_and_waits_itself_keeps_all_sync():
    draft = pages()
    draft.define("chosen", async_form=AsyncForm.ITERATED, stays_def=True)
    draft.calls("chosen", "pages", consumed=HANDED)
    draft.blocks("chosen")
    draft.calls("main", "chosen", consumed=LOOP)
    assert locked_of(draft)["chosen"].startswith("it blocks, and its callers get something from it")
    assert draft.plan().promoted == set()


def test_what_hands_on_calls_nothing_that_becomes_async():
    draft = pages()
    draft.define("chosen", async_form=AsyncForm.ITERATED, stays_def=True)
    draft.define("ask")
    draft.calls("chosen", "pages", consumed=HANDED)
    draft.calls("chosen", "ask")
    draft.calls("main", "chosen", consumed=LOOP)
    draft.blocks("ask")
    assert locked_of(draft)["ask"].startswith("chosen calls it in a.py:3 and gives its callers something")
    assert draft.plan().promoted == {"main", "chosen", "pages"}


def test_what_the_user_declares_becomes_async_with_its_callers():
    draft = Draft("main aside")
    draft.define("load", is_declared=True)
    draft.calls("main", "load")
    plan = draft.plan()
    assert plan.promoted == {"main", "load"}
    assert {one.name: one.reason for one in plan.functions}["load"] == "you declared that it blocks"


def test_what_the_user_declares_and_that_stays_sync_is_told_of():
    draft = Draft("main")
    draft.define("load", is_declared=True, lock="it is a property")
    draft.calls("main", "load")
    (finding,) = draft.plan().findings
    assert (finding.line, finding.action, finding.call) == (101, Action.LEFT, "load")
    assert finding.reason == "you declared that it blocks, and it stays sync: it is a property"
    assert actions(draft.plan()) == {101: Action.LEFT}
