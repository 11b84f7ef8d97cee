"""Programs do the same before and after their migration: printed values, exceptions, and what a server receives.

All programs of `fixtures/behaviour` are migrated as one project, once for each client and parity, and run before and
after, each time in a process of their own. A program starts with comments: `# rows: ...` names the rows of the mapping
that it covers, `# actions: native, offloaded` what becomes of its requests (only `native` where it does not say),
`# sent: differs` that the server receives something else (a note says so), `# sent: unordered` that it receives the
same in any order, `# note: ...` what a note says. These are for aiohttp; for httpx `# httpx: offloaded` says what
becomes of the requests, `# httpx-sent: ...` how they are sent, `# httpx-prints: ...` what a note says where something
else is printed. With strict parity the requests become what they become without unless `# strict: ...` says otherwise,
and what is sent and printed is the same as before unless `# strict-sent: ...` or `# strict-prints: ...` says otherwise.
For httpx these are `# httpx-strict: ...`, `# httpx-strict-sent: ...` and `# httpx-strict-prints: ...`.

Programs with `# shared: same` are migrated once more with sessions that requests share, and do the same then, too;
with `# shared: sent` the server receives something else, and with `# shared: differs` they print something else, each
of which a note says.
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
from codemods.model import HttpClient, Parity, Scope, SessionMode
from tests.behaviour_server import CERTIFICATES, Asked, BehaviourServer
from tests.fixture_cases import FIXTURES, write_tree

FOLDER = FIXTURES / "behaviour"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))
RUNNER = Path(__file__).with_name("behaviour_runner.py")
SECONDS = 120
"""Programs that take longer hang: they are ended and the tests fail."""


@dataclass(frozen=True)
class Run:
    """What the programs did, and what a server was asked."""

    did: dict[str, dict[str, Any]]
    asked: dict[str, list[Asked]]


@dataclass(frozen=True)
class Migrated:
    """What became of the programs and their requests."""

    run: Run
    actions: dict[str, set[str]]
    notes: dict[str, str]


@dataclass(frozen=True)
class Manner:
    """How programs are migrated."""

    client: HttpClient
    parity: Parity

    def says(self, program: str, word: str) -> str | None:
        """What a program says of it under `sent` or `prints`."""
        return head(program, "-".join([*self._words(), word]))

    def actions(self, program: str) -> set[str]:
        """What becomes of a program's requests: with strict parity the same as without where it does not say."""
        words = self._words()
        idiomatic = "actions" if self.client is HttpClient.AIOHTTP else self.client.value
        said = head(program, "-".join(words)) if self.parity is Parity.STRICT else None
        return set((said or head(program, idiomatic) or "native").split(", "))

    def _words(self) -> list[str]:
        """What heads of programs call it; nothing for what they speak of by themselves."""
        client = [] if self.client is HttpClient.AIOHTTP else [self.client.value]
        return [*client, *([] if self.parity is Parity.IDIOMATIC else [self.parity.value])]


MANNERS = [Manner(client, parity) for client in HttpClient for parity in Parity]


@dataclass(frozen=True)
class Behaviour:
    """All of it, before and after."""

    before: Run
    after: dict[Manner, Migrated]


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
    before = tmp_path_factory.mktemp("before")
    write_tree(before, {f"{name}.py": (FOLDER / f"{name}.py").read_bytes() for name in PROGRAMS})
    done = Run(run(before, server.url), server.take())
    after = {manner: migrated(before, manner, server, tmp_path_factory.mktemp(manner.client)) for manner in MANNERS}
    return Behaviour(done, after)


def migrated(
    before: Path, manner: Manner, server: BehaviourServer, folder: Path, session: SessionMode = SessionMode.CALL
) -> Migrated:
    programs = sorted(path.stem for path in before.glob("*.py"))
    config = Config(scope=Scope.ASYNC, client=manner.client, parity=manner.parity, session=session)
    migration = migrate([before], config)
    assert migration.problems == ()
    files = {f"{name}.py": (before / f"{name}.py").read_bytes() for name in programs}
    write_tree(folder, {**files, **{change.source.path.name: change.after for change in migration.changes}})
    actions: dict[str, set[str]] = {name: set() for name in programs}
    notes = dict.fromkeys(programs, "")
    for finding in migration.findings:
        if finding.call.startswith("requests."):
            actions[Path(finding.path).stem].add(finding.action.value)
            notes[Path(finding.path).stem] += "".join(f"{note}\n" for note in finding.notes)
    return Migrated(Run(run(folder, server.url), server.take()), actions, notes)


for_each_manner = pytest.mark.parametrize("manner", MANNERS, ids=lambda one: f"{one.client}-{one.parity}")


@for_each_manner
@pytest.mark.parametrize("program", PROGRAMS)
def test_program_does_the_same(program: str, manner: Manner, behaviour: Behaviour) -> None:
    before, after = behaviour.before.did[program], behaviour.after[manner].run.did[program]
    assert before["printed"] or before["raised"], "a program that shows nothing proves nothing"
    assert before["complained"] == ""
    differs = manner.says(program, "prints")
    assert (after == before) is (differs is None)
    assert differs is None or differs in behaviour.after[manner].notes[program]
    assert after["complained"] == ""


@for_each_manner
@pytest.mark.parametrize("program", PROGRAMS)
def test_server_receives_the_same(program: str, manner: Manner, behaviour: Behaviour) -> None:
    before, after = behaviour.before.asked.get(program, []), behaviour.after[manner].run.asked.get(program, [])
    assert before, "a program that asks nothing proves nothing"
    how = manner.says(program, "sent")
    assert how in {None, "differs", "unordered"}
    if how == "unordered":
        before, after = sorted(before, key=repr), sorted(after, key=repr)
    assert (after == before) is (how != "differs")


@for_each_manner
@pytest.mark.parametrize("program", PROGRAMS)
def test_requests_become_what_the_program_says(program: str, manner: Manner, behaviour: Behaviour) -> None:
    assert behaviour.after[manner].actions[program] == manner.actions(program)


SHARING = [name for name in PROGRAMS if head(name, "shared")]


@pytest.fixture(scope="session")
def shared(
    server: BehaviourServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[HttpClient, SessionMode], Migrated]:
    before = tmp_path_factory.mktemp("sharing")
    write_tree(before, {f"{name}.py": (FOLDER / f"{name}.py").read_bytes() for name in SHARING})
    return {
        (client, session): migrated(
            before, Manner(client, Parity.IDIOMATIC), server, tmp_path_factory.mktemp(session.value), session
        )
        for client in HttpClient
        for session in (SessionMode.FUNCTION, SessionMode.INJECT)
    }


@pytest.mark.parametrize("client", list(HttpClient))
@pytest.mark.parametrize("session", [SessionMode.FUNCTION, SessionMode.INJECT])
@pytest.mark.parametrize("program", SHARING)
def test_program_does_the_same_with_a_session_that_is_shared(
    program: str,
    client: HttpClient,
    session: SessionMode,
    behaviour: Behaviour,
    shared: dict[tuple[HttpClient, SessionMode], Migrated],
) -> None:
    how, before, after = head(program, "shared"), behaviour.before, shared[client, session]
    assert how in {"same", "sent", "differs"}
    assert (after.run.did[program] == before.did[program]) is (how != "differs")
    assert (after.run.asked[program] == before.asked[program]) is (how == "same")
    assert after.run.did[program]["complained"] == ""
    assert "shares" in after.notes[program], "a program whose requests share nothing proves nothing"


@pytest.mark.parametrize("program", [name for name in PROGRAMS if head(name, "note")])
def test_a_note_says_what_differs(program: str, behaviour: Behaviour) -> None:
    assert str(head(program, "note")) in behaviour.after[MANNERS[0]].notes[program]


UNTRUE_WHEN_STRICT = {
    HttpClient.AIOHTTP: (
        *(
            "10 redirects",
            "8190 bytes",
            "300 seconds",
            "json() raises",
            "the first value",
            "keeps no cookies of a host",
        ),
        *("a body that breaks off", "bytes that do not fit", "with the empty body", "to int, sends members"),
        *("aiohttp raises TypeError for values in headers=", "gives every part of a form"),
    ),
    HttpClient.HTTPX: (
        *("copy_merge_params", "leaves %", "JSON without blanks", "takes JSON as UTF-8", "304, too"),
        *("in headers as UTF-8", "Python shows them", "anything of urllib3"),
    ),
}
"""What notes say of forms that strict parity does not write."""


@pytest.mark.parametrize("client", list(HttpClient))
def test_strict_parity_tells_nothing_that_it_has_adjusted(client: HttpClient, behaviour: Behaviour) -> None:
    strict, idiomatic = (
        "".join(behaviour.after[Manner(client, parity)].notes.values()) for parity in (Parity.STRICT, Parity.IDIOMATIC)
    )
    said = [text for text in UNTRUE_WHEN_STRICT[client] if text in idiomatic]
    assert said
    assert [text for text in said if text in strict] == []


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
