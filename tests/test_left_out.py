"""A file whose change does not hold is left out, with all that depends on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods import migrate, verify
from codemods.config import Config
from codemods.model import Action, Scope
from codemods.tree import Tree
from tests.fixture_cases import write_tree

FETCHING = b"""\
import requests


def fetch(url):
    return requests.get(url, timeout=5).text
"""
CATCHING = b"""\
import requests

from fetching import fetch


async def main():
    try:
        print(fetch("http://127.0.0.1:1/"))
    except requests.Timeout:
        print("too slow")
"""
TELLING = b"""\
import requests


def is_worth_another_try(error):
    return isinstance(error, requests.ConnectionError)
"""


def migrated_without(
    folder: Path, files: dict[str, bytes], refused: str | None, monkeypatch: pytest.MonkeyPatch
) -> tuple[set[str], set[Action], list[str]]:
    """The files that change, what becomes of requests, and what is complained of, where one file's change fails."""

    holds = verify.verify

    def refuses(before: Tree, after: str, expected: verify.Expectation) -> verify.Failure | None:
        is_refused = refused is not None and before.code == files[refused].decode()
        return verify.Failure(1, "it does not hold") if is_refused else holds(before, after, expected)

    monkeypatch.setattr(verify, "verify", refuses)
    write_tree(folder, files)
    migration = migrate([folder], Config(scope=Scope.ALL), folder)
    actions = {one.action for one in migration.findings if one.call == "requests.get"}
    return {change.source.path.name for change in migration.changes}, actions, [one.path for one in migration.problems]


@pytest.mark.parametrize("files", [{"catching.py": CATCHING}, {"catching.py": CATCHING, "telling.py": TELLING}])
def test_all_files_change_together(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = {"fetching.py": FETCHING, **files}
    assert migrated_without(tmp_path, every, None, monkeypatch) == (set(every), {Action.NATIVE}, [])


def test_a_request_stays_where_its_handler_cannot_name_other_exceptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"fetching.py": FETCHING, "catching.py": CATCHING}
    changed, actions, problems = migrated_without(tmp_path, files, "catching.py", monkeypatch)
    assert (changed, actions, problems) == (set(), {Action.LEFT}, ["catching.py"])


def test_a_request_stays_where_its_exceptions_cannot_be_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"fetching.py": FETCHING, "catching.py": CATCHING, "telling.py": TELLING}
    changed, actions, problems = migrated_without(tmp_path, files, "telling.py", monkeypatch)
    assert actions == {Action.OFFLOADED}
    assert "telling.py" not in changed
    assert problems == ["telling.py"]


def test_a_request_of_a_coroutine_function_does_not_change_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "fetching.py": FETCHING.replace(b"def fetch", b"async def fetch"),
        "catching.py": CATCHING.replace(b'fetch("', b'await fetch("'),
    }
    assert migrated_without(tmp_path, files, None, monkeypatch)[1] == {Action.NATIVE}
    changed, actions, problems = migrated_without(tmp_path, files, "catching.py", monkeypatch)
    assert (changed, actions, problems) == ({"fetching.py"}, {Action.OFFLOADED}, ["catching.py"])
