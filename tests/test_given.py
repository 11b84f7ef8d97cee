"""Functions that are given to a function of a library which packs know: the reason says what becomes of them."""

from pathlib import Path

import pytest

from codemods import migrate
from codemods.config import Config
from codemods.model import Scope
from codemods.packs import Boundary, BoundaryKind

PROGRAM = """\
import asyncio
import atexit
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool, Process

{definitions}

async def main(several, others):
    threading.Thread(target=in_a_thread).start()
    threading.Timer(1, after_a_while).start()
    with ThreadPoolExecutor() as pool:
        pool.submit(in_a_pool, 1, (2, 3))
        pool.map(in_many_threads, [1])
        pool.submit(fn=by_keyword)
        pool.submit(print, as_an_argument)
        pool.submit(*others, behind_stars)
        pool.submit(asyncio.run, in_another_call(as_its_argument))
    await asyncio.get_running_loop().run_in_executor(None, in_an_executor)
    await asyncio.to_thread(
        several and in_an_expression,
    )
    await asyncio.to_thread(
        # what blocks
        in_to_thread,
    )
    atexit.register(at_the_end)
    signal.signal(signal.SIGTERM, on_a_signal)
    Process(target=in_a_process).start()
    with Pool(2) as many:
        many.map(in_many_processes, [1])
    asyncio.get_event_loop().call_soon(soon)
    asyncio.get_event_loop().call_later(1, planned)
"""
THREAD = "a thread runs it, where it blocks no event loop"
EXECUTOR = "an executor runs it, where it blocks no event loop"
USED = "it is used as a value"
REASONS = {
    "in_a_thread": THREAD,
    "after_a_while": THREAD,
    "in_a_pool": EXECUTOR,
    "in_many_threads": EXECUTOR,
    "by_keyword": EXECUTOR,
    "as_an_argument": USED,
    "behind_stars": USED,
    "as_its_argument": USED,
    "in_an_executor": EXECUTOR,
    "in_an_expression": USED,
    "in_to_thread": "asyncio.to_thread runs it, where it blocks no event loop",
    "at_the_end": "the interpreter calls it and would not await it",
    "on_a_signal": "the interpreter calls it and would not await it",
    "in_a_process": "another process runs it, where it blocks no event loop",
    "in_many_processes": "a pool runs it, where it blocks no event loop",
    "soon": "the event loop calls it and would not await it",
    "planned": "the event loop calls it and would not await it",
}


def text() -> str:
    names = [*REASONS, "in_another_call"]
    definitions = "\n".join(f"\ndef {name}(*given):\n    time.sleep(0.1)\n" for name in names)
    return PROGRAM.format(definitions=definitions)


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why the functions stay sync, by their names."""
    root = tmp_path_factory.mktemp("given")
    (root / "app.py").write_text(text(), encoding="utf-8")
    found = migrate([root], Config(scope=Scope.ALL), root).functions
    return {one.name.removeprefix("app:"): one.reason for one in found}


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_names_what_runs_it(name, reasons):
    line = next(
        number for number, content in enumerate(text().splitlines(), 1) if name in content and "def " not in content
    )
    given = "in" if REASONS[name] == USED else "(given to it in"
    assert reasons[name].startswith(f"{REASONS[name]} {given} app.py:{line}")


def test_what_awaits_coroutine_functions_lets_them_be(tmp_path: Path):
    (tmp_path / "app.py").write_text(
        "import asyncio\nimport time\n\n\ndef work():\n    time.sleep(0.1)\n\n\n"
        "def plan(loop: asyncio.AbstractEventLoop):\n    loop.call_later(1, work)\n",
        encoding="utf-8",
    )
    taker = Boundary(BoundaryKind.ASYNC_OK, taker="asyncio.AbstractEventLoop.call_later", position=1)
    migration = migrate([tmp_path], Config(scope=Scope.ALL, boundary=(taker,)), tmp_path)
    assert b"async def work():\n    await asyncio.sleep(0.1)\n" in migration.changes[0].after
    assert b"\ndef plan(" in migration.changes[0].after


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"decorator": "a.b", "taker": "c.d", "position": 0},
        {"taker": "c.d"},
        {"decorator": "a.b", "parameter": "function"},
    ],
)
def test_a_taker_needs_to_say_how_it_gets_the_function(about):
    with pytest.raises(ValueError, match=r"a boundary has a decorator|a taker has the parameter"):
        Boundary(BoundaryKind.EXECUTOR, **about)
