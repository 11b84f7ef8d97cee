"""Which calls share a session, and who opens it, on facts written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codemods.facts.graph import CallKind
from codemods.facts.levels import Level
from codemods.model import SessionMode, Span
from codemods.planning.facts import PlanningOptions, SessionRoom
from codemods.planning.plan import Plan, make_plan
from codemods.planning.sessions import Opening
from tests.handmade import AWAITED, IN_LAMBDA, NATIVE, TEST, Draft

SHARING = replace(NATIVE, shared_notes=("it shares",))


def line(number: int) -> Span:
    return Span(number, 1, number, 9)


def level(block: int, first: int, last: int | None = None, *, is_repeated: bool = False) -> Level:
    return Level(line(block), line(first), line(last or first), is_repeated)


class Sessions(Draft):
    """Functions with room for a session, in whose body every call stands in its own line."""

    def define(self, name: str, **about: Any) -> None:
        super().define(name, **{"room": SessionRoom(f"session_of_{name}", can_take=True), **about})

    def asks(self, caller: str, **about: Any) -> int:
        place = {"levels": (level(1, self._line + 1),), **about}
        return self.blocks(caller, **{"offer": SHARING, **place})

    def gives(self, caller: str, *targets: str, **about: Any) -> int:
        return self.calls(caller, *targets, **{"levels": (level(1, self._line + 1),), **about})

    def shared(self, session: SessionMode) -> Plan:
        return make_plan(self.facts(), PlanningOptions(session=session))


def opened(plan: Plan) -> list[tuple[int, int, str]]:
    return [(one.first.line, one.last.line, one.name) for one in plan.sessions.openings]


def test_nothing_is_shared_unless_asked_for():
    draft = Sessions("async main")
    draft.asks("main")
    draft.asks("main")
    plan = draft.shared(SessionMode.CALL)
    assert plan.sessions.openings == ()
    assert plan.sessions.users == {}


def test_requests_of_a_function_share_a_session_around_all_of_them():
    draft = Sessions("async main")
    lines = [draft.asks("main"), draft.blocks("main"), draft.asks("main")]
    plan = draft.shared(SessionMode.FUNCTION)
    assert plan.sessions.openings == (Opening("a.py", line(1), line(3), "session_of_main"),)
    sessions = {one.finding.line: (one.session, one.finding.notes) for one in plan.decisions["a.py"]}
    assert sessions[lines[0]] == ("session_of_main", ("it shares", "it differs"))
    assert sessions[lines[1]] == (None, ("it differs",))


def test_a_single_request_shares_only_when_it_is_repeated():
    draft = Sessions("async once again")
    draft.define("again", is_async=True)
    draft.asks("once")
    draft.asks("again", levels=(level(10, 11), level(12, 13, is_repeated=True)))
    assert opened(draft.shared(SessionMode.FUNCTION)) == [(11, 11, "session_of_again")]


def test_the_stretch_is_the_smallest_of_one_block_that_no_loop_is_around():
    draft = Sessions("async main")
    draft.asks("main", levels=(level(10, 11), level(12, 13), level(14, 15, is_repeated=True)))
    draft.asks("main", levels=(level(10, 11), level(12, 16), level(17, 18)))
    draft.asks("main", levels=(level(10, 11), level(12, 19, 21)))
    assert opened(draft.shared(SessionMode.FUNCTION)) == [(13, 21, "session_of_main")]


def test_the_branches_of_a_statement_are_two_blocks():
    draft = Sessions("async main")
    draft.asks("main", levels=(level(10, 11), level(12, 13)))
    draft.asks("main", levels=(level(10, 11), level(14, 15)))
    assert opened(draft.shared(SessionMode.FUNCTION)) == [(11, 11, "session_of_main")]


def test_what_starts_with_the_same_statement_is_held_whole():
    draft = Sessions("async main")
    draft.asks("main", levels=(level(10, 11),))
    draft.blocks("main", levels=(level(10, 11, 20),))
    draft.asks("main", levels=(level(10, 12),))
    assert opened(draft.shared(SessionMode.FUNCTION)) == [(11, 20, "session_of_main")]


@pytest.mark.parametrize(
    "about", [{"room": None}, {"is_generator": True}, {"lock": "it is a property"}, {"lock": "it yields"}]
)
def test_what_cannot_hold_a_session_shares_none(about: dict[str, Any]):
    draft = Sessions()
    draft.define("main", is_async="lock" not in about, **about)
    draft.asks("main")
    draft.asks("main")
    assert opened(draft.shared(SessionMode.FUNCTION)) == []
    assert opened(draft.shared(SessionMode.INJECT)) == []


def chained(**about: Any) -> Sessions:
    """`main` calls `middle`, and that calls `leaf`, which asks twice; what is said is of `middle`."""
    draft = Sessions("async main")
    draft.define("middle", **about)
    draft.define("leaf")
    draft.gives("main", "middle")
    draft.gives("middle", "leaf")
    draft.asks("leaf")
    draft.asks("leaf")
    return draft


def test_a_session_is_handed_down_a_chain():
    plan = chained().shared(SessionMode.INJECT)
    assert opened(plan) == [(1, 1, "session_of_main")]
    assert plan.sessions.parameters == {"middle": "session_of_middle", "leaf": "session_of_leaf"}
    handings = sorted(plan.sessions.handings, key=lambda one: one.call)
    assert [(one.call.line, one.parameter, one.name) for one in handings] == [
        (1, "session_of_middle", "session_of_main"),
        (2, "session_of_leaf", "session_of_middle"),
    ]
    assert set(plan.sessions.users.values()) == {"session_of_leaf"}


@pytest.mark.parametrize(
    "about",
    [
        {"room": SessionRoom("session_of_middle", can_take=False)},
        {"is_called_from_outside": True},
        {"foreign_caller": "a test runner"},
        {"runner": TEST},
    ],
)
def test_what_cannot_take_a_session_opens_it_for_what_it_calls(about: dict[str, Any]):
    draft = chained(is_async=True, **about)
    draft.sites = [replace(one, place=AWAITED) if one.targets == ("middle",) else one for one in draft.sites]
    plan = draft.shared(SessionMode.INJECT)
    assert opened(plan) == [(2, 2, "session_of_middle")]
    assert plan.sessions.parameters == {"leaf": "session_of_leaf"}


def test_a_function_used_as_a_value_takes_none():
    draft = chained()
    draft.values = frozenset({"middle"})
    assert draft.shared(SessionMode.INJECT).sessions.parameters == {"leaf": "session_of_leaf"}


@pytest.mark.parametrize(
    "site",
    [
        {"is_mixed": True},
        {"is_by_flow": True},
        {"kind": CallKind.IMPLICIT},
        {"levels": ()},
    ],
)
def test_one_call_that_cannot_hand_it_on_is_enough(site: dict[str, Any]):
    draft = chained(is_async=True)
    draft.sites = [replace(one, place=AWAITED) if one.targets == ("middle",) else one for one in draft.sites]
    assert "middle" in draft.shared(SessionMode.INJECT).sessions.parameters
    draft.gives("main", "middle", **{"place": AWAITED, **site})
    assert "middle" not in draft.shared(SessionMode.INJECT).sessions.parameters


def test_an_async_function_takes_one_only_where_its_call_is_awaited():
    draft = chained(is_async=True)
    assert "middle" not in draft.shared(SessionMode.INJECT).sessions.parameters
    draft.sites = [replace(one, place=IN_LAMBDA) if one.targets == ("middle",) else one for one in draft.sites]
    assert "middle" not in draft.shared(SessionMode.INJECT).sessions.parameters


def test_families_take_none():
    draft = chained()
    draft.define("other", overrides="middle")
    assert draft.shared(SessionMode.INJECT).sessions.parameters == {"leaf": "session_of_leaf"}


def test_a_generator_hands_none_on():
    draft = chained()
    draft.define("main", is_async=True, is_generator=True)
    plan = draft.shared(SessionMode.INJECT)
    assert opened(plan) == [(2, 2, "session_of_middle")]


def test_what_only_calls_itself_takes_none():
    draft = Sessions("async up")
    draft.gives("up", "up", place=AWAITED)
    draft.asks("up")
    plan = draft.shared(SessionMode.INJECT)
    assert plan.sessions.parameters == {}
    assert opened(plan) == []


def test_what_needs_no_session_takes_none():
    draft = Sessions("async main")
    draft.define("idle")
    draft.gives("main", "idle")
    draft.blocks("idle")
    assert draft.shared(SessionMode.INJECT).sessions.parameters == {}
