"""The same plan whatever the order of files, of the report and of the graph, and whatever things are called."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from codemods import migration
from codemods.config import Config
from codemods.facts.given import with_given
from codemods.facts.graph import CallGraph
from codemods.facts.pyrefly import CheckerRun, report_of
from codemods.facts.report import Report
from codemods.model import Migration, Scope
from codemods.project import Project, load_project
from tests.fixture_cases import ProjectCase, load_project_cases, load_rule_cases, read_tree, write_tree
from tests.graph_cases import load_graph_cases
from tests.renaming import Renaming

Thing = TypeVar("Thing")
Key = TypeVar("Key")
SEEDS = [1]


class Shuffle:
    """Puts things in another order, by a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def listed(self, things: Iterable[Thing]) -> list[Thing]:
        found = list(things)
        self._chance.shuffle(found)
        return found

    def mapped(self, things: Mapping[Key, Thing]) -> dict[Key, Thing]:
        return dict(self.listed(things.items()))

    def files(self, project: Project) -> Project:
        return replace(project, files=tuple(self.listed(project.files)), context=tuple(self.listed(project.context)))

    def graph(self, graph: CallGraph) -> CallGraph:
        return replace(
            graph,
            functions=tuple(self.listed(graph.functions)),
            classes=tuple(self.listed(graph.classes)),
            calls=tuple(self.listed(graph.calls)),
            references=tuple(self.listed(graph.references)),
            entered=tuple(self.listed(graph.entered)),
            iterated=tuple(self.listed(graph.iterated)),
            async_only=tuple(self.listed(graph.async_only)),
        )

    def read(self, part: Any) -> Any:
        """A part of the report with all its mappings in another order."""
        if isinstance(part, dict):
            return self.mapped({key: self.read(value) for key, value in part.items()})
        if isinstance(part, msgspec.Struct):
            for name in part.__struct_fields__:
                setattr(part, name, self.read(getattr(part, name)))
        return part


def test_a_shuffle_changes_the_order_and_nothing_else() -> None:
    numbers = list(range(99))
    mixed = Shuffle(1).listed(numbers)
    assert mixed != numbers
    assert sorted(mixed) == numbers
    assert list(Shuffle(1).mapped(dict.fromkeys(numbers))) == mixed


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of many packages: the cases of graphs, and some of those of rules."""
    folder = tmp_path_factory.mktemp("same").resolve()
    for graph_case in load_graph_cases():
        write_tree(folder / graph_case.name, graph_case.files)
    for rule_case in [one for one in load_rule_cases() if one.setting.scope is Scope.ALL][::3]:
        write_tree(folder, {f"{rule_case.module}.py": rule_case.before})
    return folder


class Checker:
    """Runs the type checker once, and gives its report to all who ask for one of the same files."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._asked: tuple[set[Path], str] | None = None
        self._found = Path(), Path()

    def report_of(self, run: CheckerRun, probes: str) -> AbstractContextManager[tuple[Path, Path]]:
        asked = set(run.files), probes
        if self._asked is None:
            self._asked, self._found = asked, self._stack.enter_context(report_of(run, probes))
        assert self._asked == asked
        return nullcontext(self._found)


Plan = Callable[[], Migration]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with ExitStack() as stack:
        yield Checker(stack)


@pytest.fixture
def plan(root: Path, checker: Checker, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """What migrates the project, and starts the checker the first time only."""
    monkeypatch.setattr(migration, "report_of", checker.report_of)
    return lambda: migration.migrate([root], Config(scope=Scope.ALL), root)


@pytest.fixture(scope="module")
def expected(root: Path, checker: Checker) -> Migration:
    """The plan in the usual order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migration, "report_of", checker.report_of)
        return migration.migrate([root], Config(scope=Scope.ALL), root)


def differing(one: Migration, other: Migration) -> str:
    """Return the first things that differ, a line each; nothing where none does."""
    return "\n".join(
        f"{kind}: {thing}"
        for kind in ("findings", "functions", "changes", "problems", "requirements")
        for thing in list(_only_in_one(getattr(one, kind), getattr(other, kind)))[:3]
    )


def _only_in_one(one: Sequence[Thing], other: Sequence[Thing]) -> Iterator[str]:
    yield from (f"only in the first: {thing}" for thing in one if thing not in other)
    yield from (f"only in the second: {thing}" for thing in other if thing not in one)
    if one != other and set(one) == set(other):
        yield "the order"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_does_not_depend_on_the_order_of_the_files(
    seed: int, plan: Plan, expected: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffle = Shuffle(seed)
    monkeypatch.setattr(migration, "load_project", lambda *asked: shuffle.files(load_project(*asked)))
    assert differing(expected, plan()) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_does_not_depend_on_the_order_of_the_report(
    seed: int, plan: Plan, expected: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffle = Shuffle(seed)
    read, start = Report._read, Report.__init__

    def opened(self: Report, folder: Path) -> None:
        start(self, folder)
        self.modules = shuffle.mapped(self.modules)

    monkeypatch.setattr(Report, "__init__", opened)
    monkeypatch.setattr(Report, "_read", lambda *asked: shuffle.read(read(*asked)))
    assert differing(expected, plan()) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_does_not_depend_on_the_order_of_the_graph(
    seed: int, plan: Plan, expected: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffle = Shuffle(seed)
    # the last that is done to the graph before it is used: what is done before may sort it again
    monkeypatch.setattr(migration, "with_given", lambda *asked: shuffle.graph(with_given(*asked)))
    assert differing(expected, plan()) == ""


PROJECTS = [
    "attributes_of_unrelated_classes",
    "click_commands",
    "console_script",
    "functions_in_variables_and_tables",
    "generators_go_through_files",
    "hooks_hand_on",
    "objects_entered",
    "responses_go_through_files",
    "sessions_go_through_files",
    "tests_of_promoted",
    "tests_that_mock_what_becomes_async",
    "types_flow_into_parameters",
    "wrappers_follow_what_they_run",
]


def outline(found: Migration) -> dict[str, list[tuple[Any, ...]]]:
    """What becomes of functions and calls at which places, without their names."""
    return {
        "functions": sorted((one.path, one.line, one.fate) for one in found.functions),
        "findings": sorted((one.path, one.line, one.column, one.rule, one.action) for one in found.findings),
        "problems": [(one.path, one.line) for one in found.problems],
    }


def changed(found: Migration) -> dict[str, bytes]:
    return {change.source.name: change.after for change in found.changes}


def migrated(root: Path, files: Mapping[str, bytes], scope: Scope) -> Migration:
    write_tree(root, files)
    return migration.migrate([root], Config(scope=scope), root)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "case", [pytest.param(one, id=one.name) for one in load_project_cases() if one.name in PROJECTS]
)
def test_the_plan_does_not_depend_on_names(case: ProjectCase, seed: int, tmp_path: Path) -> None:
    before = read_tree(case.before)
    renaming = Renaming(before, seed)
    assert len(renaming.names) > 3
    renamed = renaming.of_files(before)
    assert renamed != before
    plain = migrated(tmp_path / "plain", before, case.scope or Scope.AUTO)
    other = migrated(tmp_path / "other", renamed, case.scope or Scope.AUTO)
    assert outline(other) == outline(plain)
    assert changed(other) == renaming.of_files(changed(plain))


def test_every_project_that_is_renamed_is_there() -> None:
    assert set(PROJECTS) <= {case.name for case in load_project_cases()}


def test_names_of_libraries_and_of_modules_stay() -> None:
    files = {
        "shop/load.py": b"import json\n\n\ndef fetch(page, indent):\n    json.dumps(page, indent=indent)\n",
        "shop/app.py": b"from shop.load import fetch\n\n\ndef load(load_it):\n    getattr(fetch, f'load_{load_it}')\n",
    }
    renaming = Renaming(files, 1)
    assert renaming.names == {"fetch", "page", "load_it"}
    renamed = renaming.of_files(files)["shop/app.py"].decode()
    assert "from shop.load import " in renamed
    assert "fetch" not in renamed
    assert "load_it" not in renamed
    assert "def load(" in renamed
    assert "'load_{" not in renamed
    assert list(map(len, renamed.splitlines())) == list(map(len, files["shop/app.py"].decode().splitlines()))


def test_what_the_user_tells_awaitify_stays() -> None:
    files = {"app.py": b"def rest():  # awaitify: ignore\n    ignore = 1\n\n\nrest()\n"}
    renamed = Renaming(files, 1).of_files(files)["app.py"]
    assert b"():  # awaitify: ignore\n" in renamed
    assert b"rest" not in renamed
    assert renamed.count(b"ignore") == 1
