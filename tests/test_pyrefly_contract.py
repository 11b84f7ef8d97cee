"""The contract with pyrefly: every fact of its report that awaitify relies on, one test each.

The report's shape changes without its version number changing. A release that breaks something is told here by
name, in terms of the call graph, and not by a migration that finds less than before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from codemods.errors import CheckerError
from codemods.facts.assemble import assemble
from codemods.facts.async_only import async_only
from codemods.facts.called_values import called_values
from codemods.facts.callees import Callee
from codemods.facts.exits import with_exits
from codemods.facts.expressions import Expressions, types_of_file
from codemods.facts.graph import Call, CallGraph, CallKind, Decorator, ForeignTarget, Function, Reference
from codemods.facts.handed import Handed
from codemods.facts.pyrefly import CheckerRun, check_version, find_pyrefly, report_of
from codemods.facts.report import Report, SyntaxProblem
from codemods.facts.texts import Text
from codemods.model import Span
from codemods.tree import LineTable

NAMES = ("time.sleep", "requests.get", "requests.Session.get", "subprocess.run", "asyncio.create_task", "time.no_such")
"""What is asked about through the probe, as a pack would name it."""
TYPES = {
    "str | int | None": (False, False),
    "shop.waiting.Item": (False, False),
    "typing.Sequence[shop.waiting.Item]": (False, False),
    "type[shop.waiting.Query]": (False, False),
    "shop.waiting.Query": (True, True),
    "typing.Awaitable[str]": (True, True),
    "typing.Awaitable[str] | None": (True, False),
    "typing.Coroutine[typing.Any, typing.Any, int]": (True, True),
    "_asyncio.Task[int]": (True, True),
    "str | shop.waiting.Query": (True, False),
    "object": (True, False),
    "typing.Any": (True, False),
    "Unknown": (True, False),
    "_T": (True, False),
    "typing.Hashable": (True, False),
    "(int) -> str": (True, False),
    "None": (True, False),
    "shop.waiting.NoSuchClass": (True, False),
}
"""Types as the checker writes them, with what is told of them."""
PROBE = "\n".join([*NAMES, "import asyncio, requests, subprocess, time", ""])

SOURCES: dict[str, bytes] = {
    "shop/__init__.py": b"from shop.store import pause as rest\n",
    "shop/store.py": b"""\
import threading
import time


def pause():
    time.sleep(1)


class Store:
    def __init__(self, path: str):
        self.path = path

    def load(self) -> int:
        pause()
        return 1

    @property
    def size(self) -> int:
        return len(self.path)

    @size.setter
    def size(self, value: int) -> None:
        self.path = "x" * value

    @staticmethod
    def check() -> None:
        pause()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *details: object) -> None:
        pause()

    def __iter__(self):
        yield self.path


class Remote(Store):
    def load(self) -> int:
        return super().load() + 1


class Worker(threading.Thread):
    def run(self) -> None:
        pause()
""",
    "shop/decorated.py": b"""\
import contextlib
import functools
from typing import Callable


def plain(function: Callable[[], int]) -> Callable[[], int]:
    return function


def named(name: str) -> Callable[[Callable[[], int]], Callable[[], int]]:
    return plain


def untyped(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner


@plain
def first() -> int:
    return 1


@named("second")
@plain
def second() -> int:
    return 2


@untyped
def third() -> int:
    return 3


@contextlib.contextmanager
def opened():
    yield first() + second() + third()


@unknown.command()
def command() -> None:
    first()
""",
    "shop/main.py": b"""\
import asyncio
import subprocess
import time
from functools import partial

import requests
from missing_library import Base

from shop import rest
from shop.store import Remote, Store, pause


def direct() -> None:
    pause()
    rest()


def methods(store: Store, either: Store | Remote, perhaps: Store | None, anything) -> None:
    store.load()
    Store.check()
    either.load()
    if perhaps:
        perhaps.load()
    anything.load()


def instances() -> int:
    made = Store("a")
    made.size = 2
    with made as same:
        for path in same:
            print(path)
    return made.size


def values(xs: list[Store]) -> None:
    later = pause
    later()
    print(map(Store.load, xs), partial(pause), key=pause)


def outer() -> None:
    def inner() -> None:
        pause()

    inner()
    print(lambda: pause())


async def sleepy() -> None:
    await asyncio.sleep(1)
    await asyncio.wait_for(asyncio.sleep(2), 3)
    await sleepy()
    asyncio.create_task(sleepy())


def blocking(session: requests.Session) -> str:
    time.sleep(1)
    subprocess.run(["true"])
    session.get("a")
    answer = requests.get("b")
    return answer.text


class Odd(Base, Store):
    attribute = pause()

    def load(self) -> int:
        return 2


pause()

if not pause():
    def twice() -> None: ...
else:
    def twice() -> None: ...
""",
    "shop/waiting.py": b"""\
import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol, overload


class Waits(Protocol):
    is_async: Literal[True]


class Blocks(Protocol):
    is_async: Literal[False]


class Commands:
    @overload
    def get(self: Waits, key: str) -> Awaitable[str]: ...
    @overload
    def get(self: Blocks, key: str) -> str: ...
    def get(self, key): ...


class Client(Commands):
    is_async: Literal[True] = True


class Query:
    def __await__(self): ...


@dataclass
class Item:
    name: str
    price: int = 0


@contextlib.asynccontextmanager
async def opened():
    yield 1


async def numbers():
    yield 1


def show(name: str, *more: int, end: str = "") -> None: ...


async def waiting(
    client: Client, query: Query, job: Callable[[int], Awaitable[str]], other: Callable[[], Coroutine[Any, Any, int]]
) -> list[int]:
    client.get("a")
    with asyncio.Lock() as lock, opened() as number, contextlib.suppress(OSError), client as same:
        print(lock, number, same)
    for one in numbers():
        print(one)
    job(1)
    other()
    show("a", 1, end="b")
    Item("a", price=2)
    return [one for one in numbers()]
""",
    "shop/points.py": """\
from shop.store import pause


def points(store: "Store") -> None:
    print("äöü", "名🎉"); pause()
    naïve = "é"; pause(); print(naïve)


def grüße() -> None:
    pause()


grüße()
""".encode(),
    "shop/marked.py": b"\xef\xbb\xbf" + """from shop.store import pause; print("é"); pause()\npause()\n""".encode(),
    "shop/dos.py": b"from shop.store import pause\r\n\r\npause()\r\n",
    "shop/broken.py": b"import time\n\ndef f(:\n    time.sleep(1)\n",
    "shop/latin.py": "# coding: latin-1\nNAME = 'é'\n".encode("latin-1"),
}
ENCODINGS = {"shop/latin.py": "latin-1"}


@dataclass(frozen=True)
class Facts:
    """What the report says of the project."""

    graph: CallGraph
    texts: Mapping[str, Text]
    """By name."""
    types: Mapping[str, str]
    """Of the expressions of `shop/main.py`, by how they are written."""
    syntax_problems: list[SyntaxProblem]
    missing_modules: frozenset[str]
    root: Path
    callees: Mapping[str, Sequence[Callee]]
    """Of the calls of `shop/waiting.py`, by how they are written."""
    called: Mapping[str, ForeignTarget]
    """What the calls of values there give, likewise."""
    entered: Sequence[str]
    """What is entered and iterated there, and only can be with `async`."""
    classes: Mapping[str, tuple[bool, bool]]
    """Whether a type may be that of an awaitable, and whether it is a class that can be awaited and may wait."""

    def calls(self, name: str, written: str, kind: CallKind = CallKind.CALL) -> list[Call]:
        """The calls in a file whose source reads so."""
        lines = self.texts[name].lines
        found = [call for call in self.graph.calls if call.path == name and call.kind is kind]
        return [call for call in found if lines.slice(call.span) == written]

    def call(self, name: str, written: str, kind: CallKind = CallKind.CALL) -> Call:
        """The only one of these calls."""
        [found] = self.calls(name, written, kind)
        return found

    def function(self, name: str) -> Function:
        """The function of this name."""
        [found] = [function for function in self.graph.functions if function.name == name]
        return found

    def references(self, name: str, written: str) -> list[Reference]:
        """Where a function is used as a value."""
        lines = self.texts[name].lines
        return [one for one in self.graph.references if one.path == name and lines.slice(one.span) == written]

    def blocking(self, written: str) -> tuple[str | None, str]:
        """The name users know of the only foreign function that a call calls, and where it is defined."""
        [target] = self.call("shop/main.py", written).foreign
        return target.known_as, target.name


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    root = tmp_path_factory.mktemp("contract")
    texts = {}
    for name, content in SOURCES.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        has_mark = content.startswith(b"\xef\xbb\xbf")
        decoded = content.decode(ENCODINGS.get(name, "utf-8-sig"))
        texts[str(path)] = Text(name, LineTable(decoded), has_mark)
    run = CheckerRun(files=[Path(path) for path in texts], import_roots=[root], python=Path(sys.executable))
    with report_of(run, PROBE) as (folder, probe):
        report = Report(folder)
        main = texts[str(root / "shop/main.py")]
        types = types_of_file(report, str(root / "shop/main.py"), main)
        graph = assemble(report, texts, probe, NAMES)
        by_name = {text.name: text for text in texts.values()}
        expressions = Expressions(report, by_name, {name: str(root / name) for name in by_name})
        handed = Handed(graph, by_name, expressions, {})
        waiting = by_name["shop/waiting.py"].lines
        classes = expressions.classes
        yield Facts(
            graph=graph,
            callees={
                written: expressions.callees("shop/waiting.py").at(waiting.span(start, start + len(written)))
                for written in ('client.get("a")', 'show("a", 1, end="b")', 'Item("a", price=2)')
                for start in [waiting.text.index(written)]
            },
            called={waiting.slice(one.span): one.foreign[0] for one in called_values(graph, by_name, (), expressions)},
            entered=[waiting.slice(one.span) for one in async_only(graph, by_name, (), expressions, handed)],
            classes={type_: (classes.takes_awaitables(type_), classes.awaitable(type_) is not None) for type_ in TYPES},
            texts=by_name,
            types={main.lines.slice(span): name for span, name in types.items()},
            syntax_problems=list(report.syntax_problems()),
            missing_modules=report.missing_modules(texts),
            root=root,
        )


def test_the_installed_version_is_one_whose_report_is_known() -> None:
    check_version(find_pyrefly())


def test_a_folder_without_a_report_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(CheckerError, match=r"pyrefly\.pysa\.json: .*install a pyrefly it knows"):
        Report(tmp_path)


# Calls.


def test_a_call_across_modules_has_its_target_and_its_caller(facts: Facts) -> None:
    [call] = [call for call in facts.calls("shop/main.py", "pause()") if call.caller == "shop.main:direct"]
    assert (call.targets, call.foreign, call.is_resolved) == (("shop.store:pause",), (), True)


def test_a_call_through_a_re_export_has_the_target_where_it_is_defined(facts: Facts) -> None:
    assert facts.call("shop/main.py", "rest()").targets == ("shop.store:pause",)


def test_a_method_call_has_the_method_of_the_receivers_class(facts: Facts) -> None:
    call = facts.call("shop/main.py", "store.load()")
    assert (call.targets, call.is_resolved) == (("shop.store:Store.load",), True)


def test_a_method_that_has_overrides_is_no_other_target(facts: Facts) -> None:
    """`Overrides` instead of `Function`: the family is what planning makes of it."""
    assert facts.call("shop/store.py", "super().load()").targets == ("shop.store:Store.load",)
    assert facts.function("shop.store:Remote.load").overrides == "shop.store:Store.load"


def test_a_static_method_is_a_target(facts: Facts) -> None:
    assert facts.call("shop/main.py", "Store.check()").targets == ("shop.store:Store.check",)


def test_a_receiver_of_several_classes_has_the_methods_of_all(facts: Facts) -> None:
    assert "shop.store:Store.load" in facts.call("shop/main.py", "either.load()").targets


def test_an_optional_receiver_has_its_method(facts: Facts) -> None:
    assert facts.call("shop/main.py", "perhaps.load()").targets == ("shop.store:Store.load",)


def test_a_call_on_a_receiver_of_unknown_type_is_unresolved_and_has_no_target(facts: Facts) -> None:
    call = facts.call("shop/main.py", "anything.load()")
    assert (call.targets, call.foreign, call.is_resolved) == ((), (), False)


def test_making_an_instance_calls_init(facts: Facts) -> None:
    call = facts.call("shop/main.py", 'Store("a")', CallKind.CONSTRUCT)
    assert (call.targets, call.caller) == (("shop.store:Store.__init__",), "shop.main:instances")


def test_reading_and_setting_a_property_call_its_functions(facts: Facts) -> None:
    setting, reading = facts.calls("shop/main.py", "made.size", CallKind.PROPERTY)
    getter, setter = (one for one in facts.graph.functions if one.name.startswith("shop.store:Store.size"))
    assert getter.is_property and setter.is_property
    assert (setting.targets, reading.targets) == ((setter.name,), (getter.name,))


def implicit_targets(graph: CallGraph) -> set[str]:
    calls = [call for call in graph.calls if call.kind is CallKind.IMPLICIT and call.path == "shop/main.py"]
    return {target for call in calls for target in call.targets}


def test_statements_call_the_methods_they_stand_for(facts: Facts) -> None:
    assert {"shop.store:Store.__enter__", "shop.store:Store.__iter__"} <= implicit_targets(facts.graph)


def test_leaving_a_with_block_is_not_told(facts: Facts) -> None:
    """A limit to know of: that nothing calls `__exit__` may not be concluded. Tell the planning if this fails."""
    assert "shop.store:Store.__exit__" not in implicit_targets(facts.graph)


def test_it_is_added_for_the_class_whose_block_is_entered(facts: Facts) -> None:
    assert "shop.store:Store.__exit__" in implicit_targets(with_exits(facts.graph))


def test_calls_outside_of_functions_are_the_modules(facts: Facts) -> None:
    callers = [call.caller for call in facts.calls("shop/main.py", "pause()")]
    assert callers.count("shop.main:") == 3  # the class body, the statement, the condition


def test_calls_in_nested_functions_are_theirs(facts: Facts) -> None:
    callers = {call.caller for call in facts.calls("shop/main.py", "pause()")}
    assert "shop.main:outer.<locals>.inner" in callers
    assert facts.call("shop/main.py", "inner()").targets == ("shop.main:outer.<locals>.inner",)


def test_a_call_in_a_lambda_is_that_of_the_function_around_it(facts: Facts) -> None:
    assert "shop.main:outer" in {call.caller for call in facts.calls("shop/main.py", "pause()")}


# Functions and classes.


def test_every_function_of_the_project_is_named_once(facts: Facts) -> None:
    names = [function.name for function in facts.graph.functions]
    assert len(set(names)) == len(names)
    assert {"shop.store:pause", "shop.main:outer.<locals>.inner", "shop.points:grüße"} <= set(names)


def test_a_function_stands_where_its_name_does(facts: Facts) -> None:
    for function in facts.graph.functions:
        written = facts.texts[function.path].lines.slice(function.span)
        assert written == function.name.rpartition(":")[2].rpartition(".")[2].partition("@")[0]


def test_async_functions_are_told_from_others(facts: Facts) -> None:
    found = [function.name for function in facts.graph.functions if function.is_async]
    assert found == ["shop.main:sleepy", *(f"shop.waiting:{name}" for name in ("opened", "numbers", "waiting"))]


def test_a_method_knows_its_class_and_a_nested_function_what_is_around_it(facts: Facts) -> None:
    method, inner = facts.function("shop.store:Store.load"), facts.function("shop.main:outer.<locals>.inner")
    assert (method.owner, method.parent) == ("shop.store:Store", "shop.store:Store")
    assert (inner.owner, inner.parent) == (None, "shop.main:outer")


def test_a_function_that_is_defined_twice_is_two(facts: Facts) -> None:
    names = [one.name.partition("@")[0] for one in facts.graph.functions if one.path == "shop/main.py"]
    assert names.count("shop.main:twice") == 2


def test_a_method_that_overrides_one_outside_of_the_project_names_it(facts: Facts) -> None:
    run = facts.function("shop.store:Worker.run")
    assert (run.overrides, run.overrides_foreign) == (None, "threading.Thread.run")


def test_a_base_that_is_not_installed_is_missing_among_the_resolved_ones(facts: Facts) -> None:
    bases = {one.name: one.resolved_bases for one in facts.graph.classes}
    assert (bases["shop.store:Store"], bases["shop.store:Remote"], bases["shop.main:Odd"]) == (0, 1, 1)
    assert facts.missing_modules == {"missing_library"}


# Decorators.


def test_a_decorator_resolves_to_its_function(facts: Facts) -> None:
    assert facts.function("shop.decorated:first").decorators == (Decorator("plain", "shop.decorated:plain"),)


def test_a_decorator_with_arguments_resolves_to_the_function_that_makes_it(facts: Facts) -> None:
    assert facts.function("shop.decorated:second").decorators == (
        Decorator('named("second")', "shop.decorated:named"),
        Decorator("plain", "shop.decorated:plain"),
    )


def test_decorators_of_the_standard_library_are_named_where_they_are_defined(facts: Facts) -> None:
    assert facts.function("shop.decorated:opened").decorators == (
        Decorator("contextlib.contextmanager", "contextlib.contextmanager"),
    )
    targets = [one.target for one in facts.function("shop.store:Store.check").decorators]
    assert targets == ["builtins.staticmethod.__init__"]


def test_a_decorator_that_cannot_be_resolved_is_there_without_a_target(facts: Facts) -> None:
    assert facts.function("shop.decorated:command").decorators == (Decorator("unknown.command()", None),)


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_a_call_of_a_decorated_function_resolves_to_the_function(facts: Facts, name: str) -> None:
    """The report names a pseudo-function, `FDT:n`."""
    calls = facts.calls("shop/decorated.py", f"{name}()")
    assert {call.caller for call in calls} >= {"shop.decorated:opened"}
    assert {call.targets for call in calls} == {(f"shop.decorated:{name}",)}


# Functions as values.


@pytest.mark.parametrize(
    ("written", "target", "count"), [("pause", "shop.store:pause", 3), ("Store.load", "shop.store:Store.load", 1)]
)
def test_a_function_that_is_used_as_a_value_is_a_reference(facts: Facts, written: str, target: str, count: int) -> None:
    references = [one for one in facts.references("shop/main.py", written) if one.caller == "shop.main:values"]
    assert [one.targets for one in references] == [(target,)] * count


def test_a_function_that_is_only_called_is_no_reference(facts: Facts) -> None:
    assert [one for one in facts.graph.references if one.caller == "shop.main:direct"] == []


def test_a_call_through_a_variable_has_the_function_it_holds(facts: Facts) -> None:
    assert facts.call("shop/main.py", "later()").targets == ("shop.store:pause",)


# What lies outside of the project.


@pytest.mark.parametrize(
    ("written", "known_as", "name"),
    [
        ("time.sleep(1)", "time.sleep", "time.sleep"),
        ('requests.get("b")', "requests.get", "requests.api.get"),
        ('session.get("a")', "requests.Session.get", "requests.sessions.Session.get"),
        ('subprocess.run(["true"])', "subprocess.run", "subprocess.run"),
    ],
)
def test_names_as_users_import_them_are_found_where_they_are_defined(
    facts: Facts, written: str, known_as: str, name: str
) -> None:
    assert facts.blocking(written) == (known_as, name)
    assert facts.call("shop/main.py", written).is_resolved


@pytest.mark.parametrize(
    ("written", "name"), [("asyncio.sleep(1)", "asyncio.tasks.sleep"), ("asyncio.sleep(2)", "asyncio.tasks.sleep")]
)
def test_a_foreign_coroutine_function_is_told_from_others(facts: Facts, written: str, name: str) -> None:
    [target] = facts.call("shop/main.py", written).foreign
    assert (target.name, target.is_coroutine) == (name, True)
    assert [one.is_coroutine for one in facts.call("shop/main.py", "time.sleep(1)").foreign] == [False]


def test_what_takes_a_coroutine_and_gives_a_task_is_no_coroutine_function(facts: Facts) -> None:
    [target] = facts.call("shop/main.py", "asyncio.create_task(sleepy())").foreign
    assert (target.known_as, target.is_coroutine) == ("asyncio.create_task", False)


def test_a_name_that_does_not_exist_harms_no_other(facts: Facts) -> None:
    known = {target.known_as for call in facts.graph.calls for target in call.foreign}
    assert known >= set(NAMES) - {"time.no_such"}
    assert "time.no_such" not in known


# Types.


def test_the_type_of_a_response_is_written_with_its_module(facts: Facts) -> None:
    assert facts.types["answer"] == "requests.models.Response"


def test_the_type_of_a_coroutine_is_written_with_its_module(facts: Facts) -> None:
    assert facts.types["asyncio.sleep(2)"].startswith("typing.Coroutine[")


# What has to be awaited.


def test_a_method_of_both_colors_is_told_by_the_class_of_its_object(facts: Facts) -> None:
    [callee] = facts.callees['client.get("a")']
    assert callee.signatures is not None
    assert [one.result for one in callee.signatures] == ["typing.Awaitable[str]"]


def test_the_parameters_of_a_call_are_those_that_it_has_arguments_for(facts: Facts) -> None:
    [show], [item] = facts.callees['show("a", 1, end="b")'], facts.callees['Item("a", price=2)']
    assert show.name == "shop.waiting.show"
    assert show.signatures is not None
    assert item.signatures is not None
    taken = [show.signatures[0].parameter(*one) for one in ((None, 0), (None, 1), (None, 2), ("end", 3), ("no", 3))]
    assert [one and one.type for one in taken] == ["str", "int", "int", "str", None]
    taken = [item.signatures[0].parameter(*one) for one in ((None, 0), ("price", 1), (None, 2))]
    assert [one and one.type for one in taken] == ["str", "int", None]


def test_what_calls_of_values_give_is_the_result_of_their_type(facts: Facts) -> None:
    assert facts.called.keys() == {"job(1)", "other()"}
    assert facts.called["other()"].is_coroutine
    assert facts.called["job(1)"].awaitable is not None


def test_what_can_only_be_entered_and_iterated_with_async_is_known(facts: Facts) -> None:
    assert facts.entered == ["asyncio.Lock()", "opened()", "numbers()", "numbers()"]


def test_types_tell_whether_something_may_be_awaitable(facts: Facts) -> None:
    assert facts.classes == TYPES


# Places.


def test_columns_count_bytes_and_become_code_points(facts: Facts) -> None:
    name = "shop/points.py"
    spans = [call.span for call in facts.calls(name, "pause()")]
    assert spans == [Span(5, 25, 5, 32), Span(6, 18, 6, 25), Span(10, 5, 10, 12)]
    assert facts.call(name, "grüße()").targets == ("shop.points:grüße",)


def test_a_byte_order_mark_is_no_column(facts: Facts) -> None:
    spans = [call.span for call in facts.calls("shop/marked.py", "pause()")]
    assert spans == [Span(1, 43, 1, 50), Span(2, 1, 2, 8)]


def test_lines_may_end_with_crlf(facts: Facts) -> None:
    assert [call.span for call in facts.calls("shop/dos.py", "pause()")] == [Span(3, 1, 3, 8)]


# Files that cannot be read.


def test_a_syntax_error_has_its_file_and_its_line(facts: Facts) -> None:
    [problem] = facts.syntax_problems
    assert (problem.path, problem.line) == (str(facts.root / "shop/broken.py"), 3)
    assert problem.message.startswith("Expected")


def test_a_file_that_is_no_utf_8_is_unread_and_the_others_are_not(facts: Facts) -> None:
    assert facts.graph.unread == {"shop/latin.py"}
