"""What holds for the code base as a whole: arrows, names, what starting costs, the rules' examples, the wheel."""

from __future__ import annotations

import ast
import graphlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Scope
from codemods.rules import RULES
from codemods.rules.rule import Rule
from tests.fixture_cases import RULES as FIXTURES

ROOT = Path(__file__).parents[1]
PACKAGES = ("codemods", "cli")

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


@dataclass(frozen=True)
class Import:
    """One imported module or name of a module."""

    name: str
    """Qualified; for `from a import b` it is `a.b`, whether that is a module or not."""
    level: int
    """How many dots stand before it."""
    is_lazy: bool
    """Inside a function, or for type checkers only."""

    def is_in(self, *packages: str) -> bool:
        """Whether it is one of the packages or modules, or lies below."""
        return any(self.name == package or self.name.startswith(f"{package}.") for package in packages)


def imports_of(module: str) -> list[Import]:
    return list(_imports(ast.parse(MODULES[module].read_bytes()), False))


def _imports(node: ast.AST, is_lazy: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, 0, is_lazy) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        yield from (Import(f"{node.module}.{alias.name}", node.level, is_lazy) for alias in node.names)
    is_lazy |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    is_lazy |= isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, is_lazy)


def wrong_imports(*modules: str, of: tuple[str, ...]) -> list[str]:
    """The imports of some packages in some modules and below, in words."""
    chosen = [name for name in MODULES if Import(name, 0, False).is_in(*modules)]
    assert chosen, modules
    return [f"{name} imports {one.name}" for name in chosen for one in imports_of(name) if one.is_in(*of)]


# Arrows.


def test_the_engine_knows_no_command_line() -> None:
    assert wrong_imports("codemods", of=("cli", "typer", "rich", "click")) == []


@pytest.mark.parametrize("module", ["codemods.model", "codemods.errors"])
def test_the_bottom_imports_nothing_of_the_project(module: str) -> None:
    assert wrong_imports(module, of=PACKAGES) == []


TOP = ("codemods.migration", "codemods.transaction", "codemods.inspection", "codemods.verify")


@pytest.mark.parametrize(
    "stage",
    [
        "codemods.config",
        "codemods.project",
        "codemods.tree",
        "codemods.facts",
        "codemods.packs",
        "codemods.planning",
        "codemods.rules",
        "codemods.rewrite",
        "codemods.requirements",
    ],
)
def test_no_stage_knows_what_joins_the_stages(stage: str) -> None:
    assert wrong_imports(stage, of=TOP) == []


@pytest.mark.parametrize(
    ("stage", "later"),
    [
        (("codemods.config",), ("codemods.project",)),
        (("codemods.config", "codemods.project"), ("codemods.facts", "codemods.planning", "codemods.rewrite")),
        (("codemods.packs",), ("codemods.facts", "codemods.planning", "codemods.rules", "codemods.rewrite")),
        (("codemods.facts",), ("codemods.rules", "codemods.rewrite")),
        (("codemods.planning",), ("codemods.rewrite", "codemods.project", "codemods.config", "codemods.tree")),
        (("codemods.rules",), ("codemods.planning", "codemods.project", "codemods.config")),
        (("codemods.transaction",), ("codemods.facts", "codemods.planning", "codemods.rules", "codemods.rewrite")),
        (
            ("codemods.requirements",),
            ("codemods.facts", "codemods.planning", "codemods.rules", "codemods.rewrite", "codemods.packs"),
        ),
        (
            ("codemods.project", "codemods.facts", "codemods.planning", "codemods.rules", "codemods.rewrite"),
            ("codemods.requirements",),
        ),
        (("codemods.verify",), ("codemods.planning", "codemods.rules", "codemods.rewrite")),
    ],
)
def test_no_stage_reaches_forward(stage: tuple[str, ...], later: tuple[str, ...]) -> None:
    assert wrong_imports(*stage, of=later) == []


INPUT_OUTPUT = (
    *("builtins", "io", "os", "pathlib", "shutil", "socket", "subprocess", "sys", "tempfile", "urllib"),
    *("importlib", "logging", "msgspec", "tomllib"),
)


def test_planning_knows_no_syntax_tree_and_does_no_io() -> None:
    assert wrong_imports("codemods.planning", of=("libcst", "ast", *INPUT_OUTPUT)) == []


def test_what_is_decided_of_requirements_does_no_io() -> None:
    decided = ("codemods.requirements.decisions", "codemods.requirements.editing", "codemods.requirements.listing")
    assert wrong_imports(*decided, of=("libcst", "ast", *INPUT_OUTPUT)) == []


def test_planning_calls_no_builtin_that_does_io() -> None:
    for module, path in MODULES.items():
        if module.startswith("codemods.planning"):
            called = {node.id for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Name)}
            assert called.isdisjoint({"open", "print", "input", "exec", "eval", "__import__"}), module


def test_only_one_file_runs_the_checker_and_only_one_reads_its_report() -> None:
    """The guest is behind an adapter: nothing else starts processes or knows the shapes of its parts.

    What assembles the graph knows them; of parameters, of classes, of their twins and of what single calls call, which
    are many and small, files of their own do.
    """
    runs = [one.partition(" ")[0] for one in wrong_imports("codemods", of=("subprocess",))]
    shapes = ("FunctionDefinition", "Callees", "ModuleEntry")
    known = wrong_imports("codemods", of=tuple(f"codemods.facts.report.{shape}" for shape in shapes))
    assert set(runs) <= {"codemods.facts.pyrefly", "codemods.transaction"}
    assert {one.partition(" ")[0] for one in known} <= {
        f"codemods.facts.{name}"
        for name in ("assemble", "signatures", "awaitables", "callees", "reported_names", "reported_classes", "twins")
    }


def test_modules_do_not_import_each_other_in_circles() -> None:
    """Not even lazily: what can only be imported late is in the wrong place."""
    graph = {
        module: {
            target
            for one in imports_of(module)
            for target in (one.name, one.name.rpartition(".")[0])
            if target in MODULES and target != module and not module.startswith(f"{target}.")
        }
        for module in MODULES
    }
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute_and_name_what_they_import(module: str) -> None:
    imports = imports_of(module)
    assert [one.name for one in imports if one.level] == []
    assert [one.name for one in imports if one.name.endswith(".*")] == []


# Names.


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    names = {part for module in MODULES for part in module.split(".")}
    assert names.isdisjoint(sys.stdlib_module_names)


def test_no_module_is_named_after_nothing() -> None:
    names = {part for module in MODULES for part in module.split(".")}
    assert names.isdisjoint({"utils", "util", "helpers", "helper", "common", "misc", "tools"})


def test_every_package_says_what_it_is() -> None:
    for module, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_bytes())), module
    folders = {path.parent for path in SOURCES}
    assert all((folder / "__init__.py").is_file() for folder in folders)


@pytest.mark.parametrize("path", [pytest.param(path, id=module_of(path)) for path in SOURCES])
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500


# What starting costs.


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["diff", "--help"], ["apply", "--help"]])
def test_help_imports_nothing_that_costs(arguments: list[str]) -> None:
    script = (
        "import sys; from cli.main import run\n"
        f"sys.argv = ['awaitify', *{arguments!r}]\n"
        "try:\n    run()\n"
        "finally:\n    print(sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    command = [sys.executable, "-P", "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    assert "Usage: awaitify" in done.stdout
    assert "typer" in loaded
    assert loaded.isdisjoint({"libcst", "rich", "msgspec", "packaging", "pathspec", "codemods"})


# Rules.


def test_ids_and_names_of_rules_are_unique_and_well_formed() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"AW[1-9]\d\d", one) for one in ids)
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.summary.endswith(".") and "\n" not in rule.summary
    assert rule.before != rule.after
    for code in (rule.before, rule.after):
        compile(code, rule.id, "exec", dont_inherit=True)
        assert code.endswith("\n")


LIBRARIES = ("asyncio", "httpx", "requests", "subprocess", "time")
CONTEXT = {
    "AW201": """\
class Channel:
    async def send(self, text: str) -> None: ...

async def fetch_name() -> str: ...
""",
    "AW202": "async def load(name): ...\n",
}
"""What an example refers to and does not show."""
TYPED = {"AW201": ("(channel)", "(channel: Channel)")}
"""Where an example leaves out the type it is about, as code that is explained may."""
EXAMPLE = "# The example.\n"


def example(rule: Rule, code: str) -> str:
    return code.replace(*TYPED.get(rule.id, ("", "")))


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What becomes of the example of each rule, by its id: all in one run, each a module of its own."""
    folder = tmp_path_factory.mktemp("examples")
    for rule in RULES:
        imports = "".join(f"import {name}\n" for name in LIBRARIES if f"{name}." in rule.before)
        text = f"{imports}\n{CONTEXT.get(rule.id, '')}\n{EXAMPLE}{example(rule, rule.before)}"
        (folder / f"{rule.id.lower()}.py").write_text(text, encoding="utf-8")
    migration = migrate([folder], Config(scope=Scope.ASYNC), folder)
    assert migration.problems == ()
    return {change.source.path.stem.upper(): change.after.decode() for change in migration.changes}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_the_example_of_a_rule_is_what_it_does(rule: Rule, examples: dict[str, str]) -> None:
    _, _, after = examples[rule.id].partition(EXAMPLE)
    assert after == example(rule, rule.after)


GROUPS = {
    "sleep": {"AW101"},  # the simplest twin: what a swapped callee does to imports, names and layout
    "requests_httpx": {"AW102"},  # the same calls with the other client
    "shared_sessions": {"AW102"},  # --session function and inject, whatever the client
    "sessions_as_parameters": {"AW102"},  # those that functions hand on
    "kept_sessions": {"AW102"},  # those of objects
    "generators": {"AW301"},  # what is iterated over or entered, and not awaited
    "passed_responses": {"AW102"},  # what functions get by their parameters, and with httpx what they return
    "functions_as_values": {"AW301", "AW302"},  # what runs by a variable, a table, a parameter
    "promotion": {"AW301", "AW302"},  # what becomes of functions, whatever the call that starts it
}
"""Folders of fixtures that are not named after their rule."""


def test_every_folder_of_fixtures_belongs_to_a_rule_or_a_group() -> None:
    folders = {path.name for path in FIXTURES.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - {rule.name.replace("-", "_") for rule in RULES} <= GROUPS.keys()
    assert GROUPS.keys() <= folders
    assert set().union(*GROUPS.values()) <= {rule.id for rule in RULES}


# The wheel.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "-w", str(folder), "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.iterdir()
    return built


def test_the_wheel_holds_the_two_packages_with_their_types_and_packs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    packs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "codemods" / "packs").glob("*.toml")}
    sources = {path.relative_to(ROOT).as_posix() for path in SOURCES}
    assert packs
    assert names - metadata == sources | packs | {"codemods/py.typed", "cli/py.typed"}


def test_the_wheel_has_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        contents = {name.partition(".dist-info/")[2]: archive.read(name).decode() for name in archive.namelist()}
    assert "awaitify = cli.main:run" in contents["entry_points.txt"]
    assert "licenses/LICENSE" in contents
    assert "Requires-Python: >=3.11" in contents["METADATA"]
    assert "Requires-Dist: pyrefly<1.5,>=1.4.1" in contents["METADATA"]
