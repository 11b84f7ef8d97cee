"""The planner's call graph says what is true: one small program a construct, all of them one project."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codemods import inspection, migration
from codemods.config import Config
from codemods.model import Scope
from codemods.planning.facts import PlanningFacts, PlanningOptions
from codemods.planning.plan import Plan, make_plan
from codemods.prospect import Prospect, worth_parsing
from tests.fixture_cases import FixtureError, write_tree
from tests.graph_cases import (
    GraphCase,
    Known,
    Observed,
    Told,
    differences,
    load_graph_cases,
    observed,
    run_differences,
)

CASES = load_graph_cases()
RUNNER = Path(__file__).parent / "graph_runner.py"
RUN_SECONDS = 120


def parametrize_cases(cases: list[GraphCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


@dataclass
class Witness:
    """Keeps what the stages of a migration hand to each other."""

    prospects: list[Prospect] = field(default_factory=list)
    facts: list[PlanningFacts] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        def seen_prospect(*arguments: Any) -> Prospect:
            self.prospects.append(worth_parsing(*arguments))
            return self.prospects[-1]

        def seen_facts(facts: PlanningFacts, options: PlanningOptions) -> Plan:
            self.facts.append(facts)
            return make_plan(facts, options)

        patch.setattr(inspection, "worth_parsing", seen_prospect)
        patch.setattr(migration, "make_plan", seen_facts)


def known_of(root: Path) -> Known:
    witness = Witness()
    with pytest.MonkeyPatch.context() as patch:
        witness.install(patch)
        migration.migrate([root], Config(scope=Scope.ALL), root)
    return Known(witness.prospects[0], witness.facts[0])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases as the packages of one project."""
    folder = tmp_path_factory.mktemp("graphs").resolve()
    for case in CASES:
        write_tree(folder / case.name, case.files)
    return folder


@pytest.fixture(scope="module")
def known(root: Path) -> Known:
    """The graph of all cases: the type checker starts once."""
    return known_of(root)


@pytest.fixture(scope="module")
def runs(root: Path) -> Any:
    """By case, who called whom when it ran."""
    names = [case.name for case in CASES if case.runs]
    done = subprocess.run(
        [sys.executable, "-B", "-X", "utf8", str(RUNNER), str(root), *names],
        capture_output=True,
        encoding="utf-8",
        timeout=RUN_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@parametrize_cases(CASES)
def test_the_graph_holds_what_is_true_and_says_what_it_does_not_know(case: GraphCase, known: Known) -> None:
    if found := differences(case.expected, known.of(case)):
        pytest.fail(found, pytrace=False)


@parametrize_cases([case for case in CASES if case.runs])
def test_a_run_shows_the_edges_and_no_others(case: GraphCase, known: Known, runs: Any) -> None:
    assert not isinstance(runs[case.name], str), runs[case.name]
    if found := run_differences(case, observed(case, known.graph, runs[case.name])):
        pytest.fail(found, pytrace=False)


def told(**about: list[str]) -> Told:
    return Told(**{key: frozenset(about.get(key, ())) for key in ("edges", "unknowns", "stands_for")})


def test_a_difference_says_what_is_missing_and_what_is_false() -> None:
    expected = told(edges=["app:main -> app:load", "app:main -> app:save"], unknowns=["app:save stays"])
    actual = told(edges=["app:main -> app:save", "app:save -> app:load"], unknowns=["app:load stays"])
    assert differences(expected, actual).splitlines() == [
        "missing in edges: app:main -> app:load",
        "false in edges: app:save -> app:load",
        "missing in unknowns: app:save stays",
        "false in unknowns: app:load stays",
    ]
    assert differences(expected, expected) == ""


def case_with(expected: Told, **about: Any) -> GraphCase:
    return GraphCase("case", {}, expected, **about)


RUN = Observed(frozenset({("app:main", "app:load"), ("app:main", "app:Sub.save")}), frozenset({"app:pages"}))


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (
            told(edges=["app:main -> app:load", "app:main -> app:Sub.save", "app:main -> app:pages"]),
            [],
        ),
        (
            told(edges=["app:main -> app:load (by flow)", "app:main -> app:Base.save", "app:main -> app:pages"]),
            ["the run shows: app:main -> app:Sub.save", "the run does not show: app:main -> app:Base.save"],
        ),
        (
            told(
                edges=["app:main -> app:Base.save", "app:main -> app:pages"],
                unknowns=["app:load is a value in app:main"],
                stands_for=["app:Sub.save -> app:Base.save"],
            ),
            [],
        ),
        (
            told(unknowns=["app:main calls something: load()", "app:Sub.save stays"]),
            ["the run shows: app:main -> app:load", "the run shows: app:pages"],
        ),
    ],
)
def test_what_a_run_shows_has_to_be_an_edge_or_an_unknown_of_the_function(expected: Told, lines: list[str]) -> None:
    assert run_differences(case_with(expected), RUN).splitlines() == lines


def test_a_wrapper_is_looked_through() -> None:
    run = Observed(frozenset({("app:main", "app:wrapper"), ("app:wrapper", "app:load")}), frozenset())
    expected = told(edges=["app:main -> app:load"])
    assert run_differences(case_with(expected, wrappers=frozenset({"app:wrapper"})), run) == ""
    assert run_differences(case_with(expected), run) != ""


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"app.py": b""}, "app.py and expected.toml"),
        ({"expected.toml": b""}, "app.py and expected.toml"),
        ({"app.py": b"", "expected.toml": b"edge = []"}, "it takes edges"),
        ({"app.py": b"", "expected.toml": b"edges = 'a'"}, "a list of lines"),
        ({"app.py": b"", "expected.toml": b"edges = ['a', 'a']"}, "says something twice"),
        ({"app.py": b"", "expected.toml": b"runs = 'no'"}, "true or false"),
        ({"app.py": b"", "expected.toml": b"", "notes.txt": b""}, "no Python file"),
    ],
)
def test_a_case_that_is_not_whole_is_an_error(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    write_tree(tmp_path / "a_case", files)
    with pytest.raises(FixtureError, match=message):
        load_graph_cases(tmp_path)


def test_cases_that_have_to_do_with_each_other_are_an_error(tmp_path: Path) -> None:
    one = b"import time\n\n\nclass Shop:\n    def open_it(self):\n        time.sleep(1)\n"
    other = b"import pickle\n\n\ndef main():\n    shop = pickle.loads(b'')\n    shop.open_it()\n"
    cases = [GraphCase(name, {"__init__.py": b"", "app.py": text}, told()) for name, text in (("a", one), ("b", other))]
    for case in cases:
        write_tree(tmp_path / case.name, case.files)
    with pytest.raises(FixtureError, match=r"a: b/app\.py:6 may mean a\.app:Shop\.open_it"):
        known_of(tmp_path).of(cases[0])
