"""Whole projects become what their fixtures say, and their programs print the same before and after."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codemods import migrate
from codemods.config import Config, load_config
from codemods.model import Migration, Scope
from tests.fixture_cases import (
    FixtureError,
    Program,
    ProjectCase,
    difference,
    load_project_cases,
    read_tree,
    write_tree,
)

if TYPE_CHECKING:
    from tests.conftest import LoopbackServer

CASES = load_project_cases()
PROGRAM_SECONDS = 60
"""A program that takes longer hangs: it is ended and its test fails."""


@dataclass(frozen=True)
class Outcome:
    """What a program printed and what it asked the server."""

    printed: str
    asked: list[tuple[str, str, tuple[tuple[str, str], ...], str]]


def migrate_tree(
    root: Path, files: dict[str, bytes], scope: Scope | None, *, update_requirements: bool = False
) -> tuple[Migration, dict[str, bytes]]:
    """Write the files below `root`, migrate them as they ask for, and return what is there with the changes."""
    write_tree(root, files)
    asked = load_config(root, root / "pyproject.toml") if "pyproject.toml" in files else Config()
    config = replace(asked, scope=scope or Scope.AUTO, update_requirements=update_requirements)
    migration = migrate([root], config)
    changes = {change.source.path.relative_to(root).as_posix(): change.after for change in migration.changes}
    return migration, {**read_tree(root), **changes}


def tree_difference(expected: dict[str, bytes], actual: dict[str, bytes]) -> str:
    """Return a diff of every file that is not the same in both trees, and which are in one tree only."""
    missing = [f"missing: {name}" for name in sorted(expected.keys() - actual.keys())]
    extra = [f"not expected: {name}" for name in sorted(actual.keys() - expected.keys())]
    diffs = [
        difference(expected[name], actual[name], name)
        for name in sorted(expected.keys() & actual.keys())
        if expected[name] != actual[name]
    ]
    return "\n".join([*missing, *extra, *diffs])


def run_program(root: Path, program: Program, server: LoopbackServer) -> Outcome:
    """Run a program below `root` and return its outcome; it fails when it complains or ends with an error."""
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment = {**direct, **({"SERVER_URL": server.url} if program.server else {})}
    start = len(server.requests)
    done = subprocess.run(
        [sys.executable, "-B", "-X", "utf8", str(root / program.main)],
        cwd=root,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=PROGRAM_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Outcome(done.stdout, server.requests[start:])


def parametrize_cases(cases: list[ProjectCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


@parametrize_cases(CASES)
def test_project_becomes_what_the_fixture_says_and_stays_so(case: ProjectCase, tmp_path: Path) -> None:
    update = case.update_requirements
    before = read_tree(case.before)
    migration, actual = migrate_tree(tmp_path / "first", before, case.scope, update_requirements=update)
    assert migration.problems == ()
    if difference_found := tree_difference(read_tree(case.after), actual):
        pytest.fail(difference_found, pytrace=False)
    # The second run goes as far as the first: on its own, `auto` could choose another scope for the result.
    second, unchanged = migrate_tree(tmp_path / "second", actual, migration.scope, update_requirements=update)
    assert second.changes == (), tree_difference(actual, unchanged)
    assert (second.problems, second.requirements) == ((), ())


@parametrize_cases([case for case in CASES if case.program is not None])
def test_program_prints_the_same_before_and_after(
    case: ProjectCase, loopback_server: LoopbackServer, tmp_path: Path
) -> None:
    assert case.program is not None
    write_tree(tmp_path / "before", read_tree(case.before))
    write_tree(tmp_path / "after", read_tree(case.after))
    before = run_program(tmp_path / "before", case.program, loopback_server)
    after = run_program(tmp_path / "after", case.program, loopback_server)
    assert before.printed != ""
    assert after.printed == before.printed
    assert after.asked == before.asked
    assert bool(before.asked) == case.program.server


def test_case_without_both_trees_is_an_error(tmp_path: Path) -> None:
    write_tree(tmp_path, {"shop/before/main.py": b"x = 1\n"})
    with pytest.raises(FixtureError, match="has no folder after/"):
        load_project_cases(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("case.toml", b'scop = "all"\n'),
        ("case.toml", b"scope = 1\n"),
        ("run.toml", b"server = true\n"),
        ("run.toml", b'main = "other.py"\n'),
        ("notes.txt", b"stray\n"),
    ],
)
def test_wrong_file_of_a_case_is_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    trees = {"shop/before/main.py": b"x = 1\n", "shop/after/main.py": b"x = 2\n"}
    write_tree(tmp_path, {**trees, f"shop/{name}": content})
    with pytest.raises(FixtureError, match="shop"):
        load_project_cases(tmp_path)


def test_case_is_read_with_its_scope_and_program(tmp_path: Path) -> None:
    files = {
        "shop/before/src/main.py": b"x = 1\n",
        "shop/after/src/main.py": b"x = 2\n",
        "shop/case.toml": b'scope = "all"\nupdate-requirements = true\n',
        "shop/run.toml": b'main = "src/main.py"\nserver = true\n',
        "plain/before/a.py": b"",
        "plain/after/a.py": b"",
    }
    write_tree(tmp_path, files)
    plain, shop = load_project_cases(tmp_path)
    assert (plain.name, plain.scope, plain.program) == ("plain", None, None)
    assert (plain.update_requirements, shop.update_requirements) == (False, True)
    assert (shop.name, shop.scope, shop.program) == ("shop", Scope.ALL, Program("src/main.py", True))


def test_tree_difference_names_missing_and_changed_files() -> None:
    expected = {"same.py": b"x\n", "missing.py": b"", "changed.py": b"old\n"}
    shown = tree_difference(expected, {"same.py": b"x\n", "changed.py": b"new\n", "extra.py": b""})
    assert "same.py" not in shown
    assert "missing: missing.py" in shown
    assert "not expected: extra.py" in shown
    assert "-old" in shown
    assert "+new" in shown
    assert tree_difference(expected, expected) == ""


def test_a_function_called_from_outside_of_the_given_paths_stays(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "pyproject.toml": b"",
            "src/app/__init__.py": b"",
            "src/app/core.py": (
                b"import time\n\n\ndef slow():\n    time.sleep(1)\n\n\ndef other():\n    time.sleep(1)\n\n\n"
                b"async def main():\n    slow()\n    other()\n"
            ),
            "tests/helpers.py": b"from app.core import slow\n",
            "tests/test_core.py": b"from helpers import slow\n\n\ndef test_slow():\n    slow()\n",
            "tests/test_other.py": b"import os\n",
        },
    )
    migration = migrate([tmp_path / "src"], Config(scope=Scope.ASYNC), relative_to=tmp_path)
    assert [change.source.name for change in migration.changes] == ["src/app/core.py"]
    after = migration.changes[0].after.decode()
    assert "def slow():\n    time.sleep(1)" in after
    assert "async def other():\n    await asyncio.sleep(1)" in after
    assert "await asyncio.to_thread(slow)\n    await other()" in after
    reasons = {function.name: function.reason for function in migration.functions}
    assert "tests/test_core.py is not among the given paths" in reasons["app.core:slow"]
    assert migration.files_read == 2


def test_an_import_that_another_file_takes_from_here_stays(tmp_path: Path) -> None:
    loading = b"import time\n\n\nasync def main():\n    time.sleep(1)\n"
    write_tree(
        tmp_path,
        {
            "direct.py": loading,
            "dotted.py": loading,
            "alone.py": loading,
            "uses.py": b"import dotted\nfrom direct import time\n\nprint(time.time(), dotted.time.time())\n",
        },
    )
    migration = migrate([tmp_path], Config(scope=Scope.ASYNC), relative_to=tmp_path)
    imports = {change.source.name: b"import time" in change.after for change in migration.changes}
    assert imports == {"alone.py": False, "direct.py": True, "dotted.py": True}
