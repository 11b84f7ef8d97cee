"""Every rule case becomes what its fixture says, and stays so.

The type checker costs far more to start than a case costs to migrate: all cases of one setting are migrated
in one run, each as a module of its own.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Action, Migration, Scope
from tests.fixture_cases import (
    FixtureError,
    Mark,
    RuleCase,
    Setting,
    difference,
    fixture_sources,
    load_rule_cases,
    write_tree,
)

CASES = load_rule_cases()
HANDLED = {Action.LEFT.value, Action.OFFLOADED.value}
"""The actions that a case with marks must mark on every line that has one."""


@dataclass(frozen=True)
class Run:
    """One migration of all cases of a scope."""

    migration: Migration
    after: dict[str, bytes]
    """What each module is afterwards, by its name."""


def run(folder: Path, setting: Setting, sources: dict[str, bytes]) -> Run:
    project = b'[project]\nname = "cases"\nversion = "1"\nrequires-python = ">=3.11"\n'
    write_tree(folder, {"pyproject.toml": project, **{f"{name}.py": text for name, text in sources.items()}})
    config = Config(scope=setting.scope, client=setting.client, parity=setting.parity, session=setting.session)
    migration = migrate([folder], config)
    changed = {change.source.path.stem: change.after for change in migration.changes}
    assert set(changed) <= set(sources)
    return Run(migration, {**sources, **changed})


class Runs:
    """The first and the second run of every setting that is asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._done: dict[Setting, tuple[Run, Run]] = {}

    def of(self, setting: Setting) -> tuple[Run, Run]:
        if setting not in self._done:
            sources = {case.module: case.before for case in CASES if case.setting == setting}
            first = run(self._factory.mktemp("first"), setting, sources)
            self._done[setting] = first, run(self._factory.mktemp("second"), setting, first.after)
        return self._done[setting]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory)


def actions_by_line(case: RuleCase, migration: Migration) -> dict[int, set[str]]:
    actions: dict[int, set[str]] = defaultdict(set)
    for finding in migration.findings:
        if Path(finding.path).stem == case.module:
            actions[finding.line].add(finding.action.value)
    return actions


def wrong_findings(marks: Sequence[Mark], actions: dict[int, set[str]]) -> list[str]:
    """Return what does not fit between the marks of a case and its findings, in words."""
    wrong = []
    marked = {mark.line: mark.actions for mark in marks}
    for line, expected in marked.items():
        found = actions.get(line, set())
        if missing := expected - found:
            wrong.append(f"line {line}: no finding {sorted(missing)}, but {sorted(found)}")
        if not expected and found:
            wrong.append(f"line {line}: has findings {sorted(found)} and should have none")
    if any(marked.values()):
        for line, found in sorted(actions.items()):
            if extra := (found & HANDLED) - marked.get(line, frozenset()):
                wrong.append(f"line {line}: finding {sorted(extra)} is not marked")
    return wrong


def parametrize_cases(cases: Sequence[RuleCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in cases])


@parametrize_cases(CASES)
def test_case_becomes_what_the_fixture_says(case: RuleCase, runs: Runs) -> None:
    done, _ = runs.of(case.setting)
    problems = [problem for problem in done.migration.problems if Path(problem.path).stem == case.module]
    assert problems == []
    actual = done.after[case.module]
    if actual != case.after:
        pytest.fail(difference(case.after, actual, case.id), pytrace=False)


@parametrize_cases(CASES)
def test_second_run_changes_nothing(case: RuleCase, runs: Runs) -> None:
    first, second = (one.after[case.module] for one in runs.of(case.setting))
    if second != first:
        pytest.fail(difference(first, second, case.id), pytrace=False)


@parametrize_cases([case for case in CASES if case.marks])
def test_findings_are_where_the_fixture_says(case: RuleCase, runs: Runs) -> None:
    done, _ = runs.of(case.setting)
    actions = actions_by_line(case, done.migration)
    assert wrong_findings(case.marks, actions) == []


@pytest.mark.parametrize("path", [pytest.param(path, id="/".join(path.parts[-2:])) for path in fixture_sources()])
def test_fixture_is_valid_python(path: Path) -> None:
    tree = ast.parse(path.read_bytes(), str(path))
    compile(tree, str(path), "exec", dont_inherit=True)


def test_every_rule_has_cases_that_stay_and_cases_that_change() -> None:
    rules = {case.rule for case in CASES}
    assert {"missing_await", "promotion", "requests_aiohttp", "sleep"} <= rules
    for rule in rules:
        changes = {case.before != case.after for case in CASES if case.rule == rule}
        assert changes == {True, False}, rule


def test_modules_of_all_cases_are_unique_identifiers() -> None:
    modules = [case.module for case in CASES]
    assert len(set(modules)) == len(modules)
    assert all(module.isidentifier() for module in modules)


def cases_in(folder: Path, files: dict[str, bytes]) -> list[RuleCase]:
    write_tree(folder, {f"rule/{name}": content for name, content in files.items()})
    return load_rule_cases(folder)


def test_before_and_after_make_one_case(tmp_path: Path) -> None:
    [case] = cases_in(tmp_path, {"b.before.py": b"x = 1\n", "b.after.py": b"x = 2\n"})
    assert (case.rule, case.name, case.module) == ("rule", "b", "case_rule_1")
    assert (case.setting, case.before, case.after, case.marks) == (Setting(), b"x = 1\n", b"x = 2\n", ())


def test_noop_is_its_own_after(tmp_path: Path) -> None:
    files = {"b.noop.py": b"x = 1\n", "a.noop.py": b"x = 2\n"}
    first, second = cases_in(tmp_path, files)
    assert (first.name, first.module, first.after) == ("a", "case_rule_1", b"x = 2\n")
    assert (second.name, second.module, second.after) == ("b", "case_rule_2", b"x = 1\n")


@pytest.mark.parametrize(
    "names",
    [
        ["a.before.py"],
        ["a.after.py"],
        ["a.before.py", "b.after.py"],
        ["a.noop.py", "a.after.py"],
        ["a.noop.py", "a.before.py", "a.after.py"],
        ["a.py"],
        ["a.befor.py", "a.after.py"],
        ["a.before.txt", "a.after.txt"],
        ["a-b.noop.py"],
    ],
)
def test_case_that_is_not_whole_is_an_error(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(FixtureError, match=r"a"):
        cases_in(tmp_path, {name: name.encode() for name in names})


def test_before_that_equals_its_after_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match=r"make it a\.noop\.py"):
        cases_in(tmp_path, {"a.before.py": b"# awaitify: scope=all\nx = 1\n", "a.after.py": b"x = 1\n"})


def test_first_line_gives_the_scope_and_is_no_part_of_the_case(tmp_path: Path) -> None:
    header = b"# awaitify: scope=all\n"
    files = {"a.before.py": header + b"x = 1  # finding: left\n", "a.after.py": header + b"x = 2\n"}
    [case] = cases_in(tmp_path, files)
    assert (case.setting, case.before, case.after) == (Setting(Scope.ALL), b"x = 1\n", b"x = 2\n")
    assert case.marks == (Mark(1, frozenset({"left"})),)


@pytest.mark.parametrize(
    "files",
    [
        {"a.noop.py": b"# awaitify: scope=some\nx = 1\n"},
        {"a.before.py": b"x = 1\n", "a.after.py": b"# awaitify: scope=all\nx = 2\n"},
        {"a.before.py": b"x = 1\n", "a.after.py": b"x = 2  # finding: left\n"},
        {"a.noop.py": b"x = 1  # finding: lost\n"},
        {"a.noop.py": b"x = 1  # finding: left, none\n"},
        {"a.noop.py": b"x = 1  # finding left\n"},
        {"a.noop.py": b"x = 1  # finding: left because of x\n"},
        {"a.noop.py": b"x = 1  #finding: left\n"},
    ],
)
def test_wrong_scope_or_mark_is_an_error(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(FixtureError, match=r"a\.(noop|after)\.py: "):
        cases_in(tmp_path, files)


def test_marks_are_read_and_removed_and_lines_stay(tmp_path: Path) -> None:
    content = b"a\n\nb  # why  # finding: left\r\nc # finding: native, offloaded \nd\n# finding: none"
    [case] = cases_in(tmp_path, {"a.noop.py": content})
    assert case.before == b"a\n\nb  # why\r\nc\nd\n"
    assert case.marks == (
        Mark(3, frozenset({"left"})),
        Mark(4, frozenset({"native", "offloaded"})),
        Mark(6, frozenset()),
    )


LEFT_IN_2 = (Mark(2, frozenset({"left"})),)
NONE_IN_2 = (Mark(2, frozenset()),)


@pytest.mark.parametrize(
    ("marks", "actions", "words"),
    [
        (LEFT_IN_2, {2: {"left"}}, []),
        (LEFT_IN_2, {2: {"left"}, 3: {"native", "awaited"}}, []),
        (LEFT_IN_2, {}, ["no finding ['left']"]),
        (
            LEFT_IN_2,
            {2: {"offloaded"}},
            ["no finding ['left'], but ['offloaded']", "['offloaded'] is not marked"],
        ),
        (LEFT_IN_2, {2: {"left"}, 3: {"offloaded"}}, ["line 3: finding ['offloaded'] is not marked"]),
        (NONE_IN_2, {}, []),
        (NONE_IN_2, {3: {"left"}}, []),
        (NONE_IN_2, {2: {"native"}}, ["line 2: has findings ['native']"]),
    ],
)
def test_findings_are_held_against_the_marks(
    marks: tuple[Mark, ...], actions: dict[int, set[str]], words: list[str]
) -> None:
    wrong = wrong_findings(marks, actions)
    assert len(wrong) == len(words)
    assert all(expected in message for expected, message in zip(words, wrong, strict=True))


def test_difference_shows_what_cannot_be_seen() -> None:
    shown = difference(b"a\r\nb\n", b"\xef\xbb\xbfa\n\tb", "case")
    assert shown.splitlines()[:2] == ["--- expected case", "+++ actual case"]
    assert "-a<CR>" in shown
    assert "+<BOM>a" in shown
    assert "+<TAB>b" in shown
    assert "+<no newline at the end>" in shown
