"""Random control flow around requests does the same before and after, and asks the server the same.

The seeds are fixed. `AWAITIFY_FUZZ=1000:1500 pytest tests/test_control_flow.py` tries others.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Action, HttpClient, Scope
from tests.behaviour_server import Asked, BehaviourServer
from tests.control_flow import program
from tests.fixture_cases import write_tree
from tests.test_behaviour import run

FIRST, _, END = os.environ.get("AWAITIFY_FUZZ", "0:25").partition(":")
SEEDS = range(int(FIRST), int(END))


@dataclass(frozen=True)
class Outcome:
    """What the programs did, by name, and what they asked the server."""

    did: dict[str, dict[str, Any]]
    asked: dict[str, list[Asked]]


@dataclass(frozen=True)
class Fuzz:
    before: Outcome
    after: Outcome
    actions: Counter[Action]


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> dict[HttpClient, Fuzz]:
    before = tmp_path_factory.mktemp("before")
    files = {f"seed_{seed}.py": program(seed).encode() for seed in SEEDS}
    write_tree(before, files)
    with BehaviourServer() as server:
        done_before = Outcome(run(before, server.url), server.take())
        found = {}
        for client in HttpClient:
            migration = migrate([before], Config(scope=Scope.ASYNC, client=client))
            assert migration.problems == ()
            after = tmp_path_factory.mktemp(client.value)
            write_tree(after, {**files, **{change.source.path.name: change.after for change in migration.changes}})
            actions = Counter(one.action for one in migration.findings if one.call.startswith("requests."))
            found[client] = Fuzz(done_before, Outcome(run(after, server.url), server.take()), actions)
    return found


def asked(outcome: Outcome, name: str) -> list[Asked]:
    """What a program asked; aiohttp asks again when a connection is closed, and every request says so in a note."""
    return [one for one in outcome.asked.get(name, []) if one.target != "/close"]


@pytest.mark.parametrize("client", list(HttpClient))
@pytest.mark.parametrize("seed", SEEDS)
def test_program_does_the_same(seed: int, client: HttpClient, fuzz: dict[HttpClient, Fuzz]) -> None:
    name, done = f"seed_{seed}", fuzz[client]
    assert done.before.did[name]["raised"] is None
    assert done.after.did[name] == done.before.did[name], Path(f"{name}.py")
    assert sent(asked(done.after, name)) == sent(asked(done.before, name))


def sent(requests: list[Asked]) -> list[Asked]:
    """What was asked, with bodies as httpx writes JSON: without blanks, as every request with JSON says in a note."""
    return [replace(one, body=one.body.replace(b" ", b"")) for one in requests]


@pytest.mark.parametrize("client", list(HttpClient))
def test_most_requests_are_native(client: HttpClient, fuzz: dict[HttpClient, Fuzz]) -> None:
    """What is offloaded proves nothing here; sessions are, with httpx."""
    actions = fuzz[client].actions
    least = 2 * actions[Action.OFFLOADED] if client is HttpClient.AIOHTTP else actions[Action.OFFLOADED]
    assert actions[Action.NATIVE] > least
