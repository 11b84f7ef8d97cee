"""Responses that functions return, on facts written by hand."""

from dataclasses import replace
from itertools import permutations

import pytest

from codemods.model import NOT_GUARDED, Action, Guards, Scope
from codemods.planning.facts import PlanningOptions, Reception
from codemods.planning.plan import make_plan
from codemods.rules.rule import Offer
from tests.handmade import AT_MAIN, RAISING, Draft, at, guard

GIVES = replace(RAISING, is_returned=True, group="what it returns")
TAKES = Offer("AW102", "what becomes of the response", "it has an equal", notes=("it reads otherwise",), raises=True)
ON = replace(TAKES, is_returned=True)
CANNOT = Offer("AW102", None, "the response is stored")


class Letters(Draft):
    """Facts with receptions: `gets` is a call of a function whose response is used as an offer says."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.received: list[Reception] = []
        self.watched: dict[str, str] = {}

    def gets(self, caller, target, offer=TAKES, guards=NOT_GUARDED, **about):
        line = self.calls(caller, target, **about)
        self.received.append(Reception("a.py", self.sites[-1].span, caller, target, offer, guards))
        return line

    def facts(self):
        return replace(super().facts(), received=tuple(self.received), watched=self.watched)


def native_of(plan, line):
    (decision,) = (one for one in plan.decisions["a.py"] if one.finding.line == line)
    return decision.native


def test_a_response_is_returned_natively_when_all_who_get_it_can_take_it():
    draft = Letters("async main fetch")
    first, second, seed = draft.gets("main", "fetch"), draft.gets("main", "fetch"), draft.blocks("fetch", GIVES)
    plan = draft.plan()
    assert at(plan, seed).action is Action.NATIVE
    assert [native_of(plan, line) for line in (first, second)] == [TAKES.native] * 2
    assert at(plan, first).action is Action.AWAITED
    assert at(plan, first).notes == ("it reads otherwise",)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_one_who_cannot_take_it_keeps_it_for_all(order):
    draft = Letters("async main fetch on")
    seed = draft.blocks("fetch", GIVES)
    lines = {}
    for index in order:
        lines[index] = (
            draft.gets("main", "fetch")
            if index == 0
            else draft.gets("on", "fetch", ON)
            if index == 1
            else draft.gets("main", "on", CANNOT)
        )
    plan = draft.plan()
    assert at(plan, seed).action is Action.OFFLOADED
    assert at(plan, seed).reason == f"the response is returned, and a.py:{lines[2]} gets it: the response is stored"
    assert [native_of(plan, line) for line in lines.values()] == [None] * 3


def test_a_function_that_nobody_calls_keeps_its_response():
    draft = Letters("fetch on")
    seed = draft.blocks("fetch", GIVES)
    draft.gets("on", "fetch", ON)
    assert at(draft.plan(), seed).action is Action.LEFT


def test_a_coroutine_function_keeps_its_response():
    draft = Letters("async main async fetch")
    draft.gets("main", "fetch")
    seed = draft.blocks("fetch", GIVES)
    assert at(draft.plan(), seed).action is Action.OFFLOADED


def test_a_call_that_was_not_looked_at_keeps_it():
    draft = Letters("async main fetch")
    draft.gets("main", "fetch")
    line = draft.calls("main", "fetch")
    seed = draft.blocks("fetch", GIVES)
    assert at(draft.plan(), seed).reason.endswith(f"what a.py:{line} does with it is not known")


def test_a_call_outside_of_any_loop_keeps_it():
    draft = Letters("async main fetch")
    draft.gets("main", "fetch")
    draft.gets("m:", "fetch", place=AT_MAIN)
    seed = draft.blocks("fetch", GIVES)
    assert at(draft.plan(), seed).action is not Action.NATIVE


def test_what_is_watched_keeps_it():
    draft = Letters("async main fetch")
    draft.gets("main", "fetch")
    draft.watched["fetch"] = "a test replaces it"
    seed = draft.blocks("fetch", GIVES)
    assert at(draft.plan(), seed).reason == "the response is returned, and a test replaces it"


def test_methods_that_override_each_other_keep_theirs():
    draft = Letters("async main Base.get")
    draft.define("Child.get", overrides="Base.get")
    draft.gets("main", "Base.get")
    draft.gets("main", "Child.get")
    seeds = [draft.blocks("Base.get", GIVES), draft.blocks("Child.get", GIVES)]
    plan = draft.plan()
    assert {at(plan, seed).action for seed in seeds} == {Action.OFFLOADED}


def test_a_function_that_stays_sync_gives_what_it_gave():
    draft = Letters("async main on")
    draft.define("fetch", lock="it is used as a value")
    seed = draft.blocks("fetch", GIVES)
    draft.blocks("on")
    draft.gets("on", "fetch", ON)
    line = draft.gets("main", "on")
    plan = draft.plan()
    assert at(plan, seed).action is Action.LEFT
    assert at(plan, line).action is Action.AWAITED
    assert native_of(plan, line) is None


def test_two_responses_of_a_function_stay_together():
    draft = Letters("async main fetch")
    draft.gets("main", "fetch")
    seeds = [draft.blocks("fetch", GIVES), draft.blocks("fetch", replace(GIVES, native=None))]
    plan = draft.plan()
    assert {at(plan, seed).action for seed in seeds} == {Action.OFFLOADED}


@pytest.mark.parametrize("ignored", [False, True])
def test_a_call_that_is_to_be_ignored_keeps_its_response(ignored):
    draft = Letters("async main fetch")
    line = draft.gets("main", "fetch")
    draft.blocks("main")
    draft.blocks("fetch")
    draft.blocks("fetch", GIVES, is_ignored=ignored)
    assert native_of(draft.plan(), line) == (None if ignored else TAKES.native)


def test_bytes_that_may_be_gone_keep_it():
    draft = Letters("async main fetch")
    draft.gets("main", "fetch", replace(TAKES, reads_bytes=True))
    seed = draft.blocks("fetch", replace(GIVES, lets_go=True))
    assert at(draft.plan(), seed).action is Action.OFFLOADED


def test_handlers_around_what_is_done_with_it_count():
    around = Guards.around([guard("requests.HTTPError", library="time", refusal="looks into the exception")])
    draft = Letters("async main on fetch")
    draft.gets("on", "fetch", ON)
    draft.gets("main", "on", guards=around)
    seed = draft.blocks("fetch", GIVES)
    assert at(draft.plan(), seed).action is Action.OFFLOADED
    assert "looks into the exception" in at(draft.plan(), seed).reason


def test_handlers_around_what_is_done_with_it_are_rewritten():
    caught = guard("requests.HTTPError", library="time", refusal=None, is_rewritten=True)
    draft = Letters("async main fetch")
    draft.gets("main", "fetch", guards=Guards.around([caught]))
    draft.blocks("fetch", GIVES)
    plan = make_plan(draft.facts(), PlanningOptions(Scope.ASYNC))
    (change,) = plan.handlers["a.py"]
    assert (change.span, change.keeps_old) == (caught.span, False)
