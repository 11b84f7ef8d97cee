"""Requests put together at random: what becomes native sends and gives the same, or a note tells how it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.model import HttpClient, Parity
from tests.behaviour_server import BehaviourServer
from tests.fixture_cases import write_tree
from tests.generated_requests import programs
from tests.test_behaviour import Manner, Run, migrated, run

NUMBER = 150
TELLING = (
    "gives every part of a form a Content-Type",
    "json() raises ContentTypeError when the server does not say application/json",
)
"""Parts of the notes on differences that these programs can show."""


def test_there_is_something_to_compare() -> None:
    assert list(programs(7, 3)) == list(programs(7, 3)) != list(programs(8, 3))
    for program in programs(7, 200):
        compile(program, "program", "exec")


@pytest.mark.parametrize("parity", Parity)
def test_what_becomes_native_does_the_same(parity: Parity, tmp_path: Path) -> None:
    texts = {f"program_{number}": text for number, text in enumerate(programs(2026, NUMBER))}
    before = tmp_path / "before"
    write_tree(before, {f"{name}.py": text.encode() for name, text in texts.items()})
    with BehaviourServer() as server:
        first = Run(run(before, server.url), server.take())
        after = migrated(before, Manner(HttpClient.AIOHTTP, parity), server, tmp_path / "after")
    native = [name for name in texts if after.actions[name] == {"native"}]
    assert NUMBER / 2 < len(native) < NUMBER
    for name in native:
        is_same = first.did[name] == after.run.did[name] and first.asked[name] == after.run.asked[name]
        is_told = parity is Parity.IDIOMATIC and any(told in after.notes[name] for told in TELLING)
        assert is_same or is_told, f"{texts[name]}{first.did[name]} {first.asked[name]}\n{after.run}"
