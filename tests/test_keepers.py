"""Which objects get a session of another library, on facts written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from codemods.facts.graph import CallKind
from codemods.model import Action, Scope, Span
from codemods.planning.facts import Keeper, Making, PlanningOptions
from codemods.planning.plan import Plan, make_plan
from codemods.rules.rule import Awaited, Kept
from tests.handmade import AWAITED, IN_LAMBDA, NATIVE, Draft, actions

KEPT = replace(NATIVE, kept=Kept("session"))


class Shop(Draft):
    """`main` makes a shop and has it `ask`; what is said is of `ask`."""

    def __init__(self, **about: Any) -> None:
        super().__init__("async main")
        self.define("init")
        self.define("ask", **about)
        self.request = self.blocks("ask", offer=KEPT)
        self.made = self.calls("main", "init", kind=CallKind.CONSTRUCT)
        self.call = self.calls("main", "ask", place=AWAITED) if about.get("is_async") else self.calls("main", "ask")
        self.making: Mapping[str, Any] = {}
        self.keeper: Mapping[str, Any] = {}

    def kept(self, scope: Scope = Scope.ALL) -> Plan:
        facts = self.facts()
        place = next(one.span for one in facts.sites if one.span.line == self.made)
        making = Making("a.py", place, **{"caller": "main", "first": place, "last": place, **self.making})
        methods = frozenset({"init", "ask", "peek", "shut", "leave"} & facts.functions.keys())
        keeper = Keeper(
            "Shop", methods, **{"init": "init", "attribute": "session", "makings": (making,), **self.keeper}
        )
        return make_plan(replace(facts, keepers=(keeper,)), PlanningOptions(scope=scope))


def request_of(plan: Plan, shop: Shop) -> tuple[Action, str]:
    found = {one.finding.line: one.finding for one in plan.decisions["a.py"]}[shop.request]
    return found.action, found.reason


def is_kept(plan: Plan, shop: Shop) -> bool:
    return request_of(plan, shop)[0] is Action.NATIVE


@pytest.mark.parametrize("is_async", [False, True])
def test_an_object_that_a_coroutine_makes_gets_a_session(is_async: bool):
    shop = Shop(is_async=is_async)
    plan = shop.kept()
    assert is_kept(plan, shop)
    assert [one.span.line for one in plan.makings] == [shop.made]


def test_nothing_is_closed_where_a_session_stays():
    shop = Shop()
    shop.keeper = {"refusal": "something may ask for it"}
    plan = shop.kept()
    assert request_of(plan, shop) == (
        Action.OFFLOADED,
        "its session is kept on an object, and something may ask for it",
    )
    assert plan.makings == ()


def test_a_place_that_cannot_close_it_is_enough():
    shop = Shop()
    shop.making = {"refusal": "is handed on in line 3"}
    assert "and the one of a.py:2 is handed on in line 3" in request_of(shop.kept(), shop)[1]


def test_what_makes_it_has_to_run_in_the_loop():
    shop = Shop()
    shop.define("maker")
    shop.making = {"caller": "maker"}
    assert "and maker, which makes one in a.py:2, stays sync" in request_of(shop.kept(), shop)[1]


def test_one_request_that_stays_keeps_them_all():
    shop = Shop()
    other = shop.blocks("ask", offer=replace(KEPT, native=None, reason="it cannot be"))
    assert f"and the request in a.py:{other} stays what it is" in request_of(shop.kept(), shop)[1]


@pytest.mark.parametrize("about", [{"place": IN_LAMBDA}, {"is_ignored": True}])
def test_a_request_that_is_not_made_natively_keeps_them_all(about: dict[str, Any]):
    shop = Shop()
    shop.blocks("ask", offer=KEPT, **about)
    assert not is_kept(shop.kept(), shop)


def test_a_request_in_what_stays_sync_keeps_them_all():
    shop = Shop()
    shop.define("peek", lock="it is a property")
    shop.blocks("peek", offer=KEPT)
    assert not is_kept(shop.kept(), shop)


def test_what_goes_together_with_a_request_stays_with_it():
    shop = Shop()
    shop.keeper = {"refusal": "something may ask for it"}
    shop.blocking = [replace(one, offer=replace(one.offer, group="r")) for one in shop.blocking]
    other = shop.blocks("ask", offer=replace(NATIVE, group="r"))
    assert actions(shop.kept())[other] is Action.OFFLOADED


def test_a_request_with_another_attribute_has_nothing_to_do_with_it():
    shop = Shop()
    shop.blocks("ask", offer=replace(KEPT, kept=Kept("other"), native=None))
    assert is_kept(shop.kept(), shop)


def test_what_runs_on_behind_it_keeps_it():
    shop = Shop(is_async=True)
    task = shop.calls("main", "ask")
    assert f"and what a.py:{task} calls may go on without it" in request_of(shop.kept(), shop)[1]


def test_a_coroutine_that_gets_it_is_awaited():
    shop = Shop()
    shop.define("use", is_async=True)
    task = shop.calls("main", "use")
    span = next(one.span for one in shop.sites if one.span.line == task)
    shop.making = {"runs": frozenset({("a.py", span)})}
    assert not is_kept(shop.kept(), shop)
    shop.sites = [replace(one, place=AWAITED) if one.span == span else one for one in shop.sites]
    assert is_kept(shop.kept(), shop)


def test_a_method_that_yields_may_be_left_in_the_middle():
    shop = Shop(is_async=True, is_generator=True)
    assert "and ask yields, and may be left in the middle" in request_of(shop.kept(), shop)[1]


@pytest.mark.parametrize(("scope", "is_wanted"), [(Scope.ALL, True), (Scope.ASYNC, False)])
def test_who_makes_what_nobody_makes_is_told_to_close_it(scope: Scope, is_wanted: bool):
    shop = Shop()
    shop.keeper = {"makings": ()}
    assert is_kept(shop.kept(scope), shop) == is_wanted


def test_what_makes_it_is_no_work_for_a_thread():
    shop = Shop()
    shop.blocks("init", offer=replace(NATIVE, native=None, reason="it has no async form"))
    made = {one.finding.line: one.finding for one in shop.kept().decisions["a.py"]}[shop.made]
    assert made.action is Action.LEFT
    assert "it needs the running event loop" in made.reason


class Closed(Shop):
    """A shop whose `leave`, which `with` calls, has `shut` close it."""

    def __init__(self) -> None:
        super().__init__()
        self.define("leave", lock="Python itself calls it")
        self.define("shut")
        self.shuts = self.calls("leave", "shut")
        closes = replace(KEPT, native=Awaited(Span(1, 1, 1, 2)))
        self.closes = self.blocks("shut", offer=closes)
        self.keeper = {"closer": "leave"}


def test_what_closes_it_at_the_end_becomes_async_with_it():
    shop = Closed()
    plan = shop.kept()
    found = actions(plan)
    assert (found[shop.request], found[shop.closes], found[shop.shuts]) == (
        Action.NATIVE,
        Action.NATIVE,
        Action.AWAITED,
    )
    assert "shut" in plan.promoted


def test_it_stays_what_it_is_where_the_session_does():
    shop = Closed()
    shop.keeper = {"closer": "leave", "refusal": "something may ask for it"}
    plan = shop.kept()
    found = actions(plan)
    assert found[shop.request] is Action.OFFLOADED
    assert found.keys().isdisjoint({shop.closes, shop.shuts})
    assert "shut" not in plan.promoted


def test_a_with_statement_that_does_not_make_it_keeps_it():
    shop = Closed()
    other = shop.calls("main", "leave", kind=CallKind.IMPLICIT)
    assert f"and a.py:{other} closes it otherwise" in request_of(shop.kept(), shop)[1]
