"""What users declare in `[tool.awaitify]`: functions that block, what is entered, and what is iterated over."""

from pathlib import Path

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Action, Migration, Scope
from codemods.packs import DeclaredCall, DeclaredHandler, DeclaredOffload, DeclaredUse

STORE = """\
class Pipe:
    def read(self, size):
        raise NotImplementedError

    def close(self):
        print("closed")

    async def aclose(self):
        print("closed")


class FilePipe(Pipe):
    def read(self, size):
        return b"file"


class Lines:
    rows: "list[str]"

    def __iter__(self):
        yield "line"


class Lock:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass


def fetch(key):
    return key


async def fetch_async(key):
    return key


def dump(value):
    print(value)


def reread(size):
    return size
"""
APP = """\
from store import FilePipe, Lines, Lock, Pipe, dump, fetch


def load(pipe: Pipe):
    try:
        return pipe.read(10)
    finally:
        pipe.close()


def guess(thing):
    return thing.reread(3)


def show(lines: Lines):
    with Lock():
        for row in lines.rows:
            print(row)
        for line in lines:
            print(line)
    dump(fetch("key"))
    return [fetch(key) for key in lines.rows]


def main():
    load(FilePipe())
    show(Lines())
"""
CONFIG = Config(
    scope=Scope.ALL,
    call=(
        DeclaredCall("store.Pipe.read"),
        DeclaredCall("store.Pipe.close", "store.Pipe.aclose"),
        DeclaredCall("store.fetch", "store.fetch_async"),
        DeclaredCall("store.reread", any_receiver=True),
        DeclaredCall("store.Pipe.raed"),
    ),
    offload=(DeclaredOffload("store.dump"),),
    with_=(DeclaredUse("store.Lock"),),
    iter=(DeclaredUse("store.Lines.rows"), DeclaredUse("store.Lines")),
)


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    folder = tmp_path_factory.mktemp("declared")
    for name, text in (("store", STORE), ("app", APP)):
        (folder / f"{name}.py").write_text(text, "utf-8")
    return migrate([folder], CONFIG, folder)


def changed(migration: Migration, name: str) -> str:
    (found,) = [one for one in migration.changes if one.source.name == name]
    return found.after.decode()


def test_a_function_of_the_project_becomes_async_itself_with_its_overrides(migration):
    text = changed(migration, "store.py")
    assert text.count("async def read(self, size):") == 2
    assert "return await pipe.read(10)" in changed(migration, "app.py")


def test_another_method_is_called_where_one_is_named(migration):
    assert "await pipe.aclose()" in changed(migration, "app.py")
    assert "    def close(self):" in changed(migration, "store.py")


def test_another_function_is_called_and_imported_where_one_is_named(migration):
    text = changed(migration, "app.py")
    assert "from store import FilePipe, Lines, Lock, Pipe, dump, fetch_async\n" in text
    assert "return [await fetch_async(key) async for key in lines.rows]" in text


def test_what_has_no_async_form_runs_in_a_thread(migration):
    assert 'await asyncio.to_thread(dump, await fetch_async("key"))' in changed(migration, "app.py")


def test_a_call_on_any_receiver_is_meant_too(migration):
    assert "return await thing.reread(3)" in changed(migration, "app.py")
    assert "async def reread(size):" in changed(migration, "store.py")


def test_a_class_with_both_kinds_of_methods_is_entered_with_async_with(migration):
    assert "    async with Lock():" in changed(migration, "app.py")
    assert "    def __enter__(self):" in changed(migration, "store.py")


def test_attributes_and_objects_are_iterated_over_with_async_for(migration):
    text = changed(migration, "app.py")
    assert "async for row in lines.rows:" in text
    assert "async for line in lines:" in text
    assert "async def __aiter__(self):" in changed(migration, "store.py")


def test_a_name_that_means_nothing_is_told_of(migration):
    (problem,) = migration.problems
    assert problem.path == "[tool.awaitify]"
    assert problem.message.startswith("store.Pipe.raed is nothing of the project that is used")


def test_every_call_has_an_action(migration):
    assert {one.action for one in migration.findings} == {Action.NATIVE, Action.AWAITED, Action.OFFLOADED}


FRAMEWORK = """\
from framework.objects import Message


def on(name):
    def register(function):
        return function

    return register
"""
OBJECTS = """\
class Message:
    async def reply(self, text: str) -> None:
        print(text)
"""
BOT = """\
from framework import on


@on("hello")
async def greet(message, name):
    message.reply(name)


class Group:
    @on("bye")
    async def leave(self, message):
        message.reply("bye")
"""


def handled(folder: Path, *handlers: DeclaredHandler) -> Migration:
    files = {"framework/__init__.py": FRAMEWORK, "framework/objects.py": OBJECTS, "bot.py": BOT}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return migrate([folder / "bot.py"], Config(handler=handlers), folder)


def test_what_a_decorator_gives_to_its_functions_has_the_methods_of_its_class(tmp_path):
    migration = handled(tmp_path, DeclaredHandler("framework.on", "framework.Message"))
    text = changed(migration, "bot.py")
    assert "    await message.reply(name)\n" in text
    assert '        await message.reply("bye")\n' in text
    assert migration.problems == ()


def test_names_of_a_handler_that_mean_nothing_are_told_of(tmp_path):
    wrong = (DeclaredHandler("framework.no", "framework.Message"), DeclaredHandler("framework.on", "framework.Masage"))
    migration = handled(tmp_path, *wrong)
    assert migration.changes == ()
    told = [(one.path, one.message.partition(" ")[0]) for one in migration.problems]
    assert told == [("[tool.awaitify]", "framework.Masage"), ("[tool.awaitify]", "framework.no")]
