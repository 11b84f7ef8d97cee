"""Which functions become async, on facts written by hand."""

from dataclasses import replace

import pytest

from codemods.facts.graph import CallKind
from codemods.model import Action, Fallback, Fate, Scope
from codemods.planning.facts import ANYWHERE, PlanningOptions
from codemods.planning.index import CallIndex
from codemods.planning.promotion import promote
from tests.handmade import AT_MAIN, AWAITED, IN_LAMBDA, TEST, THREAD_ONLY, Draft, actions, at, random_draft


def locked_of(draft, scope=Scope.ALL):
    promotion, _ = promote(draft.facts(), PlanningOptions(scope))
    return promotion.locked


def test_everything_between_an_entry_and_a_blocking_call_becomes_async():
    draft = Draft("main middle leaf aside")
    draft.chain("main", "middle", "leaf")
    draft.calls("main", "aside")
    draft.blocks("leaf")
    assert draft.plan().promoted == {"main", "middle", "leaf"}


def test_every_promotion_names_the_call_that_asks_for_it():
    draft = Draft("main leaf")
    site = draft.calls("main", "leaf")
    seed = draft.blocks("leaf")
    reasons = {one.name: one.reason for one in draft.plan().functions}
    assert reasons == {"main": f"it calls leaf in line {site}", "leaf": f"it calls time.sleep in line {seed}"}


def test_recursion_ends():
    draft = Draft("even odd")
    draft.chain("even", "odd", "even")
    draft.calls("odd", "odd")
    draft.blocks("odd")
    assert draft.plan().promoted == {"even", "odd"}


def test_a_method_becomes_async_with_all_it_overrides_and_all_that_override_it():
    draft = Draft("Base.read caller other")
    draft.define("Child.read", overrides="Base.read")
    draft.define("Grandchild.read", overrides="Child.read")
    draft.define("Sibling.read", overrides="Base.read")
    draft.calls("caller", "Base.read")
    draft.calls("other", "Sibling.read")
    draft.blocks("Grandchild.read")
    plan = draft.plan()
    family = {"Base.read", "Child.read", "Grandchild.read", "Sibling.read"}
    assert plan.promoted == family | {"caller", "other"}
    reasons = {one.name: one.reason for one in plan.functions}
    assert reasons["Base.read"] == "it has the color of Grandchild.read, which becomes async"


def test_the_targets_of_one_call_have_one_color():
    draft = Draft("caller one two")
    draft.calls("caller", "one", "two")
    draft.blocks("one")
    assert draft.plan().promoted == {"caller", "one", "two"}
    draft.define("two", lock="it is a property")
    assert draft.plan().promoted == frozenset()


def test_an_override_that_cannot_be_async_keeps_its_family_sync():
    draft = Draft("async main Base.read")
    draft.define("Child.read", overrides="Base.read", lock="it is a property")
    call = draft.calls("main", "Base.read")
    draft.blocks("Base.read")
    plan = draft.plan()
    assert plan.promoted == frozenset()
    assert at(plan, call).action is Action.OFFLOADED
    assert "it has the color of Child.read: it is a property" in at(plan, call).reason


def test_a_family_ends_where_the_overridden_method_is_foreign():
    draft = Draft()
    draft.define("One.read", overrides="foreign.read")
    draft.define("Two.read", overrides="foreign.read")
    draft.blocks("One.read")
    assert draft.plan().promoted == {"One.read"}


def test_what_a_sync_function_calls_stays_sync_and_async_callers_use_a_thread():
    draft = Draft("async main load")
    draft.define("prop", lock="it is a property")
    edge = draft.calls("prop", "load")
    call = draft.calls("main", "load")
    seed = draft.blocks("load")
    plan = draft.plan()
    assert plan.promoted == frozenset()
    assert actions(plan) == {seed: Action.LEFT, call: Action.OFFLOADED}
    assert f"prop calls it in a.py:{edge} and stays sync: it is a property" in at(plan, seed).reason


def test_demotion_repeats_until_nothing_changes():
    draft = Draft("async main a b c")
    draft.define("prop", lock="it is a property")
    draft.chain("prop", "a", "b", "c")
    call = draft.calls("main", "b")
    seed = draft.blocks("c")
    plan = draft.plan()
    assert plan.promoted == frozenset()
    assert actions(plan) == {call: Action.OFFLOADED, seed: Action.LEFT}
    assert {one.name: one.fate for one in plan.functions} == dict.fromkeys(("a", "b", "c", "prop"), Fate.SYNC)


def test_demotion_takes_families_along():
    draft = Draft("main Base.read")
    draft.define("prop", lock="it is a property")
    draft.define("Child.read", overrides="Base.read")
    draft.calls("prop", "Child.read")
    draft.calls("main", "Base.read")
    draft.blocks("Base.read")
    assert draft.plan().promoted == frozenset()
    assert "Child.read" in locked_of(draft)["Base.read"]


def test_only_the_part_that_a_sync_function_needs_is_demoted():
    draft = Draft("main free shared")
    draft.define("prop", lock="it is a property")
    draft.chain("main", "free")
    draft.chain("main", "shared")
    draft.chain("prop", "shared")
    draft.blocks("free")
    kept = draft.blocks("shared")
    plan = draft.plan()
    assert plan.promoted == {"main", "free"}
    assert actions(plan)[kept] is Action.LEFT


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"place": IN_LAMBDA}, "it is called in a lambda in a.py:1, which cannot await it"),
        ({"kind": CallKind.PROPERTY}, "it is called by the syntax in a.py:1, not by a call expression"),
        ({"kind": CallKind.CONSTRUCT}, "it is called by the syntax in a.py:1, not by a call expression"),
        ({"kind": CallKind.IMPLICIT}, "it is called by the syntax in a.py:1, not by a call expression"),
        ({"place": AWAITED}, "what it returns is awaited in a.py:1 already"),
        ({"is_mixed": True}, "the call in a.py:1 may also call something that does not become async"),
    ],
    ids=["blocked", "property", "construct", "implicit", "awaited", "mixed"],
)
def test_a_call_that_cannot_be_awaited_keeps_its_target_sync_and_is_named(about, reason):
    draft = Draft("async main leaf")
    draft.calls("main", "leaf", **about)
    awaitable = draft.calls("main", "leaf")
    draft.blocks("leaf")
    plan = draft.plan()
    assert plan.promoted == frozenset()
    assert locked_of(draft)["leaf"] == reason
    assert reason in at(plan, awaitable).reason


def test_an_awaited_call_of_an_async_function_locks_nothing():
    draft = Draft("main async leaf")
    draft.calls("main", "leaf", place=AWAITED)
    draft.blocks("main")
    assert draft.plan().promoted == {"main"}
    assert "leaf" not in locked_of(draft)


def test_an_entry_point_stays_sync_with_the_reason():
    draft = Draft("load")
    draft.define("main", is_called_from_outside=True)
    draft.calls("main", "load")
    seed = draft.blocks("load")
    plan = draft.plan()
    assert plan.promoted == frozenset()
    assert "main calls it in a.py:1 and stays sync: it is an entry point" in at(plan, seed).reason


def test_the_main_guard_holds_nothing_back():
    draft = Draft("main")
    draft.calls("a:", "main", place=AT_MAIN)
    draft.blocks("main")
    assert draft.plan().promoted == {"main"}


def test_scope_async_leaves_alone_what_async_code_does_not_reach():
    draft = Draft("async main reached script helper")
    draft.calls("main", "reached")
    draft.calls("script", "helper")
    inside = draft.blocks("reached")
    outside = draft.blocks("helper")
    assert draft.plan(Scope.ALL).promoted == {"reached", "script", "helper"}
    plan = draft.plan(Scope.ASYNC)
    assert plan.promoted == {"reached"}
    assert at(plan, inside).action is Action.NATIVE
    assert (at(plan, outside).action, at(plan, outside).reason) == (
        Action.LEFT,
        "helper stays sync: async code does not reach it (scope async)",
    )


def test_scope_async_reaches_overrides_of_what_async_code_calls():
    draft = Draft("async main Base.read")
    draft.define("Child.read", overrides="Base.read")
    draft.calls("main", "Base.read")
    draft.blocks("Child.read")
    assert draft.plan(Scope.ASYNC).promoted == {"Base.read", "Child.read"}


def test_scope_async_keeps_what_an_unused_sync_function_calls():
    draft = Draft("async main shared public")
    draft.calls("main", "shared")
    draft.calls("public", "shared")
    draft.blocks("shared")
    assert draft.plan(Scope.ASYNC).promoted == frozenset()
    why = "async code does not reach it, and nothing in the project calls it"
    assert locked_of(draft, Scope.ASYNC)["public"] == why
    assert draft.plan(Scope.ALL).promoted == {"shared", "public"}


def test_a_method_is_used_when_something_calls_an_override_of_it():
    draft = Draft("async main shared Base.read")
    draft.define("Child.read", overrides="Base.read")
    draft.calls("main", "shared")
    draft.calls("Base.read", "shared")
    draft.calls("a:", "Child.read", place=AT_MAIN)
    draft.blocks("shared")
    assert draft.plan(Scope.ASYNC).promoted == {"shared", "Base.read", "Child.read"}


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ASYNC])
def test_what_only_a_thread_can_do_makes_nothing_async_that_async_code_does_not_reach(scope):
    draft = Draft("main leaf")
    draft.calls("main", "leaf")
    seed = draft.blocks("leaf", THREAD_ONLY)
    plan = draft.plan(scope)
    assert plan.promoted == frozenset()
    assert actions(plan) == {seed: Action.LEFT}


def test_what_only_a_thread_can_do_promotes_what_async_code_reaches():
    draft = Draft("async main leaf")
    call = draft.calls("main", "leaf")
    seed = draft.blocks("leaf", THREAD_ONLY)
    assert actions(draft.plan()) == {call: Action.AWAITED, seed: Action.OFFLOADED}


def test_without_threads_they_promote_nothing_at_all():
    draft = Draft("async main leaf")
    draft.calls("main", "leaf")
    draft.blocks("leaf", THREAD_ONLY)
    assert draft.plan(fallback=Fallback.LEAVE).promoted == frozenset()


def test_an_offloaded_call_rides_along_where_a_native_one_promotes():
    draft = Draft("leaf")
    native = draft.blocks("leaf")
    rider = draft.blocks("leaf", THREAD_ONLY)
    assert actions(draft.plan()) == {native: Action.NATIVE, rider: Action.OFFLOADED}


def test_ignored_seeds_and_seeds_where_await_cannot_stand_promote_nothing():
    draft = Draft("one two")
    draft.blocks("one", is_ignored=True)
    draft.blocks("two", place=IN_LAMBDA)
    assert draft.plan().promoted == frozenset()


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ASYNC])
@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_project_no_chain_is_left_half_done(seed, scope):
    draft = random_draft(seed)
    promotion, index = promote(draft.facts(), PlanningOptions(scope))
    promoted = promotion.promoted.keys()
    assert promotion.running.isdisjoint(promotion.locked)
    for name in promoted:
        sync_members = {one for one in index.family(name) if not draft.functions[one].is_async}
        assert sync_members <= promoted, "a family has one color"
        for site in index.by_target[name]:
            caller = draft.functions.get(site.caller)
            is_bridged = caller is not None and caller.runner == TEST and site.place is ANYWHERE
            assert caller is None or caller.is_async or caller.name in promotion.running or is_bridged
            assert site.place is not IN_LAMBDA
            assert not site.is_mixed
    for name in promotion.promoted:
        called = {target for site in index.by_caller[name] for target in site.targets}
        askers = {one.caller for one in draft.blocking if not one.is_ignored} | {one.caller for one in draft.unawaited}
        asks = name in askers
        assert asks or called & promoted or len(index.family(name)) > 1, "nothing becomes async for nothing"


def test_the_index_reaches_through_calls_and_families():
    draft = Draft("main Base.read deep lone")
    draft.define("Child.read", overrides="Base.read")
    draft.calls("main", "Base.read")
    draft.calls("Child.read", "deep")
    index = CallIndex(draft.functions, draft.sites)
    assert index.reached_from(["main"]) == {"main", "Base.read", "Child.read", "deep"}
    assert index.family("lone") == {"lone"}


def test_what_starts_an_event_loop_stays_sync_with_all_that_call_it():
    draft = Draft("main wrapper helper")
    draft.chain("main", "wrapper")
    draft.calls("main", "helper")
    for name in ("main", "wrapper", "helper"):
        draft.blocks(name)
    draft.loop_starters = frozenset({"wrapper"})
    promotion, _ = promote(draft.facts(), PlanningOptions(Scope.ALL))
    assert promotion.promoted == {}
    assert "starts an event loop" in promotion.locked["main"]
    assert "main calls it" in promotion.locked["helper"]


def test_functions_of_one_family_have_one_color():
    draft = Draft("main One.load Two.load Three.load")
    draft.blocks("One.load")
    facts = replace(
        draft.facts(), families=(frozenset({"One.load", "Two.load"}), frozenset({"Two.load", "Three.load"}))
    )
    promotion, _ = promote(facts, PlanningOptions(Scope.ALL))
    assert promotion.promoted.keys() == {"One.load", "Two.load", "Three.load"}


def test_a_function_that_only_calls_itself_is_called_by_nothing():
    draft = Draft()
    draft.define("Handler.do_GET", foreign_caller="http.server.BaseHTTPRequestHandler")
    draft.blocks("Handler.do_GET")
    draft.calls("Handler.do_GET", "Handler.do_GET")
    promotion, _ = promote(draft.facts(), PlanningOptions(Scope.ALL))
    assert "http.server.BaseHTTPRequestHandler may" in promotion.locked["Handler.do_GET"]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_sync_function_that_drops_a_coroutine_becomes_async_with_all_that_call_it(scope):
    draft = Draft("async main middle leaf")
    draft.chain("main", "middle", "leaf")
    lost = draft.forgets("leaf", is_seed=True)
    plan = draft.plan(scope)
    assert plan.promoted == {"middle", "leaf"}
    assert at(plan, lost).action is Action.AWAITED
    reasons = {one.name: one.reason for one in plan.functions}
    assert reasons["leaf"] == f"it drops the coroutine of b:send in line {lost}"


def test_one_that_cannot_become_async_says_why_a_coroutine_stays_dropped():
    draft = Draft("async main")
    draft.define("prop", lock="it is a property")
    draft.calls("main", "prop")
    lost = draft.forgets("prop", is_seed=True)
    plan = draft.plan()
    assert not plan.promoted
    assert at(plan, lost).action is Action.LEFT
    assert at(plan, lost).reason == "its coroutine is dropped, and prop stays sync: it is a property"


@pytest.mark.parametrize(
    "about",
    [{"is_seed": False}, {"is_seed": True, "is_ignored": True}, {"is_seed": True, "place": IN_LAMBDA}],
)
def test_a_coroutine_that_may_be_dropped_or_cannot_be_awaited_there_promotes_nothing(about):
    draft = Draft("async main leaf")
    draft.chain("main", "leaf")
    draft.forgets("leaf", **about)
    assert not draft.plan().promoted
