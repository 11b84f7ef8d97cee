"""Which sessions that functions hand on can become another library's, on facts written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codemods.facts.graph import CallKind
from codemods.model import Action, Span
from codemods.planning.facts import ANYWHERE, PlanningFacts, PlanningOptions, SessionHolder
from codemods.planning.plan import Plan, make_plan
from codemods.rules.rule import SettingNotes
from tests.handmade import AT_MAIN, AWAITED, IN_LAMBDA, NATIVE, TEST, THREAD_ONLY, Draft, actions, at

DEPENDS = SettingNotes("cookies", told="it has a jar", untold="it has none")


class Families(Draft):
    """Functions whose variables hold sessions, each called as its function is, with `_session` behind it."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.holders: list[SessionHolder] = []

    def holds(self, function: str, *others: str, **about: Any) -> None:
        """The variable of a function, and the functions whose variables it hands its session on to."""
        known = {(one, f"{one}_session") for one in others}
        asked = frozenset(one.span for one in self.blocking if one.offer.holder and one.caller == function)
        given: dict[str, Any] = {"form": f"form of {function}", "requests": asked, "others": frozenset(known), **about}
        self.holders.append(SessionHolder("a.py", function, f"{function}_session", **given))

    def asks(self, function: str, **about: Any) -> int:
        return self.blocks(function, **{"offer": replace(NATIVE, holder=f"{function}_session"), **about})

    def facts(self) -> PlanningFacts:
        return replace(super().facts(), holders=tuple(self.holders))

    def planned(self) -> Plan:
        return make_plan(self.facts(), PlanningOptions())


def chained(leaf: dict[str, Any] | None = None, main: dict[str, Any] | None = None, **about: Any) -> Families:
    """`main` makes a session for `middle`, and that hands it on to `leaf`, which asks; what is said is of `middle`."""
    draft = Families("async main")
    draft.define("middle")
    draft.define("leaf")
    draft.calls("main", "middle")
    draft.calls("middle", "leaf")
    draft.asks("leaf")
    draft.holds("main", "middle", depends=DEPENDS, **(main or {}))
    draft.holds("middle", "leaf", is_parameter=True, **about)
    draft.holds("leaf", is_parameter=True, **(leaf or {}))
    return draft


def test_a_session_is_known_down_a_chain():
    plan = chained().planned()
    assert actions(plan) == {1: Action.AWAITED, 2: Action.AWAITED, 3: Action.NATIVE}
    assert [one.form for one in plan.holders] == ["form of leaf", "form of main", "form of middle"]
    assert at(plan, 3).notes == ("it has none", "it differs")


def test_a_session_is_told_what_any_of_its_holders_needs():
    plan = chained(leaf={"settings": ("cookies",)}, notes=("in another order",)).planned()
    assert {one.settings for one in plan.holders} == {("cookies",)}
    assert at(plan, 3).notes == ("it has a jar", "in another order", "it differs")


@pytest.mark.parametrize("of", ["leaf", "main", "middle"])
def test_one_holder_that_is_refused_holds_up_all(of: str):
    about: dict[str, Any] = {"refusal": "is kept", "form": None}
    plan = (chained(**about) if of == "middle" else chained(**{of: about})).planned()
    assert actions(plan)[3] is Action.OFFLOADED
    assert plan.holders == ()
    assert at(plan, 3).reason == f"its session goes from function to function: {of}_session of {of} is kept"


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"runner": TEST}, "something outside of the project may call middle"),
        ({"is_called_from_outside": True}, "something outside of the project may call middle"),
        ({"foreign_caller": "a test runner"}, "something outside of the project may call middle"),
        ({"is_generator": True}, "middle, which holds it, yields, and may be left in the middle"),
    ],
)
def test_what_others_may_call_or_leave_takes_none(about: dict[str, Any], why: str):
    draft = chained()
    draft.define("middle", is_async=True, **about)
    draft.sites = [replace(one, place=AWAITED) if one.targets == ("middle",) else one for one in draft.sites]
    plan = draft.planned()
    assert actions(plan)[3] is Action.OFFLOADED
    assert at(plan, 3).reason.endswith(why)


@pytest.mark.parametrize(
    "about",
    [
        {"place": IN_LAMBDA},
        {"is_mixed": True},
        {"is_by_flow": True},
        {"kind": CallKind.IMPLICIT},
        {"targets": ("middle", "leaf")},
        {"caller": "a:", "place": AT_MAIN},
    ],
)
def test_every_call_has_to_be_known_and_awaited(about: dict[str, Any]):
    draft = chained()
    draft.calls("main", "middle")
    draft.sites[-1] = replace(draft.sites[-1], **about)
    plan = draft.planned()
    assert plan.holders == ()
    assert Action.NATIVE not in actions(plan).values()


def test_a_call_of_a_coroutine_function_that_is_not_awaited_hands_on_none():
    draft = chained()
    draft.define("middle", is_async=True)
    assert draft.planned().holders == ()
    draft.sites = [replace(one, place=AWAITED) if one.targets == ("middle",) else one for one in draft.sites]
    assert len(draft.planned().holders) == 3


def test_a_function_that_stays_sync_holds_none():
    draft = chained()
    draft.define("middle", lock="it is a property")
    plan = draft.planned()
    assert plan.holders == ()
    assert actions(plan)[3] is Action.LEFT


def test_what_nothing_calls_and_what_nothing_makes_is_given_none():
    draft = Families("async leaf")
    draft.asks("leaf")
    draft.holds("leaf", is_parameter=True)
    assert "nothing in the project calls leaf" in at(draft.planned(), 1).reason
    draft.calls("leaf", "leaf", place=AWAITED)
    assert "nothing that is known makes leaf_session" in at(draft.planned(), 1).reason


@pytest.mark.parametrize(
    "about",
    [
        {"offer": replace(THREAD_ONLY, holder="main_session")},
        {"is_ignored": True},
        {"place": IN_LAMBDA},
        {"place": replace(ANYWHERE, position=AWAITED.position)},
    ],
)
def test_a_request_that_stays_what_it_is_keeps_all_that_share_its_session(about: dict[str, Any]):
    draft = chained()
    asked = draft.asks("main", **about)
    draft.holders = [replace(one, requests=frozenset({draft.blocking[-1].span})) if one.function == "main" else one
                     for one in draft.holders]  # fmt: skip
    plan = draft.planned()
    assert plan.holders == ()
    assert actions(plan)[3] is Action.OFFLOADED
    assert f"the request in a.py:{asked} stays what it is" in at(plan, 3).reason


def test_a_request_that_is_not_known_keeps_all_that_share_its_session():
    draft = chained(requests=frozenset({Span(77, 1, 77, 9)}))
    plan = draft.planned()
    assert plan.holders == ()
    assert "the request in a.py:77 could not be resolved" in at(plan, 3).reason


def test_a_session_that_is_not_followed_stays():
    draft = chained()
    draft.holders = []
    assert "it is not known where leaf_session goes" in at(draft.planned(), 3).reason


def test_what_is_taken_back_takes_its_group_with_it():
    draft = chained(refusal="is kept")
    draft.blocks("leaf", replace(NATIVE, group="r"))
    draft.blocking[0] = replace(draft.blocking[0], offer=replace(draft.blocking[0].offer, group="r"))
    assert actions(draft.planned())[4] is Action.OFFLOADED


def test_another_session_is_another_family():
    draft = chained(refusal="is kept")
    draft.define("other", is_async=True)
    draft.define("helper")
    draft.calls("other", "helper")
    asked = draft.asks("helper")
    draft.holds("other", "helper", depends=DEPENDS)
    draft.holds("helper", is_parameter=True)
    plan = draft.planned()
    assert actions(plan)[3] is Action.OFFLOADED
    assert actions(plan)[asked] is Action.NATIVE
    assert [one.form for one in plan.holders] == ["form of helper", "form of other"]
