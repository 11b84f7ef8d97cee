"""What becomes of every call, on facts written by hand."""

from collections import Counter
from dataclasses import replace

import pytest

from codemods.facts.graph import CallKind
from codemods.facts.syntax import Use
from codemods.model import Action, Fallback, Fate, Guards, Scope
from codemods.planning.facts import ANYWHERE, PlanningOptions
from codemods.planning.plan import CoreCall, make_plan
from tests.handmade import (
    AT_MAIN,
    AWAITED,
    DROPPED,
    IN_LAMBDA,
    NATIVE,
    RAISING,
    THREAD_ONLY,
    Draft,
    actions,
    at,
    guard,
    guarded,
    random_draft,
    shuffled,
)

TIMEOUT = guard("requests.Timeout", 907)
TIMEOUT_TEXT = "except requests.Timeout in a.py:907"


def test_a_chain_is_awaited_at_every_call_and_native_at_its_end():
    draft = Draft("async main middle leaf")
    draft.chain("main", "middle", "leaf")
    seed = draft.blocks("leaf")
    plan = draft.plan()
    assert actions(plan) == {1: Action.AWAITED, 2: Action.AWAITED, seed: Action.NATIVE}
    assert at(plan, seed).notes == ("it differs",)
    assert at(plan, seed).chain == (
        "main (a.py:100)",
        "middle (a.py:1)",
        "leaf (a.py:2)",
        f"time.sleep (a.py:{seed})",
    )
    (native,) = (one for one in plan.decisions["a.py"] if one.finding.line == seed)
    assert native.native == NATIVE.native


def test_rules_are_named():
    draft = Draft("async main leaf")
    draft.define("prop", lock="it is a property")
    lines = [draft.calls("main", "leaf"), draft.calls("main", "prop"), draft.forgets("main"), draft.blocks("leaf")]
    draft.blocks("prop")
    plan = draft.plan()
    assert [at(plan, line).rule for line in lines] == ["AW301", "AW302", "AW201", "AW101"]


def test_a_chain_begins_at_async_code_when_that_reaches_the_call():
    draft = Draft("a_script async main leaf")
    draft.calls("a_script", "leaf")
    draft.calls("main", "leaf")
    seed = draft.blocks("leaf")
    assert at(draft.plan(), seed).chain[0].startswith("main ")


def test_a_chain_through_recursion_ends():
    draft = Draft("even odd")
    draft.chain("even", "odd", "even")
    seed = draft.blocks("odd")
    assert at(draft.plan(), seed).chain[-1] == f"time.sleep (a.py:{seed})"


@pytest.mark.parametrize(
    ("offer", "fallback", "action"),
    [
        (NATIVE, Fallback.THREAD, Action.NATIVE),
        (NATIVE, Fallback.LEAVE, Action.NATIVE),
        (THREAD_ONLY, Fallback.THREAD, Action.OFFLOADED),
        (THREAD_ONLY, Fallback.LEAVE, Action.LEFT),
    ],
)
def test_a_blocking_call_in_async_code_becomes_what_its_offer_and_the_fallback_allow(offer, fallback, action):
    draft = Draft("async main")
    seed = draft.blocks("main", offer)
    finding = at(draft.plan(fallback=fallback), seed)
    assert (finding.action, finding.reason) == (action, offer.reason)
    assert finding.notes == (offer.notes if action is Action.NATIVE else ())


@pytest.mark.parametrize(
    ("caller", "place", "reason"),
    [
        ("main", IN_LAMBDA, "it stands in a lambda, where await cannot"),
        ("main", AWAITED, "what it returns is awaited"),
        ("a:", AT_MAIN, "it stands at module level, where no event loop runs"),
    ],
)
def test_a_blocking_call_is_left_where_await_cannot_stand(caller, place, reason):
    draft = Draft("async main")
    seed = draft.blocks(caller, place=place)
    finding = at(draft.plan(), seed)
    assert (finding.action, finding.reason, finding.notes) == (Action.LEFT, reason, ())


def test_the_main_guard_runs_what_becomes_async():
    draft = Draft("main")
    bridged = draft.calls("a:", "main", place=AT_MAIN)
    forgotten = draft.forgets("a:", replace(AT_MAIN, use=Use.DROPPED))
    draft.blocks("main")
    found = actions(draft.plan())
    assert (found[bridged], found[forgotten]) == (Action.BRIDGED, Action.BRIDGED)


def test_a_sync_function_that_blocks_is_left_alone_when_sync_code_calls_it():
    draft = Draft("caller")
    draft.define("prop", lock="it is a property")
    draft.calls("caller", "prop")
    seed = draft.blocks("prop")
    plan = draft.plan()
    assert actions(plan) == {seed: Action.LEFT}
    assert at(plan, seed).reason == "prop stays sync: it is a property"
    assert [(one.name, one.fate, one.reason) for one in plan.functions] == [
        ("caller", Fate.SYNC, "it calls prop, which stays sync"),
        ("prop", Fate.SYNC, "it is a property"),
    ]


@pytest.mark.parametrize("kind", [CallKind.CALL, CallKind.CONSTRUCT])
def test_a_sync_function_that_blocks_runs_in_a_thread_when_async_code_calls_it(kind):
    draft = Draft("async main")
    draft.define("load", lock="it is a property")
    draft.blocks("load")
    call = draft.calls("main", "load", kind=kind)
    finding = at(draft.plan(), call)
    assert finding.action is Action.OFFLOADED
    assert finding.reason == "load blocks and stays sync: it is a property"
    assert "thread" in finding.notes[0]
    assert at(draft.plan(fallback=Fallback.LEAVE), call).action is Action.LEFT


def test_a_sync_function_that_does_not_block_is_called_as_before():
    draft = Draft("async main")
    draft.define("prop", lock="it is a property")
    draft.calls("main", "prop")
    assert draft.plan().findings == ()


@pytest.mark.parametrize(
    ("function", "site", "reason"),
    [
        ({"is_generator": True}, {}, "load blocks while it is iterated, which no thread can take over"),
        ({}, {"place": IN_LAMBDA}, "await cannot stand in a lambda"),
        ({}, {"kind": CallKind.PROPERTY}, "await cannot stand here"),
        ({}, {"kind": CallKind.IMPLICIT}, "await cannot stand here"),
    ],
    ids=["generator", "lambda", "property", "implicit"],
)
def test_a_sync_call_that_no_thread_can_take_is_left_with_the_reason(function, site, reason):
    draft = Draft("async main")
    draft.define("load", lock="it is locked", **function)
    draft.blocks("load")
    call = draft.calls("main", "load", **site)
    finding = at(draft.plan(), call)
    assert finding.action is Action.LEFT
    assert reason in finding.reason
    assert finding.notes == ()


def test_a_function_that_needs_the_running_loop_is_never_offloaded():
    draft = Draft("async main")
    for name in ("outer", "inner", "plain"):
        draft.define(name, lock="it is a property")
        draft.blocks(name)
    draft.calls("outer", "inner")
    draft.loop_bound = frozenset({"inner"})
    lines = [draft.calls("main", name) for name in ("inner", "outer", "plain")]
    plan = draft.plan()
    assert [at(plan, line).action for line in lines] == [Action.LEFT, Action.LEFT, Action.OFFLOADED]
    assert "needs the running event loop" in at(plan, lines[1]).reason


@pytest.mark.parametrize(
    ("place", "later", "action", "reason"),
    [
        (DROPPED, False, Action.AWAITED, "its coroutine is dropped"),
        (replace(DROPPED, use=Use.CONSUMED), False, Action.AWAITED, "its coroutine is used as if it were the result"),
        (ANYWHERE, True, Action.AWAITED, "its coroutine is used as if it were the result"),
        (
            replace(IN_LAMBDA, use=Use.DROPPED),
            False,
            Action.LEFT,
            "its coroutine is dropped, and await cannot stand in a lambda",
        ),
    ],
)
def test_a_coroutine_that_nobody_awaits_is_awaited_where_that_can_be(place, later, action, reason):
    draft = Draft("async main")
    line = draft.forgets("main", place, is_consumed_later=later)
    finding = at(draft.plan(), line)
    assert (finding.action, finding.reason, finding.call) == (action, reason, "b:send")


def test_a_coroutine_that_somebody_may_await_is_no_finding():
    draft = Draft("async main")
    draft.forgets("main", ANYWHERE)
    assert draft.plan().findings == ()


def test_a_forgotten_coroutine_promotes_nothing_and_is_awaited_where_something_else_does():
    draft = Draft("idle busy")
    left, awaited = draft.forgets("idle"), draft.forgets("busy")
    draft.blocks("busy")
    plan = draft.plan()
    assert plan.promoted == {"busy"}
    assert (at(plan, left).action, at(plan, awaited).action) == (Action.LEFT, Action.AWAITED)
    assert at(plan, left).reason == "its coroutine is dropped, and idle is not async"


def test_ignored_seeds_vanish():
    draft = Draft("async main")
    draft.blocks("main", is_ignored=True)
    draft.forgets("main", is_ignored=True)
    plan = draft.plan()
    assert (plan.findings, plan.functions, plan.promoted) == ((), (), frozenset())


def test_handlers_around_a_call_take_its_native_form_back_when_that_raises_something_else():
    draft = Draft("async main")
    raising = draft.blocks("main", RAISING, place=guarded(TIMEOUT))
    same = draft.blocks("main", NATIVE, place=guarded(TIMEOUT))
    free = draft.blocks("main", RAISING)
    plan = draft.plan()
    assert actions(plan) == {raising: Action.OFFLOADED, same: Action.NATIVE, free: Action.NATIVE}
    assert at(plan, raising).reason.startswith(f"{TIMEOUT_TEXT} catches")
    assert at(plan, raising).notes == ()


def test_handlers_above_take_native_forms_back_through_every_function_on_the_way():
    draft = Draft("async main other middle Base.read")
    draft.define("Child.read", overrides="Base.read")
    draft.calls("main", "middle", place=guarded(TIMEOUT))
    draft.calls("middle", "Base.read")
    below = draft.blocks("Child.read", RAISING)
    aside = draft.blocks("other", RAISING)
    plan = draft.plan()
    assert at(plan, below).action is Action.OFFLOADED
    assert TIMEOUT_TEXT in at(plan, below).reason
    assert at(plan, aside).action is Action.NATIVE


def test_handlers_around_other_calls_and_below_a_call_take_nothing_back():
    draft = Draft("async main helper")
    draft.calls("main", "helper", place=guarded(TIMEOUT))
    draft.calls("helper", "main")
    seed = draft.blocks("helper", NATIVE)
    assert at(draft.plan(), seed).action is Action.NATIVE
    draft = Draft("async main helper")
    draft.calls("main", "helper", place=guarded(TIMEOUT))
    beside = draft.blocks("main", RAISING)
    assert at(draft.plan(), beside).action is Action.NATIVE


def test_calls_of_one_group_become_native_together_or_not_at_all():
    draft = Draft("async main async other")
    grouped = replace(RAISING, group="r")
    broken = draft.blocks("main", grouped, place=guarded(TIMEOUT))
    mate = draft.blocks("main", grouped)
    other_group = draft.blocks("main", replace(RAISING, group="s"))
    elsewhere = draft.blocks("other", grouped)
    plan = draft.plan()
    assert actions(plan) == {
        broken: Action.OFFLOADED,
        mate: Action.OFFLOADED,
        other_group: Action.NATIVE,
        elsewhere: Action.NATIVE,
    }
    assert at(plan, mate).reason == at(plan, broken).reason
    assert at(plan, mate).notes == ()


TRANSLATED = guard("time.Timeout", 910, refusal=None, is_rewritten=True, notes=("it is wider",))


def test_handlers_that_can_name_other_exceptions_do_so_for_native_calls():
    draft = Draft("async main helper async other")
    draft.calls("main", "helper", place=guarded(TRANSLATED))
    below = draft.blocks("helper", RAISING)
    plan = draft.plan()
    assert at(plan, below).action is Action.NATIVE
    assert at(plan, below).notes == (*RAISING.notes, "it is wider")
    (change,) = plan.handlers["a.py"]
    assert (change.span, change.kinds) == (TRANSLATED.span, ("time.Timeout",))
    assert not change.keeps_old
    assert not change.decodes


def test_handlers_keep_the_old_exceptions_while_calls_that_stay_can_raise_them():
    draft = Draft("async main async other")
    draft.blocks("main", replace(RAISING, decodes=True), decoding_guards=Guards((TRANSLATED,)))
    draft.blocks("main", THREAD_ONLY, place=guarded(TRANSLATED))
    (change,) = draft.plan().handlers["a.py"]
    assert change.keeps_old
    assert change.decodes


def test_handlers_stay_where_nothing_under_them_becomes_native():
    draft = Draft("async main locked")
    draft.functions["locked"] = replace(draft.functions["locked"], lock="it is a property")
    draft.blocks("locked", RAISING, place=guarded(TRANSLATED))
    draft.blocks("main", THREAD_ONLY, place=guarded(TRANSLATED))
    assert not draft.plan().handlers


def test_exceptions_that_the_project_raises_itself_keep_their_place():
    draft = Draft("async main")
    draft.blocks("main", RAISING, place=guarded(TRANSLATED))
    facts = replace(draft.facts(), raised={"time": "a.py:3"})
    (change,) = make_plan(facts, PlanningOptions(Scope.ALL)).handlers["a.py"]
    assert change.keeps_old


def test_exceptions_that_cannot_be_followed_take_native_forms_back():
    draft = Draft("async main")
    raising, same = draft.blocks("main", RAISING), draft.blocks("main", NATIVE)
    facts = replace(draft.facts(), untraceable={"time": "b.py:3 asks for the class of exceptions"})
    plan = make_plan(facts, PlanningOptions(Scope.ALL))
    assert actions(plan) == {raising: Action.OFFLOADED, same: Action.NATIVE}
    assert at(plan, raising).reason == "b.py:3 asks for the class of exceptions"


def test_a_handler_that_minds_decoding_gets_the_other_offer():
    draft = Draft("async main")
    exact = replace(RAISING, native="exact", notes=("decoded from text",))
    offer = replace(RAISING, decodes=True, for_decoding_handlers=exact)
    free = draft.blocks("main", offer)
    minds = guard("ValueError", refusal=None, minds_decoding=True)
    elsewhere = draft.blocks("main", offer, place=guarded(minds))
    minded = draft.blocks("main", offer, decoding_guards=Guards((minds,)))
    plan = draft.plan()
    by_line = {one.finding.line: one.native for one in plan.decisions["a.py"]}
    assert by_line == {free: offer.native, elsewhere: offer.native, minded: "exact"}
    assert at(plan, minded).notes == ("decoded from text",)


def test_a_function_stays_sync_when_handlers_leave_no_native_form_in_it():
    draft = Draft("leaf")
    draft.blocks("leaf", RAISING, place=guarded(TIMEOUT))
    assert draft.plan(Scope.ALL).promoted == frozenset()


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ASYNC])
@pytest.mark.parametrize("seed", range(25))
def test_the_order_of_facts_never_matters(seed, scope):
    facts = random_draft(seed).facts()
    plan = make_plan(facts, PlanningOptions(scope))
    assert plan.findings, "an empty plan would show nothing"
    for order in range(4):
        assert make_plan(shuffled(facts, order), PlanningOptions(scope)) == plan


@pytest.mark.parametrize("fallback", Fallback)
@pytest.mark.parametrize("seed", range(25))
def test_every_seed_ends_in_exactly_one_action(seed, fallback):
    draft = random_draft(seed)
    plan = draft.plan(fallback=fallback)
    found = Counter(finding.line for finding in plan.findings)
    seeds = [(one.span.line, one.is_ignored) for one in draft.blocking]
    seeds += [(one.span.line, one.is_ignored) for one in draft.unawaited]
    for line, is_ignored in seeds:
        assert found[line] == (0 if is_ignored else 1)
    assert max(found.values()) == 1, "no call gets two actions"
    rewritten = {finding.line for finding in plan.findings if finding.action is not Action.LEFT}
    for decision in plan.decisions["a.py"]:
        finding = decision.finding
        caller = draft.functions.get(finding.function)
        is_async = caller is not None and (caller.is_async or caller.name in plan.promoted | plan.split.keys())
        assert is_async or finding.line not in rewritten or finding.action is Action.BRIDGED
        is_plain = decision.native is None or isinstance(decision.native, CoreCall)
        assert is_plain == (finding.action is not Action.NATIVE)
        assert finding.reason


def test_an_ignored_call_keeps_its_group_from_becoming_native():
    draft = Draft("async main")
    grouped = replace(RAISING, group="r")
    draft.blocks("main", grouped, is_ignored=True)
    mate = draft.blocks("main", grouped)
    assert at(draft.plan(), mate).action is Action.OFFLOADED


def test_an_unnative_reason_of_a_group_does_not_depend_on_the_order_of_facts():
    draft = Draft("async main")
    grouped = replace(RAISING, group="r")
    for name in ("A", "B"):
        draft.blocks("main", grouped, place=guarded(guard(name, 907)))
    draft.blocks("main", grouped)
    plans = {order: make_plan(shuffled(draft.facts(), order), PlanningOptions(Scope.ALL)) for order in range(8)}
    assert all(plan == plans[0] for plan in plans.values())


def test_handlers_beyond_one_that_catches_everything_do_not_count():
    final = guard("time.Error", 911, refusal=None, is_rewritten=True, is_final=True)
    draft = Draft("async main helper other")
    draft.calls("main", "helper", place=guarded(TIMEOUT))
    caught = draft.blocks("helper", RAISING, place=guarded(final, TIMEOUT))
    draft.calls("main", "other", place=guarded(final, TIMEOUT))
    below = draft.blocks("other", RAISING)
    passing = draft.blocks("helper", RAISING, place=guarded(TRANSLATED, TIMEOUT))
    plan = draft.plan()
    assert at(plan, caught).action is Action.NATIVE
    assert at(plan, below).action is Action.NATIVE
    assert at(plan, passing).action is Action.OFFLOADED


def test_a_call_of_a_base_that_may_run_a_blocking_override_is_offloaded():
    draft = Draft("async main base helper")
    draft.define("override", overrides="base", lock="it is a callback")
    draft.define("other", overrides="base")
    draft.blocks("override")
    draft.calls("helper", "base")
    lines = [draft.calls("main", name) for name in ("base", "helper", "other")]
    plan = draft.plan()
    assert [actions(plan).get(line) for line in lines] == [Action.OFFLOADED, Action.OFFLOADED, None]
    assert at(plan, lines[1]).reason == "helper blocks and stays sync: it calls base, which stays sync"
