"""Random control flow around requests does the same before and after, and asks the server the same.

The seeds are fixed. `AWAITIFY_FUZZ=1000:1500 pytest tests/test_control_flow.py` tries others.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Action, Scope
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
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Fuzz:
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    files = {f"seed_{seed}.py": program(seed).encode() for seed in SEEDS}
    write_tree(before, files)
    migration = migrate([before], Config(scope=Scope.ASYNC))
    assert migration.problems == ()
    write_tree(after, {**files, **{change.source.path.name: change.after for change in migration.changes}})
    actions = Counter(finding.action for finding in migration.findings if finding.call.startswith("requests."))
    with BehaviourServer() as server:
        done_before, done_after = (Outcome(run(folder, server.url), server.take()) for folder in (before, after))
    return Fuzz(done_before, done_after, actions)


def asked(outcome: Outcome, name: str) -> list[Asked]:
    """What a program asked; aiohttp asks again when a connection is closed, and every request says so in a note."""
    return [one for one in outcome.asked.get(name, []) if one.target != "/close"]


@pytest.mark.parametrize("seed", SEEDS)
def test_program_does_the_same(seed: int, fuzz: Fuzz) -> None:
    name = f"seed_{seed}"
    assert fuzz.before.did[name]["raised"] is None
    assert fuzz.after.did[name] == fuzz.before.did[name], Path(f"{name}.py")
    assert asked(fuzz.after, name) == asked(fuzz.before, name)


def test_most_requests_are_native(fuzz: Fuzz) -> None:
    """What is offloaded proves nothing here."""
    assert fuzz.actions[Action.NATIVE] > 2 * fuzz.actions[Action.OFFLOADED]
