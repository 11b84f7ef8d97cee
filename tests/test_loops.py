"""Who starts an event loop: functions that are split, and tests that bridge; on facts written by hand."""

from dataclasses import replace

import pytest

from codemods.facts.syntax import Position
from codemods.model import Action, Fate, Scope
from codemods.planning.facts import ANYWHERE, PlanningOptions
from codemods.planning.plan import CoreCall
from codemods.planning.promotion import promote
from tests.handmade import AT_MAIN, COMMAND, IN_LAMBDA, SCRIPT, TEST, THREAD_ONLY, Draft, actions, at, random_draft

BY_NAME = replace(ANYWHERE, callee="main")
"""A call of `main` as `main(...)`."""


def locked(draft, scope=Scope.ALL):
    return promote(draft.facts(), PlanningOptions(scope))[0].locked


def command(*helpers, runner=COMMAND, **about):
    """A project of a function that is called from outside, and functions that it calls; the last of them blocks."""
    draft = Draft(" ".join(helpers))
    draft.define("main", runner=runner, **about)
    draft.chain("main", *helpers)
    draft.blocks((*helpers, "main")[-1] if not helpers else helpers[-1])
    return draft


@pytest.mark.parametrize("runner", [COMMAND, SCRIPT])
def test_what_is_called_from_outside_is_split_and_all_it_calls_becomes_async(runner):
    plan = command("load", "read", runner=runner).plan()
    assert (plan.promoted, plan.split) == ({"load", "read"}, {"main": "_core"})
    assert [one.action for one in plan.findings] == [Action.AWAITED, Action.AWAITED, Action.NATIVE]
    fates = {one.name: (one.fate, one.reason) for one in plan.functions}
    assert fates["main"] == (
        Fate.SPLIT,
        f"it calls load in line 1, and {runner.who} calls it outside of any event loop",
    )


def test_a_command_that_blocks_itself_is_split():
    draft = command()
    plan = draft.plan()
    assert (plan.split, actions(plan)) == ({"main": "_core"}, {1: Action.NATIVE})


def test_a_command_without_anything_to_wait_for_stays():
    draft = Draft("helper")
    draft.define("main", runner=COMMAND)
    draft.calls("main", "helper")
    seed = draft.blocks("main", THREAD_ONLY)
    plan = draft.plan()
    assert (plan.split, actions(plan)) == ({}, {seed: Action.LEFT})


def test_sync_callers_of_a_command_call_its_shell_as_before():
    draft = command("load")
    draft.define("caller")
    call = draft.calls("caller", "main")
    guard = draft.calls("a:", "main", place=AT_MAIN)
    plan = draft.plan()
    assert plan.split == {"main": "_core"}
    assert "caller" not in plan.promoted
    assert {call, guard}.isdisjoint(actions(plan))


def test_a_command_that_cannot_be_split_keeps_what_it_calls():
    draft = command("load", lock="it is defined in a function, and cannot be split there")
    plan = draft.plan()
    assert (plan.promoted, plan.split) == (frozenset(), {})
    assert "main calls it in a.py:1 and stays sync: it is defined in a function" in locked(draft)["load"]


def test_a_method_that_others_stand_for_is_not_split():
    draft = command("load")
    draft.define("Child.main", overrides="main")
    assert draft.plan().split == {}
    assert "click calls it and would not await it; it cannot be split, since Child.main" in locked(draft)["main"]


@pytest.mark.parametrize("between", [(), ("middle",), ("middle", "outer")])
def test_a_command_that_async_code_comes_to_is_not_split(between):
    draft = command("load", runner=replace(COMMAND, is_alike=False))
    draft.define("serve", is_async=True)
    for name in between:
        draft.define(name)
    draft.chain("serve", *reversed(between), "main")
    plan = draft.plan()
    assert plan.split == {}
    assert locked(draft)["main"] == (
        "serve is async and may come to call main: no event loop can start in a running one"
    )


def test_async_code_that_has_a_library_call_commands_keeps_them_all():
    draft = command("load")
    draft.define("serve", is_async=True)
    draft.define("start")
    draft.calls("serve", "start")
    draft.dispatches = {"click": frozenset({"start"})}
    assert draft.plan().split == {}
    draft.dispatches = {"typer": frozenset({"start"})}
    assert draft.plan().split == {"main": "_core"}


def test_async_code_that_may_call_a_command_by_its_name_keeps_it():
    draft = command("load", may_be_called_by=frozenset({"serve"}))
    draft.define("serve", is_async=True)
    assert draft.plan().split == {}


def test_what_may_call_a_command_does_not_become_async():
    draft = command("load")
    draft.define("other", runner=COMMAND)
    draft.define("start")
    draft.calls("other", "start")
    draft.calls("start", "main")
    seed = draft.blocks("other")
    plan = draft.plan()
    assert plan.split == {"main": "_core"}
    assert actions(plan)[seed] is Action.LEFT
    assert "it may come to call main" in at(plan, seed).reason


def test_a_command_that_is_reached_through_a_callback_is_not_split():
    draft = command("load")
    draft.define("callback")
    draft.calls("callback", "main")
    draft.values = frozenset({"callback"})
    assert "callback may come to call main and is used as a value" in locked(draft)["main"]


def test_coroutines_call_the_core_of_a_function_that_can_be_called_alike():
    draft = command("load", runner=SCRIPT)
    draft.define("serve", is_async=True)
    call = draft.calls("serve", "main", place=BY_NAME)
    itself = draft.calls("main", "main", place=BY_NAME)
    plan = draft.plan()
    assert plan.split == {"main": "_core"}
    assert (at(plan, call).action, at(plan, itself).action) == (Action.AWAITED, Action.AWAITED)
    assert {one.native for one in plan.decisions["a.py"] if one.finding.line in {call, itself}} == {CoreCall("_core")}


@pytest.mark.parametrize(
    "about", [{"place": replace(BY_NAME, callee="a.main")}, {"place": replace(BY_NAME, callee="run")}]
)
def test_a_core_is_called_by_its_plain_name_only(about):
    draft = command("load", runner=SCRIPT)
    draft.define("serve", is_async=True)
    draft.calls("serve", "main", **about)
    assert draft.plan().split == {}


def test_a_function_that_looks_out_for_ctrl_c_stays_unless_async_code_calls_it():
    draft = command("load", runner=None, catches_interrupt=True)
    assert draft.plan().promoted == frozenset()
    assert "KeyboardInterrupt" in locked(draft)["main"]
    draft.define("serve", is_async=True)
    draft.calls("serve", "main")
    assert draft.plan().promoted == {"main", "load"}


def test_what_sets_context_variables_is_not_split():
    draft = command("load")
    draft.context_setters = frozenset({"load"})
    assert draft.plan().split == {}
    assert "context variables" in locked(draft)["main"]


def test_scope_async_splits_what_stands_in_the_way_of_async_code():
    draft = command("load")
    assert draft.plan(Scope.ASYNC).split == {}
    draft.define("serve", is_async=True)
    draft.calls("serve", "load")
    plan = draft.plan(Scope.ASYNC)
    assert (plan.promoted, plan.split) == ({"load"}, {"main": "_core"})


# Bridges.


def bridged(**about):
    draft = Draft("load")
    draft.define("test_load", **{"runner": TEST, **about})
    draft.blocks("load")
    return draft


def test_a_test_bridges_what_becomes_async_and_stays():
    draft = bridged()
    call = draft.calls("test_load", "load")
    plan = draft.plan()
    assert (plan.promoted, plan.split) == ({"load"}, {})
    assert at(plan, call).action is Action.BRIDGED
    assert at(plan, call).reason == "load becomes async, and a test runner calls this outside of any event loop"


def test_what_a_test_waits_for_itself_is_left():
    draft = bridged()
    seed = draft.blocks("test_load")
    assert at(draft.plan(), seed).action is Action.LEFT


@pytest.mark.parametrize("position", [Position.BLOCKED, Position.AWAITED])
def test_a_call_that_cannot_be_bridged_keeps_its_target(position):
    draft = bridged()
    draft.calls("test_load", "load", place=replace(IN_LAMBDA, position=position))
    assert draft.plan().promoted == frozenset()


def test_what_belongs_to_one_event_loop_is_not_bridged():
    draft = bridged()
    draft.calls("test_load", "load")
    draft.define("start")
    draft.calls("load", "start")
    draft.loop_bound = frozenset({"start"})
    assert draft.plan().promoted == frozenset()
    assert "load needs one event loop from call to call" in locked(draft)["load"]


def test_a_test_that_async_code_calls_bridges_nothing():
    draft = bridged()
    draft.calls("test_load", "load")
    draft.define("serve", is_async=True)
    draft.calls("serve", "test_load")
    assert draft.plan().promoted == frozenset()
    assert "serve is async and may come to call test_load" in locked(draft)["load"]


def test_what_calls_a_test_that_bridges_does_not_become_async():
    draft = bridged()
    draft.calls("test_load", "load")
    draft.define("run_all")
    draft.calls("run_all", "test_load")
    seed = draft.blocks("run_all")
    plan = draft.plan()
    assert plan.promoted == {"load"}
    assert at(plan, seed).action is Action.LEFT
    assert "it comes to call test_load, which starts event loops" in at(plan, seed).reason


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.ASYNC])
@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_project_no_loop_starts_in_a_running_one(seed, scope):
    draft = random_draft(seed)
    facts = draft.facts()
    plan = draft.plan(scope)
    promotion, index = promote(facts, PlanningOptions(scope))
    running = {one.name for one in facts.functions.values() if one.is_async} | promotion.running
    bridging = {one.function for one in plan.findings if one.action is Action.BRIDGED} & facts.functions.keys()
    awaited = {(one.line, one.function) for one in plan.findings if one.action is Action.AWAITED}
    # by hand: what coroutines call that is not awaited, and what that calls
    sync, queue = set(), sorted(running)
    while queue:
        for site in index.by_caller[queue.pop()]:
            for name in site.targets if (site.span.line, site.caller) not in awaited else ():
                assert name not in promotion.split, f"a shell is called in line {site.span.line}"
                if name not in running and name not in sync:
                    sync.add(name)
                    queue.append(name)
    assert sync.isdisjoint(bridging)
