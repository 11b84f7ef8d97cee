"""Classes whose async twins take their place: everywhere in a project, or nowhere, with the place as the reason."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from codemods import migrate
from codemods.config import Config
from codemods.model import Action, Migration, Scope
from codemods.packs import DeclaredTwin

STORE = """\
from collections.abc import AsyncIterator, Iterator


class Client:
    timeout: float = 3.0

    def __init__(self, url: str, retries: int = 3, hook: "Hook | None" = None) -> None:
        self.url = url

    @classmethod
    def local(cls) -> "Client":
        return cls("local")

    def get(self, key: str, default: str = "") -> str:
        return f"{self.url}/{key}"

    def rows(self, prefix: str) -> Iterator[str]:
        yield prefix

    def describe(self) -> str:
        return self.url

    def size(self) -> int:
        return 1

    def inspect(self) -> "Hook":
        return Hook()

    def close(self) -> None:
        print("closed")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncClient:
    timeout: float = 3.0

    def __init__(self, url: str, retries: int = 3, hook: "AsyncHook | None" = None) -> None:
        self.url = url

    @classmethod
    def local(cls) -> "AsyncClient":
        return cls("local")

    async def get(self, key: str, fallback: str = "") -> str:
        return f"{self.url}/{key}"

    async def rows(self, prefix: str) -> AsyncIterator[str]:
        yield prefix

    def describe(self) -> str:
        return self.url

    async def inspect(self) -> "AsyncHook":
        return AsyncHook()

    async def aclose(self) -> None:
        print("closed")

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


class Hook:
    pass


class AsyncHook:
    pass
"""


@dataclass(frozen=True)
class Kept:
    """A program that has to keep the blocking class, and why."""

    code: str
    reason: str
    """A part of the reason; empty where the checker does not know that its calls are some of the class."""


KEPT = {
    "its_name_means_something_else": Kept(
        """
        def shadowed(Client):
            return Client("a")

        def run():
            return Client("a").get("b")
        """,
        "Client may mean something else in line",
    ),
    "its_name_is_imported_twice": Kept(
        """
        try:
            from faster import Client
        except ImportError:
            pass

        def run():
            return Client("a").get("b")
        """,
        "",
    ),
    "an_attribute_is_hidden": Kept(
        """
        class HidingBase:
            def __init__(self):
                self.hidden_client = Client("a")

            def value(self):
                return self.hidden_client.get("b")

        class Hiding(HidingBase):
            @property
            def hidden_client(self):
                return 5
        """,
        "gives another meaning to hidden_client",
    ),
    "a_class_of_a_library_is_mixed_in": Kept(
        """
        import threading

        class MixedBase:
            def __init__(self):
                self.mixin_client = Client("a")

            def value(self):
                return self.mixin_client.get("b")

        class Mixed(MixedBase, threading.Thread):
            pass
        """,
        "by an object that something else may ask for it",
    ),
    "what_it_iterates_over_is_returned": Kept(
        """
        def run():
            client = Client("a")
            client.get("b")
            return client.rows("b")
        """,
        "what it gives is returned",
    ),
    "a_loop_is_found_before_it_is_made": Kept(
        """
        def run():
            client = Client("a")
            print(client.get("b"))

        def unclear(client: Client):
            yield client
        """,
        "is not followed",
    ),
    "a_class_derives_from_it": Kept(
        """
        class Own(Client):
            pass

        def run():
            return Client("a").get("b")
        """,
        "the class is used as a value in",
    ),
    "isinstance_asks_for_it": Kept(
        """
        def run(thing):
            client = Client("a")
            return client.get("b") if isinstance(thing, Client) else None
        """,
        "the class is used as a value in",
    ),
    "it_has_another_name": Kept(
        """
        Made = Client

        def run():
            return Made("a").get("b")
        """,
        "the class is used as a value in",
    ),
    "a_library_gets_it": Kept(
        """
        import copy

        def run():
            client = Client("a")
            copy.copy(client)
            return client.get("b")
        """,
        "it is handed on in",
    ),
    "it_is_printed": Kept(
        """
        def run():
            client = Client("a")
            print(client)
            return client.get("b")
        """,
        "it is handed on in",
    ),
    "a_list_holds_it": Kept(
        """
        def run():
            clients = [Client("a")]
            return clients[0].get("b")
        """,
        "is not followed",
    ),
    "a_tuple_is_assigned": Kept(
        """
        def run():
            client, other = Client("a"), 1
            return client.get("b"), other
        """,
        "is not followed",
    ),
    "the_twin_lacks_a_method": Kept(
        """
        def run():
            client = Client("a")
            return client.get("b"), client.size()
        """,
        "has no method size() that is known",
    ),
    "a_method_gives_something_else": Kept(
        """
        def run():
            client = Client("a")
            return client.get("b"), client.inspect()
        """,
        "inspect() gives something else in",
    ),
    "a_parameter_has_another_name": Kept(
        """
        def run():
            client = Client("a")
            return client.get("b", default="c")
        """,
        "get() takes default= otherwise in",
    ),
    "the_twin_is_made_otherwise": Kept(
        """
        from {store} import Hook

        def run():
            client = Client("a", hook=Hook())
            return client.get("b")
        """,
        "hook of Client() is of another type in",
    ),
    "arguments_are_not_visible": Kept(
        """
        def run(*args):
            client = Client("a")
            return client.get(*args)
        """,
        "get() takes other arguments in",
    ),
    "a_method_is_a_value": Kept(
        """
        def run():
            client = Client("a")
            get = client.get
            return client.get("b"), get("b")
        """,
        "get may be something else in",
    ),
    "a_lambda_calls_it": Kept(
        """
        def run():
            client = Client("a")
            return (lambda: client.get("b"))()
        """,
        "in a lambda, where await cannot",
    ),
    "an_init_calls_it": Kept(
        """
        class InitHolder:
            def __init__(self):
                self.value = Client("a").get("b")
        """,
        "stays sync",
    ),
    "a_property_calls_it": Kept(
        """
        class PropertyHolder:
            def __init__(self):
                self.property_client = Client("a")

            @property
            def value(self):
                return self.property_client.get("b")
        """,
        "stays sync",
    ),
    "a_call_stands_at_module_level": Kept(
        """
        client = Client("a")
        value = client.get("b")

        def run():
            return client.get("c")
        """,
        "stands at module level, where await cannot",
    ),
    "a_parameter_gets_something_else": Kept(
        """
        class Fake:
            def get(self, key):
                return key

        def take_any(client):
            return client.get("b")

        def run():
            client = Client("a")
            return client.get("b"), take_any(client), take_any(Fake())
        """,
        "may not be one",
    ),
    "a_variable_gets_something_else": Kept(
        """
        def run(other):
            client = Client("a")
            client.get("b")
            if other:
                client = other
            return client.get("b")
        """,
        "may not be one",
    ),
    "a_parameter_has_a_default": Kept(
        """
        def take_default(client=5):
            return client.get("b")

        def run():
            client = Client("a")
            client.get("b")
            return take_default(client)
        """,
        "has a default of its own",
    ),
    "something_unknown_may_call_its_taker": Kept(
        """
        def take_known(client: Client):
            return client.get("b")

        def run(pool):
            pool.submit(take_known, 1)
            client = Client("a")
            return client.get("b"), take_known(client)
        """,
        "take_known, which takes or returns one, may be called by something unknown",
    ),
    "an_attribute_gets_something_else": Kept(
        """
        class Holder:
            def __init__(self):
                self.mixed_client = Client("a")

            def swap(self, other):
                self.mixed_client = other

            def value(self):
                return self.mixed_client.get("b")
        """,
        "may not be one",
    ),
    "something_unknown_asks_for_an_attribute": Kept(
        """
        class AskedHolder:
            def __init__(self):
                self.asked_client = Client("a")

            def value(self):
                return self.asked_client.get("b")

        def show(thing):
            return thing.asked_client
        """,
        "asks for asked_client of something that may be a",
    ),
    "a_test_puts_something_in_its_place": Kept(
        """
        from unittest import mock

        class PatchedHolder:
            def __init__(self):
                self.patched_client = Client("a")

            def value(self):
                return self.patched_client.get("b")

        def run():
            with mock.patch.object(PatchedHolder, "patched_client"):
                pass
        """,
        "may look up patched_client by its name",
    ),
    "a_generator_yields_it": Kept(
        """
        def made():
            yield Client("a")

        def run():
            for client in made():
                client.get("b")
        """,
        "is not followed",
    ),
    "with_gives_it": Kept(
        """
        class GivingHolder:
            def __enter__(self):
                return Client("a")

            def __exit__(self, *error):
                pass

        def run():
            with GivingHolder() as client:
                return client.get("b")
        """,
        "who gets what",
    ),
    "a_property_is_set": Kept(
        """
        class SettingHolder:
            def __init__(self):
                self._set_client = Client("a")

            @property
            def set_client(self):
                return self._set_client

            @set_client.setter
            def set_client(self, value):
                self._set_client = value

        def run(other):
            holder = SettingHolder()
            holder.set_client = other
            return holder.set_client.get("b")
        """,
        "may not be one",
    ),
    "a_test_replaces_a_method": Kept(
        """
        from unittest import mock

        def test_run():
            with mock.patch("{store}.Client.get"):
                pass

        def run():
            return Client("a").get("b")
        """,
        "a string names it in",
    ),
    "a_decorated_function_returns_it": Kept(
        """
        import functools

        @functools.lru_cache
        def cached():
            return Client("a")

        def run():
            return cached().get("b")
        """,
        "gives it in a way that is not followed",
    ),
    "a_function_returns_something_else_as_well": Kept(
        """
        def maybe(flag):
            if flag:
                return 5
            return Client("a")

        def run():
            client = Client("a")
            return client.get("b"), maybe(1).get("b")
        """,
        "may not be one",
    ),
    "a_string_names_the_class": Kept(
        """
        NAMES = ["{store}.Client"]

        def run():
            return Client("a").get("b")
        """,
        "a string names it in",
    ),
    "an_annotation_is_not_understood": Kept(
        """
        def take_list(clients: list[Client]):
            return clients[0].get("b")

        def run():
            return Client("a").get("b")
        """,
        "the class is used as a value in",
    ),
    "what_it_iterates_over_is_kept": Kept(
        """
        def run():
            rows = Client("a").rows("b")
            return rows, zip(rows, rows)
        """,
        "has no async form that is the same",
    ),
    "a_lock_is_held": Kept(
        """
        import threading

        LOCK = threading.Lock()

        def run():
            client = Client("a")
            with LOCK:
                return client.get("b")
        """,
        "while a lock for threads is held",
    ),
    "two_event_loops_ask_it": Kept(
        """
        client = Client("a")

        def ask(key):
            return client.get(key)

        if __name__ == "__main__":
            print(ask("b"))
            print(ask("c"))
        """,
        "may come into two event loops",
    ),
    "the_user_ignores_a_call": Kept(
        """
        def run():
            client = Client("a")
            client.get("b")
            return client.get("c")  # awaitify: ignore
        """,
        "is to be ignored",
    ),
    "the_user_keeps_a_function": Kept(
        """
        def kept(client):  # awaitify: keep-sync
            return client.get("b")

        def run():
            return kept(Client("a"))
        """,
        "",
    ),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    """All programs that keep their class, as one project: each has a class of its own."""
    folder = tmp_path_factory.mktemp("kept")
    twins = []
    for number, (name, case) in enumerate(KEPT.items()):
        store, own = f"store_{name}", f"Client{number}"
        code = textwrap.dedent(case.code).replace("{store}", store).replace("Client", own)
        (folder / f"{store}.py").write_text(STORE.replace("Client", own), "utf-8")
        (folder / f"{name}.py").write_text(f"from {store} import {own}\n{code}", "utf-8")
        twins.append(DeclaredTwin(f"{store}.{own}", f"{store}.Async{own}", {"close": "aclose"}))
    return migrate([folder], Config(scope=Scope.ALL, twin=tuple(twins)), folder)


@pytest.mark.parametrize("name", KEPT)
def test_a_class_is_kept(name, kept):
    assert [change.source.name for change in kept.changes if name in change.source.name] == []
    reasons = [one.reason for one in kept.findings if one.path == f"{name}.py" and one.rule == "AW104"]
    assert all(one.action is Action.LEFT for one in kept.findings if one.path == f"{name}.py")
    wanted = re.sub(r"Client", f"Client{list(KEPT).index(name)}", KEPT[name].reason)
    assert not wanted or any(wanted in reason for reason in reasons), reasons


def test_nothing_else_is_told(kept):
    assert kept.problems == ()


TAKEN = {
    "variables_and_parameters": (
        """
        def load(client: Client, key):
            return client.get(key).upper()

        def copied(client, key="x"):
            print(client.describe(), client.timeout)
            return load(client, key)

        def run(flag: bool):
            client = Client("a", retries=1)
            same = client if flag else None
            if same is not None and same:
                copied(same)
            copied(key="y", client=client)
            client.close()
        """,
        """
        async def load(client: AsyncClient, key):
            return (await client.get(key)).upper()

        async def copied(client, key="x"):
            print(client.describe(), client.timeout)
            return await load(client, key)

        async def run(flag: bool):
            client = AsyncClient("a", retries=1)
            same = client if flag else None
            if same is not None and same:
                await copied(same)
            await copied(key="y", client=client)
            await client.aclose()
        """,
    ),
    "attributes": (
        """
        class KeptClients:
            own: Client

            def __init__(self, given: "Client", later: Client | None = None):
                self.own = given
                self.later = later

            def set_later(self, client):
                self.later = client

            def ask(self):
                if not self.later:
                    self.later = Client.local()
                return self.own.get("a") + self.later.get("b")

        def run():
            clients = KeptClients(Client("a"))
            clients.set_later(Client("b"))
            return clients.ask(), clients.own.describe()
        """,
        """
        class KeptClients:
            own: AsyncClient

            def __init__(self, given: "AsyncClient", later: AsyncClient | None = None):
                self.own = given
                self.later = later

            def set_later(self, client):
                self.later = client

            async def ask(self):
                if not self.later:
                    self.later = AsyncClient.local()
                return await self.own.get("a") + await self.later.get("b")

        async def run():
            clients = KeptClients(AsyncClient("a"))
            clients.set_later(AsyncClient("b"))
            return await clients.ask(), clients.own.describe()
        """,
    ),
    "results": (
        """
        class Makers:
            def __init__(self):
                self._made = Client("a")

            @property
            def made(self) -> Client:
                return self._made

        def make(url) -> Client:
            client = Client(url)
            client.get("warm up")
            return client

        def run():
            makers = Makers()
            return make("a").get("b"), makers.made.get("c")
        """,
        """
        class Makers:
            def __init__(self):
                self._made = AsyncClient("a")

            @property
            def made(self) -> AsyncClient:
                return self._made

        async def make(url) -> AsyncClient:
            client = AsyncClient(url)
            await client.get("warm up")
            return client

        async def run():
            makers = Makers()
            return await (await make("a")).get("b"), await makers.made.get("c")
        """,
    ),
    "a_variable_that_is_set_once": (
        """
        from {store} import opened

        _lazy = None

        def get_lazy() -> Client:
            global _lazy
            if _lazy is None:
                _lazy = opened("a")
            return _lazy

        def run():
            if _lazy is None:
                return get_lazy().get("b")
            return _lazy.get("c")
        """,
        """
        from {store} import opened_async

        _lazy = None

        def get_lazy() -> AsyncClient:
            global _lazy
            if _lazy is None:
                _lazy = opened_async("a")
            return _lazy

        async def run():
            if _lazy is None:
                return await get_lazy().get("b")
            return await _lazy.get("c")
        """,
    ),
    "other_functions": (
        """
        class Asking:
            def ask(self, client: Client | None, *, key="a"):
                return client.get(key) if client else None

            @staticmethod
            def tell(client):
                return client.get("b")

        def rows(client):
            yield from client.rows("c")
            for key in "de":
                yield client.get(key)

        def run():
            client = other = Client("a")

            def inner(key):
                return client.get(key)

            asking = Asking()
            asking.ask(None)
            print(asking.ask(client, key="f"), Asking.tell(client))
            print(inner("g"), list(rows(other)))
        """,
        """
        class Asking:
            async def ask(self, client: AsyncClient | None, *, key="a"):
                return await client.get(key) if client else None

            @staticmethod
            async def tell(client):
                return await client.get("b")

        async def rows(client):
            async for item in client.rows("c"):
                yield item
            for key in "de":
                yield await client.get(key)

        async def run():
            client = other = AsyncClient("a")

            async def inner(key):
                return await client.get(key)

            asking = Asking()
            await asking.ask(None)
            print(await asking.ask(client, key="f"), await Asking.tell(client))
            print(await inner("g"), [item async for item in rows(other)])
        """,
    ),
    "with_and_for": (
        """
        def run():
            with Client("a") as client, open("x") as other:
                for row in client.rows("b"):
                    print(row, client.get(row))
                print(sorted(client.rows("c")), other)
            client = Client("b")
            with client:
                return [client.get(row) for row in client.rows("d")]
        """,
        """
        async def run():
            async with AsyncClient("a") as client:
                with open("x") as other:
                    async for row in client.rows("b"):
                        print(row, await client.get(row))
                    print(sorted([item async for item in client.rows("c")]), other)
            client = AsyncClient("b")
            async with client:
                return [await client.get(row) async for row in client.rows("d")]
        """,
    ),
    "a_variable_of_the_module": (
        """
        shared = Client("a")

        def ask(key):
            return shared.get(key)

        if __name__ == "__main__":
            print(ask("b"))
        """,
        """
        shared = AsyncClient("a")

        async def ask(key):
            return await shared.get(key)

        if __name__ == "__main__":
            print(asyncio.run(ask("b")))
        """,
    ),
}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    """All programs whose class is replaced, as one project: each has a class of its own."""
    folder = tmp_path_factory.mktemp("taken")
    twins = []
    for number, (name, (before, _)) in enumerate(TAKEN.items()):
        store, own = f"store_{name}", f"Client{number}"
        (folder / f"{store}.py").write_text(STORE.replace("Client", own), "utf-8")
        code = textwrap.dedent(before).replace("{store}", store).replace("Client", own)
        (folder / f"{name}.py").write_text(f"from {store} import {own}\n{code}", "utf-8")
        makers = {f"{store}.opened": f"{store}.opened_async"}
        twins.append(DeclaredTwin(f"{store}.{own}", f"{store}.Async{own}", {"close": "aclose"}, makers=makers))
    return migrate([folder], Config(scope=Scope.ALL, twin=tuple(twins)), folder)


@pytest.mark.parametrize("name", TAKEN)
def test_the_twin_takes_the_place_of_a_class(name, taken):
    changes = {change.source.name: change.after.decode() for change in taken.changes}
    assert f"store_{name}.py" not in changes
    number = list(TAKEN).index(name)
    wanted = textwrap.dedent(TAKEN[name][1]).replace("{store}", f"store_{name}").replace("Client", f"Client{number}")
    reasons = {one.reason for one in taken.findings if one.path == f"{name}.py"}
    text = changes.get(f"{name}.py", "").replace("import asyncio\n\n", "")
    assert text == f"from store_{name} import AsyncClient{number}\n{wanted}", reasons


def test_what_was_replaced_stays_so(taken, tmp_path):
    for change in taken.changes:
        (tmp_path / change.source.name).write_bytes(change.after)
    for number, name in enumerate(TAKEN):
        (tmp_path / f"store_{name}.py").write_text(STORE.replace("Client", f"Client{number}"), "utf-8")
    twins = [DeclaredTwin(f"store_{name}.Client{n}", f"store_{name}.AsyncClient{n}") for n, name in enumerate(TAKEN)]
    assert migrate([tmp_path], Config(scope=Scope.ALL, twin=tuple(twins)), tmp_path).changes == ()


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), "utf-8")


TWIN = DeclaredTwin("store.Client", "store.AsyncClient", {"close": "aclose"})


def test_calls_of_a_class_that_stays_run_in_threads(tmp_path):
    app = """
        from store import Client

        async def load(client: Client, key):
            for row in client.rows("a"):
                print(row)
            return client.get(key, default="")
        """
    written(tmp_path, store=STORE, app=app)
    migration = migrate([tmp_path], Config(twin=(TWIN,)), tmp_path)
    (change,) = migration.changes
    assert b'    return await asyncio.to_thread(client.get, key, default="")' in change.after
    assert b"    for row in client.rows" in change.after
    found = [(one.rule, one.action, one.call) for one in migration.findings]
    assert found == [("AW104", Action.LEFT, "store.Client.rows"), ("AW104", Action.OFFLOADED, "store.Client.get")]


def test_what_is_not_among_the_given_paths_keeps_a_class(tmp_path):
    app = """
        from store import Client

        shared = Client("a")

        def ask(key):
            return shared.get(key)
        """
    (tmp_path / "pyproject.toml").write_text("", "utf-8")
    written(tmp_path, store=STORE, app=app, other="from app import shared\n\nshared.get('b')\n")
    migration = migrate([tmp_path / "app.py"], Config(scope=Scope.ALL, twin=(TWIN,)), tmp_path)
    assert migration.changes == ()
    (finding,) = migration.findings
    assert "is not among the given paths" in finding.reason


def test_a_twin_that_needs_a_loop_is_made_in_one(tmp_path):
    app = """
        from store import Client

        client = Client("a")

        def ask(key):
            return client.get(key)
        """
    written(tmp_path, store=STORE, app=app)
    twin = replace(TWIN, needs_loop=True)
    migration = migrate([tmp_path], Config(scope=Scope.ALL, twin=(twin,)), tmp_path)
    (finding,) = migration.findings
    assert "the one of app.py:4 is not made in an event loop" in finding.reason
    assert migration.changes == ()


def test_a_twin_that_means_nothing_is_told_of(tmp_path):
    written(tmp_path, store=STORE, app="import store\n")
    twin = DeclaredTwin("store.Client", "store.AsyncClinet")
    (problem,) = migrate([tmp_path], Config(twin=(twin,)), tmp_path).problems
    assert problem.message.startswith("store.AsyncClinet is nothing of the project")


LINKED = """\
class Index:
    def make(self, name: str) -> None:
        print(name)


class Batch:
    def add(self, name: str) -> None:
        print(name)

    def run(self) -> int:
        return 1


class Client:
    index: Index

    def batch(self) -> Batch:
        return Batch()


class AsyncIndex:
    async def make(self, name: str) -> None:
        print(name)


class AsyncBatch:
    def add(self, name: str) -> None:
        print(name)

    async def run(self) -> int:
        return 1


class AsyncClient:
    index: AsyncIndex

    def batch(self) -> AsyncBatch:
        return AsyncBatch()
"""
LINKED_TWINS = tuple(DeclaredTwin(f"store.{name}", f"store.Async{name}") for name in ("Batch", "Client", "Index"))


def test_objects_of_other_classes_that_have_twins_go_along(tmp_path):
    app = """
        from store import Batch, Client

        def filled(batch: Batch, name):
            batch.add(name)
            return batch.run()

        def run():
            client = Client()
            client.index.make("a")
            return filled(client.batch(), "b")
        """
    written(tmp_path, store=LINKED, app=app)
    (change,) = migrate([tmp_path], Config(scope=Scope.ALL, twin=LINKED_TWINS), tmp_path).changes
    assert change.after.decode() == textwrap.dedent(
        """
        from store import AsyncBatch, AsyncClient

        async def filled(batch: AsyncBatch, name):
            batch.add(name)
            return await batch.run()

        async def run():
            client = AsyncClient()
            await client.index.make("a")
            return await filled(client.batch(), "b")
        """
    )


def test_one_of_them_that_stays_keeps_the_others(tmp_path):
    app = """
        from store import Client

        def run():
            client = Client()
            client.index.make("a")
            batch = client.batch()
            print(batch)
            return batch.run()
        """
    written(tmp_path, store=LINKED, app=app)
    migration = migrate([tmp_path], Config(scope=Scope.ALL, twin=LINKED_TWINS), tmp_path)
    assert migration.changes == ()
    reasons = {one.call: one.reason for one in migration.findings}
    assert "it is handed on in app.py:8" in reasons["store.Batch.run"]
    assert "store.Client stays: store.Batch stays: it is handed on in app.py:8" in reasons["store.Index.make"]


IMPORTED = {
    "a_function_imports_it": (
        """
        def make():
            import blocking

            return blocking.Client("a")

        def run():
            return make().get("b")
        """,
        "a function imports blocking",
    ),
    "a_comment_stands_beside_it": (
        """
        from blocking import (
            Client,  # ours
            Hook,
        )

        def run():
            return Client("a").get("b"), Hook
        """,
        "a comment belongs to a name in the import in line 2",
    ),
}


@pytest.mark.parametrize("name", IMPORTED)
def test_a_twin_that_cannot_be_imported_in_its_place_keeps_a_class(name, tmp_path):
    written(tmp_path, blocking=STORE, waiting=STORE, app=IMPORTED[name][0])
    twin = DeclaredTwin("blocking.Client", "waiting.AsyncClient")
    migration = migrate([tmp_path], Config(scope=Scope.ALL, twin=(twin,)), tmp_path)
    assert (migration.changes, migration.problems) == ((), ())
    assert IMPORTED[name][1] in migration.findings[0].reason


def test_imports_of_a_twin_stand_where_those_of_the_class_did(tmp_path):
    app = """
        from typing import TYPE_CHECKING

        import blocking
        from blocking import Hook

        if TYPE_CHECKING:
            from blocking import Client, AsyncHook

        def ask(client: "Client"):
            return client.describe(), client.get("b"), Hook

        def run():
            return ask(blocking.Client("a"))
        """
    aio = STORE.replace("AsyncClient", "Other").replace("Client", "Blocking").replace("Other", "Client")
    package = {"blocking/__init__": STORE, "blocking/aio": aio}
    (tmp_path / "blocking").mkdir()
    written(tmp_path, **package, app=app)
    twin = DeclaredTwin("blocking.Client", "blocking.aio.Client")
    (change,) = migrate([tmp_path], Config(scope=Scope.ALL, twin=(twin,)), tmp_path).changes
    text = change.after.decode()
    assert "import blocking.aio\nfrom blocking import Hook\n" in text
    assert "    from blocking import AsyncHook\n    from blocking.aio import Client\n" in text
    assert 'async def ask(client: "Client"):' in text
    assert 'await ask(blocking.aio.Client("a"))' in text
