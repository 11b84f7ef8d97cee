"""Programs do the same before and after their migration: printed values, exceptions, and what a server receives.

All programs of `fixtures/behaviour` are migrated as one project, and run in two processes: before and after. A program
starts with comments: `# rows: ...` names the rows of the mapping that it covers, `# actions: native, offloaded` what
becomes of its requests (only `native` where it does not say), `# sent: differs` that the server receives something else
(a note says so), `# sent: unordered` that it receives the same in any order, `# note: ...` what a note says.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Scope
from tests.behaviour_server import CERTIFICATES, Asked, BehaviourServer
from tests.fixture_cases import FIXTURES, write_tree

FOLDER = FIXTURES / "behaviour"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))
RUNNER = Path(__file__).with_name("behaviour_runner.py")
SECONDS = 120
"""Programs that take longer hang: they are ended and the tests fail."""


@dataclass(frozen=True)
class Behaviour:
    """What the programs did, and what became of their requests."""

    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    asked_before: dict[str, list[Asked]]
    asked_after: dict[str, list[Asked]]
    actions: dict[str, set[str]]
    notes: dict[str, str]


def head(program: str, word: str) -> str | None:
    """What a comment at the start of a program says."""
    match = re.search(rf"^# {word}: (.*)$", (FOLDER / f"{program}.py").read_text(encoding="utf-8"), re.M)
    return None if match is None else match[1].strip()


def run(folder: Path, url: str) -> dict[str, dict[str, Any]]:
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-B", "-X", "utf8", str(RUNNER), str(folder), url],
        env=direct,
        cwd=CERTIFICATES,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    outcomes: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return outcomes


@pytest.fixture(scope="session")
def server() -> Iterator[BehaviourServer]:
    with BehaviourServer() as server:
        yield server


@pytest.fixture(scope="session")
def behaviour(server: BehaviourServer, tmp_path_factory: pytest.TempPathFactory) -> Behaviour:
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    files = {f"{name}.py": (FOLDER / f"{name}.py").read_bytes() for name in PROGRAMS}
    write_tree(before, files)
    migration = migrate([before], Config(scope=Scope.ASYNC))
    assert migration.problems == ()
    write_tree(after, {**files, **{change.source.path.name: change.after for change in migration.changes}})
    actions: dict[str, set[str]] = {name: set() for name in PROGRAMS}
    notes = dict.fromkeys(PROGRAMS, "")
    for finding in migration.findings:
        if finding.call.startswith("requests."):
            actions[Path(finding.path).stem].add(finding.action.value)
            notes[Path(finding.path).stem] += "".join(f"{note}\n" for note in finding.notes)
    done_before = run(before, server.url)
    asked_before = server.take()
    done_after = run(after, server.url)
    return Behaviour(done_before, done_after, asked_before, server.take(), actions, notes)


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_does_the_same(program: str, behaviour: Behaviour) -> None:
    before, after = behaviour.before[program], behaviour.after[program]
    assert before["printed"] or before["raised"], "a program that shows nothing proves nothing"
    assert before["complained"] == ""
    assert after == before


@pytest.mark.parametrize("program", PROGRAMS)
def test_server_receives_the_same(program: str, behaviour: Behaviour) -> None:
    before, after = behaviour.asked_before.get(program, []), behaviour.asked_after.get(program, [])
    assert before, "a program that asks nothing proves nothing"
    how = head(program, "sent")
    assert how in {None, "differs", "unordered"}
    if how == "unordered":
        before, after = sorted(before, key=repr), sorted(after, key=repr)
    assert (after == before) is (how != "differs")


@pytest.mark.parametrize("program", PROGRAMS)
def test_requests_become_what_the_program_says(program: str, behaviour: Behaviour) -> None:
    expected = (head(program, "actions") or "native").split(", ")
    assert behaviour.actions[program] == set(expected)


@pytest.mark.parametrize("program", [name for name in PROGRAMS if head(name, "note")])
def test_a_note_says_what_differs(program: str, behaviour: Behaviour) -> None:
    assert str(head(program, "note")) in behaviour.notes[program]


ROWS = tomllib.loads((FOLDER / "rows.toml").read_text(encoding="utf-8"))


def named_rows() -> set[str]:
    return {row for program in PROGRAMS for row in (head(program, "rows") or "").split("; ")}


def test_programs_name_rows_that_exist() -> None:
    assert named_rows() <= ROWS["rows"].keys() | ROWS["beside"].keys()
    assert set(ROWS["rows"].values()) == set("EADN")


def test_every_row_has_a_program_or_a_reason() -> None:
    """What no program shows is written down with the reason, and no longer than it holds."""
    assert ROWS["open"].keys() == ROWS["rows"].keys() - named_rows()
    assert all(ROWS["open"].values())
