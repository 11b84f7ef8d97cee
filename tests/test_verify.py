"""Every check of the result can fail, and passes what is right."""

import libcst as cst
import pytest

from codemods.facts.syntax import ImportedNames
from codemods.tree import Tree
from codemods.verify import Expectation, called_name, unawaited_calls, verify

PLAIN = "def f():\n    return 1\n"


def failure(after, before=PLAIN, names=(), **other_calls):
    return verify(Tree(before), after, Expectation(names, other_calls))


def test_a_good_change_holds():
    before = "def f():\n    g()\n\n\ndef g():\n    return 1\n"
    after = "async def f():\n    await g()\n\n\nasync def g():\n    return 1\n"
    assert failure(after, before, {"f", "g"}) is None


@pytest.mark.parametrize(
    ("after", "line", "message"),
    [
        ("x = 1\ndef f(:\n", 2, "the result is no Python"),
        ("x = = 1\n", 1, "the result is no Python"),
        ("\x0cx = 1\n", None, "the result does not print as it is"),
        ("x = 1\nreturn 2\n", 2, "the result does not compile: 'return' outside function"),
        ("x = 1\nf() = 2\n", 2, "the result"),
        ("async def f():\n    yield 1\n    return 2\n", 3, "the result does not compile"),
    ],
)
def test_a_result_that_is_no_program_is_refused_with_its_line(after, line, message):
    found = failure(after)
    assert found is not None
    assert (found.line, found.message[: len(message)]) == (line, message)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ("return 1\nx = await f()\n", 2),
        ("return 1\n\ndef f():\n    await g()\n", 4),
        ("return 1\nasync def f():\n    lambda: await g()\n", 3),
        ("return 1\nasync def f():\n    def h():\n        return [await g()]\n", 4),
        ("return 1\nasync def f(x=await g()): ...\n", 2),
        ("return 1\n@(await g())\nasync def f(): ...\n", 2),
    ],
)
def test_await_outside_of_async_is_refused_even_where_compiling_cannot_tell(after, line):
    # `return` at module level: neither text compiles, so that only the tree can tell
    found = failure(after, before="return 1\n")
    assert found is not None
    assert found.line == line
    assert found.message.startswith("await stands outside of a")


@pytest.mark.parametrize(
    "after",
    [
        "async def f():\n    await g()\n",
        "async def f():\n    [await g() for x in y]\n",
        "async def f():\n    def h(x=await g()): ...\n",
        "async def f():\n    lambda x=await g(): x\n",
        "async def f():\n    @(await g())\n    def h(): ...\n",
        "class C:\n    async def f(self):\n        with await g(): ...\n",
    ],
)
def test_await_inside_of_async_is_no_failure(after):
    assert failure(after) is None


@pytest.mark.parametrize("name", ["__init__", "__len__", "__enter__", "__del__", "__iter__"])
def test_an_async_dunder_is_refused(name):
    after = f"class C:\n    async def {name}(self): ...\n"
    found = failure(after, before=after.replace("async ", ""))
    assert found is not None
    assert found.line == 2
    assert found.message == f"{name} became async, and Python would not await it"
    assert failure(after, before=after) is None, "it was async before"


def test_one_more_async_dunder_than_before_is_refused():
    one = "class C:\n    async def __len__(self): ...\n"
    assert failure(one + one, before=one) is not None


@pytest.mark.parametrize("name", ["__aenter__", "__aexit__", "__anext__", "__call__", "load", "_load_", "__load"])
def test_other_functions_may_become_async(name):
    after = f"class C:\n    async def {name}(self): ...\n"
    assert failure(after, before=after.replace("async ", "")) is None


@pytest.mark.parametrize(
    "call",
    [
        "load()",
        "x = load()",
        "self.load(1)",
        "return load()",
        "await load().x",
        "await other(load())",
        "await load()()",
        "asyncio.gather(load())",
        "with load() as x: ...",
        "lambda: load()",
    ],
)
def test_a_call_of_a_promoted_function_that_nothing_awaits_is_refused(call):
    after = f"async def f(self):\n    x = 1\n    {call}\n"
    found = failure(after, names={"load"})
    assert found is not None
    assert found.line in (3, 4)
    assert found.message == "1 calls named load are not awaited and 0 of them are known to call something else"


@pytest.mark.parametrize(
    "call",
    [
        "await load()",
        "await (self.load(1))",
        "(await load()).x",
        "async with load() as x: ...",
        "download()",
        "load",
        "load.x()",
        "(load or x)()",
        "f'load()'",
    ],
)
def test_a_call_that_is_awaited_or_no_call_of_that_name_is_no_failure(call):
    assert failure(f"async def f(self):\n    {call}\n", names={"load"}) is None


def test_asyncio_run_takes_one_coroutine_and_no_other():
    after = "import asyncio\ndef f():\n    asyncio.run({})\n"
    assert failure(after.format("load()"), names={"load"}) is None
    found = failure(after.format("main(), load()"), names={"load"})
    assert found is None, "what it is given beside the coroutine is none of ours"
    assert failure(after.format("main)\n    (load()"), names={"load"}) is not None


RUNS = "import asyncio\n\ndef shell():\n    return asyncio.run(core())\n\n"


@pytest.mark.parametrize(
    "after",
    [
        "async def f():\n    shell()\n",
        "def g():\n    shell()\n\nasync def f():\n    g()\n",
        "async def f():\n    asyncio.run(g())\n",
        "class C:\n    def g(self):\n        shell()\n    async def f(self):\n        self.g()\n",
    ],
)
def test_an_event_loop_that_would_start_in_a_running_one_is_refused(after):
    found = failure(RUNS + after)
    assert found is not None
    assert "starts an event loop, and a coroutine comes to it" in found.message
    assert failure(RUNS + after, before=RUNS + after) is None, "it was so before"


@pytest.mark.parametrize(
    "after",
    [
        "def f():\n    shell()\n",
        "async def f(self):\n    self.shell()\n",
        "async def f():\n    x.shell()\n",
        "async def f():\n    await asyncio.to_thread(shell)\n",
        "class C:\n    async def shell(self):\n        await g()\n",
    ],
)
def test_an_event_loop_that_coroutines_do_not_come_to_is_no_failure(after):
    assert failure(RUNS + after) is None


@pytest.mark.parametrize(("known", "holds"), [(0, False), (1, False), (2, True), (3, False)])
def test_the_number_of_other_calls_has_to_be_the_known_one(known, holds):
    after = "async def f():\n    load()\n    await load()\n    x.load()\n"
    assert (failure(after, names={"load"}, load=known) is None) is holds


def test_a_known_other_call_that_became_awaited_is_seen_when_one_is_left():
    found = failure("load()\n", names={"load"}, load=2)
    assert found is not None
    assert found.line == 1
    assert "1 calls named load are not awaited and 2 of them" in found.message


def test_names_are_counted_apart():
    after = "one()\ntwo()\n"
    assert failure(after, names={"one", "two"}, one=1, two=1) is None
    found = failure(after, names={"one", "two"}, one=2)
    assert found is not None
    assert "named one" in found.message


@pytest.mark.parametrize(
    ("after", "name"),
    [
        ("async def f(k):\n    TABLE[k]()\n", "TABLE[]"),
        ("async def f(k):\n    TABLE.get(k)(await g())\n", "get()"),
        ("async def f(args):\n    args.func(args)\n", "func"),
        ("async def f(action):\n    return action()\n", "action"),
    ],
)
def test_a_call_of_a_value_that_is_not_awaited_is_seen(after, name):
    found = failure(after, names={name})
    assert found is not None
    assert found.message.startswith(f"1 calls named {name} are not awaited")
    call = after.split("    ")[1].removeprefix("return ")
    assert failure(after.replace(call, f"await {call}"), names={name}) is None


def test_what_did_not_compile_before_need_not_compile_after():
    assert failure("return 1\n", before="return 2\n") is None
    assert failure("return 1\n") is not None


def test_warnings_of_the_compiler_are_not_ours():
    assert failure("x = '\\d'\ny = 1 is 1\n") is None


def test_unawaited_calls_are_listed_by_name_and_line():
    tree = Tree("b()\na(b())\nasync def f():\n    await a()\n    x.a()\n")
    assert unawaited_calls(tree, {"a", "b", "c"}, ImportedNames(tree)) == {"a": [2, 5], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("f()", "f"),
        ("a.b.f()", "f"),
        ("f()()", "f()"),
        ("a[f]()", "a[]"),
        ("a.b[f]()", "b[]"),
        ("a.get(f)()", "get()"),
        ("a[0].f()", "f"),
        ("(f)()", "f"),
        ("(f if x else g)()", ""),
    ],
)
def test_a_call_has_the_last_part_of_its_callees_name(text, name):
    call = cst.parse_expression(text)
    assert isinstance(call, cst.Call)
    assert called_name(call) == name


def test_only_asyncio_run_takes_a_coroutine():
    tree = Tree("import asyncio as aio\naio.run(a())\nself.run(a())\nrun(a())\n")
    assert unawaited_calls(tree, {"a"}, ImportedNames(tree)) == {"a": [3, 4]}
