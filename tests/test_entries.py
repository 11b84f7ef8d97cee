"""What calls functions from outside of any event loop, by decorators, metadata and the names of tests."""

from dataclasses import replace
from typing import Any

import pytest

from codemods.entries import EntryFinder, Scripts
from codemods.facts.graph import CallGraph, ClassFact, Decorator, Function, Reference
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.packs import load_packs
from codemods.planning.facts import Runner
from codemods.tree import LineTable

KNOWLEDGE = load_packs()
COMMAND = Decorator("main.command()", "click.core.Group.command", "click.Group.command")
OPTION = Decorator("click.option('-x')", "click.decorators.option", "click.option")
TYPER = Decorator("app.command()", "typer.main.Typer.command", "typer.Typer.command")
MARK = Decorator("pytest.mark.slow", "_pytest.mark.structures.MarkDecorator.__call__")
FIXTURE = Decorator("pytest.fixture", "_pytest.fixtures.fixture", "pytest.fixture")
UNKNOWN = Decorator("traced", "app:traced")
CASE = "unittest.case.TestCase"


def function(name="app:main", path="app.py", *decorators, line=1, owner=None, **about):
    known: dict[str, Any] = {"is_async": False, "is_property": False, "gives_coroutine": False}
    known |= {"overrides": None, "overrides_foreign": None, "parent": "app:"}
    span = Span(line, 5, line, 9)
    return Function(name=name, path=path, span=span, decorators=decorators, owner=owner, **(known | about))


def finder(*functions, references=(), scripts=None, **texts):
    graph = CallGraph(functions, (), (), references, frozenset())
    known = {one.path: "" for one in functions} | {name.replace("_py", ".py"): text for name, text in texts.items()}
    sources = {name: Text(name, LineTable(text), False) for name, text in known.items()}
    return EntryFinder(graph, KNOWLEDGE, sources, scripts or Scripts())


def runner(one, owner=None, **about):
    return finder(one, **about).runner_of(one, owner)


def case(name, *bases):
    return ClassFact(name, "test_app.py", Span(1, 7, 1, 8), len(bases), foreign_bases=bases)


@pytest.mark.parametrize(
    ("decorators", "expected"),
    [
        ((COMMAND,), Runner("click", "_main", "click")),
        ((COMMAND, OPTION), Runner("click", "_main", "click")),
        ((TYPER,), Runner("typer", "_main", "typer", is_alike=True)),
        ((OPTION,), None),
        ((), None),
        ((COMMAND, UNKNOWN), None),
        ((COMMAND, Decorator("made()", None)), None),
        ((Decorator("app.get('/')", "fastapi.applications.FastAPI.get", "fastapi.FastAPI.get"),), None),
    ],
)
def test_decorators_say_what_calls_a_function(decorators, expected):
    assert runner(function("app:main", "app.py", *decorators)) == expected


def test_a_coroutine_function_is_awaited_by_whatever_calls_it():
    assert runner(function("app:main", "app.py", COMMAND, is_async=True)) is None


def test_an_overridden_method_says_what_calls_it():
    handle = function(
        "app:Command.handle",
        owner="app:Command",
        overrides_foreign="django.core.management.base.BaseCommand.handle",
    )
    assert runner(handle) == Runner("Django", "_handle", "Django", is_alike=True)


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("", "_main"),
        ("_main = 1", "_main_async"),
        ("_main = _main_async = 1", "_main_2"),
    ],
)
def test_the_core_has_a_name_that_nothing_has(text, core):
    found = runner(function("app:main", "app.py", COMMAND), app_py=text)
    assert found is not None
    assert found.core == core


def test_two_cores_of_a_file_have_two_names():
    one, other = function("app:_main", "app.py", COMMAND), function("app:main_async", "app.py", COMMAND, line=3)
    found = finder(one, other)
    cores = [found.runner_of(each, None) for each in (one, other, one)]
    assert [each and each.core for each in cores] == ["_main_async", "_main_async_async", "_main_async"]


def test_the_core_of_a_method_hides_nothing_of_a_library():
    overridden = "django.core.management.base.BaseCommand.handle"
    handle = function("app:Command.handle", owner="app:Command", overrides_foreign=overridden)
    base = replace(case("app:Command", "x.Base"), foreign_members=frozenset({"_handle"}))
    found = runner(handle, base)
    assert found is not None
    assert found.core == "_handle_async"


def test_a_decorator_that_passes_something_keeps_coroutines_from_calling_the_core():
    passing = Decorator("click.pass_context", "click.decorators.pass_context", "click.pass_context")
    found = runner(function("app:main", "app.py", passing), scripts=Scripts(console=frozenset({"app:main"})))
    assert found == Runner("a console script", "_main")


def test_the_core_of_a_method_has_a_name_that_no_file_has():
    overridden = "django.core.management.base.BaseCommand.handle"
    handle = function("app:Command.handle", owner="app:Command", overrides_foreign=overridden)
    found = runner(handle, other_py="def _handle(): ...")
    assert found is not None
    assert found.core == "_handle_async"


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (Scripts(console=frozenset({"app:main"})), Runner("a console script", "_main", is_alike=True)),
        (Scripts(console=frozenset({"package:main"})), Runner("a console script", "_main", is_alike=True)),
        (Scripts(console=frozenset({"package:start"})), Runner("a console script", "_main", is_alike=True)),
        (Scripts(console=frozenset({"app:other"})), None),
        (Scripts(others=frozenset({"app:main"})), None),
    ],
)
def test_metadata_says_what_a_console_script_calls(scripts, expected):
    one = function()
    found = finder(one, scripts=scripts, package_py="from app import main as start\n")
    assert found.runner_of(one, None) == expected
    assert (one.name in found.named) is ("app:other" not in scripts.console)


@pytest.mark.parametrize(
    ("one", "owner", "is_test"),
    [
        (function("test_app:test_it", "test_app.py"), None, True),
        (function("test_app:test_it", "test_app.py", MARK), None, True),
        (function("test_app:test_it", "test_app.py", Decorator("pytest.mark.slow(1)", None)), None, True),
        (function("test_app:test_it", "test_app.py", UNKNOWN), None, False),
        (function("test_app:helper", "test_app.py"), None, False),
        (function("app:test_it", "app.py"), None, False),
        (function("conftest:client", "conftest.py", FIXTURE), None, True),
        (function("app:client", "app.py", Decorator("pytest.fixture()", None)), None, True),
        (function("test_app:TestIt.test_it", "test_app.py", owner="test_app:TestIt"), case("test_app:TestIt"), True),
        (function("test_app:It.test_it", "test_app.py", owner="test_app:It"), case("test_app:It"), False),
        (function("checks:It.test_it", "checks.py", owner="checks:It"), case("checks:It", CASE), True),
        (function("checks:It.setUp", "checks.py", owner="checks:It"), case("checks:It", CASE), True),
        (function("checks:It.helper", "checks.py", owner="checks:It"), case("checks:It", CASE), False),
        (
            function("checks:It.test_it", "checks.py", owner="checks:It"),
            case("checks:It", "unittest.async_case.IsolatedAsyncioTestCase", CASE),
            False,
        ),
    ],
)
def test_what_a_test_runner_calls_is_known_by_its_class_its_file_and_its_name(one, owner, is_test):
    assert runner(one, owner) == (Runner("a test runner") if is_test else None)


@pytest.mark.parametrize("text", ["asyncio.get_event_loop()", "from playwright.sync_api import sync_playwright"])
def test_tests_bridge_nothing_where_loops_are_asked_for_or_run_unseen(text):
    one = function("test_app:test_it", "test_app.py")
    assert runner(one, other_py=text) is None
    assert runner(one, other_py="asyncio.get_running_loop()") is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("from django.db import models\n", "uses Django's database"),
        ("x = 1\nUser.objects.get()\n", "uses Django's database"),
        ("import gevent\n", "leaves an event loop running"),
    ],
)
def test_what_cannot_work_where_a_loop_runs_is_named(text, why):
    assert finder(function(), other_py="self.objects = [].objects\n").hindrance is None
    found = finder(function(), other_py=text).hindrance
    assert found is not None
    assert found.startswith(f"other.py:{text.count('x = 1') + 1} {why}")


def test_a_fixture_that_may_be_set_up_by_a_coroutine_bridges_nothing():
    one = function("conftest:client", "conftest.py", FIXTURE)
    assert runner(one, other_py="request.getfixturevalue('client')") is None


def used_in(text, one, **about):
    used = replace(one, span=Span(1, 5, 1, 9))
    around = function("app:around", "app.py", line=3)
    return finder(used, around, app_py=text, **about).may_be_called_by(used)


def test_who_uses_a_command_as_a_value_may_call_it():
    one = function("app:main", "app.py", COMMAND)
    places = [Reference("app.py", Span(9, 1, 9, 2), caller, ("app:main",)) for caller in ("app:around", "app:")]
    assert used_in("", one, references=tuple(places)) == {"app:around"}


@pytest.mark.parametrize(
    ("body", "is_use"),
    [("main()", True), ("x = main", True), ("app.main()", True), ("x.main()", False), ("f(main=1)", False)],
)
def test_without_types_the_bare_name_is_a_use(body, is_use):
    task = function("app:main", "app.py", Decorator("app.task", "celery.app.base.Celery.task", "celery.Celery.task"))
    assert used_in(f"def main(): ...\n\ndef around():\n    {body}\n", task) == ({"app:around"} if is_use else set())
