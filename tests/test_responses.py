"""Responses that functions return or get by a parameter, on facts written by hand."""

from dataclasses import replace
from itertools import permutations

import pytest

from codemods.model import NOT_GUARDED, Action, Guards, Scope
from codemods.planning.facts import Handed, PlanningOptions, Reception, Route
from codemods.planning.plan import make_plan
from codemods.rules.rule import Offer
from tests.handmade import AT_MAIN, IN_LAMBDA, RAISING, Draft, at, guard, guarded

GIVES = replace(RAISING, is_returned=True, group="what it returns")
TAKES = Offer("AW102", "what becomes of the response", "it has an equal", notes=("it reads otherwise",), raises=True)
ON = replace(TAKES, is_returned=True)
READS = replace(TAKES, awaits=True)
CANNOT = Offer("AW102", None, "the response is stored")


class Letters(Draft):
    """Facts with receptions: `gets` is a call of a function whose response is used as an offer says."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.received: list[Reception] = []
        self.watched: dict[str, str] = {}

    def gets(self, caller, target, offer=TAKES, guards=NOT_GUARDED, **about):
        line = self.calls(caller, target, **about)
        self.received.append(Reception("a.py", self.sites[-1].span, caller, Route(target), offer, guards))
        return line

    def passes(self, caller, target, seed=None, *, is_guarded=False, **about):
        """A call that hands what a seed gives, or else the last thing that a function got, to the parameter `r`."""
        line = self.calls(caller, target, **about)
        handed = Handed(self.sites[-1].span, Route(target, "r"), is_guarded)
        if seed is not None:
            at = next(index for index, one in enumerate(self.blocking) if one.span.line == seed)
            self.blocking[at] = replace(self.blocking[at], handed=(*self.blocking[at].handed, handed))
        else:
            at = max(index for index, one in enumerate(self.received) if one.caller == caller)
            self.received[at] = replace(self.received[at], handed=(*self.received[at].handed, handed))
        return line

    def takes(self, name, offer=TAKES, guards=NOT_GUARDED):
        """What a function does with its parameter `r`."""
        span = self._next_span()
        self.received.append(Reception("a.py", span, name, Route(name, "r"), offer, guards))

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


def passed(*, offer=READS, is_async=False, **about):
    """A response that a function passes to another one."""
    draft = Letters("async main fetch")
    draft.define("show", is_async=is_async, **about)
    draft.calls("main", "fetch")
    seed = draft.blocks("fetch", RAISING)
    draft.passes("fetch", "show", seed)
    draft.takes("show", offer)
    return draft, seed


def test_who_reads_what_it_is_passed_becomes_async():
    draft, seed = passed()
    plan = draft.plan()
    assert at(plan, seed).action is Action.NATIVE
    assert "show" in plan.promoted
    assert [one.form for one in plan.responses] == [READS.native]
    assert at(plan, seed).notes == ("it differs", "it reads otherwise")
    (reason,) = (one.reason for one in plan.functions if one.name == "show")
    assert reason == f"it reads what time.sleep gives in a.py:{seed}"


def test_who_only_looks_at_what_it_is_passed_stays_sync():
    draft, seed = passed(offer=TAKES)
    plan = draft.plan()
    assert at(plan, seed).action is Action.NATIVE
    assert "show" not in plan.promoted
    assert [one.form for one in plan.responses] == [TAKES.native]


def test_who_is_a_coroutine_function_takes_it():
    draft, seed = passed(is_async=True)
    assert at(draft.plan(), seed).action is Action.NATIVE


@pytest.mark.parametrize(
    ("offer", "about", "why"),
    [
        (READS, {"lock": "it is a property"}, "show, which reads it, stays sync: it is a property"),
        (CANNOT, {}, "show gets it: the response is stored"),
        (TAKES, {"foreign_caller": "lib.Base"}, "something outside of the project may call show"),
    ],
)
def test_who_cannot_take_it_keeps_it(offer, about, why):
    draft, seed = passed(offer=offer, **about)
    plan = draft.plan()
    assert at(plan, seed).action is Action.OFFLOADED
    assert at(plan, seed).reason.startswith(f"the response is passed on, and {why}")
    assert plan.responses == ()
    assert "show" not in plan.promoted


@pytest.mark.parametrize("offer", [READS, TAKES])
def test_a_call_that_passes_something_else_keeps_it(offer):
    draft, seed = passed(offer=offer)
    line = draft.calls("main", "show")
    plan = draft.plan()
    assert at(plan, seed).reason == f"the response is passed on, and show gets something else in a.py:{line}"
    assert plan.responses == ()


def test_one_that_is_offloaded_keeps_those_that_are_passed_to_the_same_function():
    draft, seed = passed()
    other = draft.blocks("fetch", replace(RAISING, native=None))
    draft.passes("fetch", "show", other)
    assert {at(draft.plan(), line).action for line in (seed, other)} == {Action.OFFLOADED}


def test_one_that_is_ignored_keeps_them_too():
    draft, seed = passed()
    other = draft.blocks("fetch", RAISING, is_ignored=True)
    draft.passes("fetch", "show", other)
    assert at(draft.plan(), seed).reason.endswith(f"the one of a.py:{other} stays what it is")


def test_one_of_a_function_that_stays_sync_keeps_them_too():
    draft, seed = passed(offer=TAKES)
    draft.define("other", lock="it is a property")
    line = draft.blocks("other", RAISING)
    draft.passes("other", "show", line)
    plan = draft.plan()
    assert (at(plan, seed).action, at(plan, line).action) == (Action.OFFLOADED, Action.LEFT)
    assert plan.responses == ()


def test_one_that_stands_where_await_cannot_keeps_them_too():
    draft, seed = passed(offer=TAKES)
    other = draft.blocks("fetch", RAISING, place=IN_LAMBDA)
    draft.passes("fetch", "show", other)
    assert at(draft.plan(), seed).reason.endswith(f"the one of a.py:{other} stays what it is")


@pytest.mark.parametrize("may_be_none", [False, True])
def test_what_may_be_none_is_not_asked_for_its_truth(may_be_none):
    draft, seed = passed(offer=replace(TAKES, asks_truth=True))
    (giver,) = draft.blocking
    (handed,) = giver.handed
    draft.blocking = [replace(giver, handed=(replace(handed, may_be_none=may_be_none),))]
    assert (at(draft.plan(), seed).action is Action.NATIVE) != may_be_none


@pytest.mark.parametrize("goes_on", [False, True])
def test_bytes_that_are_gone_further_down_keep_it(goes_on):
    draft = Letters("async main outer check")
    seed = draft.blocks("main", replace(RAISING, reads_bytes=True))
    draft.passes("main", "outer", seed, is_guarded=goes_on)
    draft.takes("outer")
    draft.passes("outer", "check")
    draft.takes("check", replace(TAKES, may_raise=True))
    assert (at(draft.plan(), seed).action is Action.NATIVE) != goes_on


def test_who_blocks_and_stays_sync_keeps_it():
    draft, seed = passed(offer=TAKES, lock="it is a property")
    draft.blocks("show")
    assert at(draft.plan(), seed).reason.endswith("show, which gets it, stays sync and runs in a thread")


def test_what_was_not_looked_at_keeps_it():
    draft = Letters("async main show")
    seed = draft.blocks("main", RAISING)
    draft.passes("main", "show", seed)
    assert at(draft.plan(), seed).reason == "the response is passed on, and what show does with it is not known"


@pytest.mark.parametrize("last", [READS, CANNOT])
def test_what_is_passed_on_again_depends_on_the_last(last):
    draft, seed = passed(offer=TAKES)
    draft.define("deeper")
    draft.passes("show", "deeper")
    draft.takes("deeper", last)
    plan = draft.plan()
    assert (at(plan, seed).action is Action.NATIVE) == (last is READS)
    assert plan.promoted >= {"show", "deeper"} or last is CANNOT


@pytest.mark.parametrize("got", [READS, TAKES, CANNOT])
def test_what_is_returned_again_is_got_where_it_is_called(got):
    draft = Letters("async main check")
    seed = draft.blocks("main", RAISING)
    line = draft.passes("main", "check", seed)
    draft.takes("check", ON)
    draft.received.append(Reception("a.py", draft.sites[-1].span, "main", Route("check"), got))
    plan = draft.plan()
    assert (at(plan, seed).action is Action.NATIVE) == (got is not CANNOT)
    assert "check" not in plan.promoted
    assert len(plan.responses) == (0 if got is CANNOT else 2)
    assert line not in {one.line for one in plan.findings}


@pytest.mark.parametrize("is_guarded", [False, True])
def test_bytes_that_are_gone_when_who_gets_it_raises_keep_it(is_guarded):
    draft = Letters("async main check")
    seed = draft.blocks("main", replace(RAISING, reads_bytes=True))
    draft.passes("main", "check", seed, is_guarded=is_guarded)
    draft.takes("check", replace(TAKES, may_raise=True))
    assert (at(draft.plan(), seed).action is Action.NATIVE) != is_guarded


def test_handlers_around_what_is_done_with_what_is_passed_count():
    around = Guards.around([guard("requests.HTTPError", library="time", refusal="looks into the exception")])
    draft = Letters("async main show")
    seed = draft.blocks("main", RAISING)
    draft.passes("main", "show", seed)
    draft.takes("show", TAKES, around)
    assert "looks into the exception" in at(draft.plan(), seed).reason


def test_handlers_around_the_call_that_passes_it_count():
    around = guarded(guard("requests.HTTPError", library="time", refusal="looks into the exception"))
    draft = Letters("async main show")
    seed = draft.blocks("main", RAISING)
    draft.passes("main", "show", seed, place=around)
    draft.takes("show", TAKES)
    assert "looks into the exception" in at(draft.plan(), seed).reason
