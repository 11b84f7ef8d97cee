"""What packs may say, and that what ours say is true."""

import inspect
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from codemods import packs
from codemods.errors import ConfigError
from codemods.packs import (
    Boundary,
    BoundaryKind,
    DeclaredCall,
    DeclaredOffload,
    Twin,
    load_packs,
    with_declared,
)

KNOWLEDGE = load_packs()


def is_installed(name):
    return find_spec(name.partition(".")[0]) is not None


TWINS = sorted((sync, one.name) for sync, one in KNOWLEDGE.twins.items())
BOUNDARIES = {one.decorator or one.method or one.taker or "" for one in KNOWLEDGE.boundaries}
TAKERS = [one for one in KNOWLEDGE.boundaries if one.taker is not None]
INSTALLED = [
    name for name in (*KNOWLEDGE.names, *(twin for _, twin in TWINS)) if is_installed(name) and name not in BOUNDARIES
]


def resolved(name):
    """What a qualified name stands for: the longest importable module, then its attributes."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            # threading.Lock is a function up to Python 3.12: what it makes has the methods
            found = getattr(found, part) if hasattr(found, part) else getattr(found(), part)
        return found
    raise ModuleNotFoundError(name)


def load(monkeypatch, folder, **contents):
    for name, content in contents.items():
        (folder / f"{name}.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    monkeypatch.setattr(packs, "files", lambda package: folder)
    return load_packs()


@pytest.mark.parametrize("name", INSTALLED)
def test_every_name_in_a_pack_exists_and_can_be_called(name):
    assert callable(resolved(name))


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.consumers | KNOWLEDGE.askers))
def test_what_loses_a_coroutine_is_named_where_it_is_defined(name):
    function = resolved(name)
    owner = resolved(name.rpartition(".")[0]) if name.count(".") > 1 else import_module(name.partition(".")[0])
    owner_name = owner.__name__ if inspect.ismodule(owner) else f"{owner.__module__}.{owner.__qualname__}"
    assert callable(function)
    assert f"{owner_name}.{name.rpartition('.')[2]}" == name


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_a_twin_is_a_coroutine_function_and_its_original_is_not(sync, twin):
    assert is_installed(sync), "a pack for a library that tests do not install proves nothing"
    assert inspect.iscoroutinefunction(resolved(twin))
    assert not inspect.iscoroutinefunction(resolved(sync))


@pytest.mark.parametrize("name", [name for name in sorted(KNOWLEDGE.offloads) if is_installed(name)])
def test_what_runs_in_a_thread_is_no_coroutine_function(name):
    assert not inspect.iscoroutinefunction(resolved(name))


def test_the_packs_cover_what_the_rules_are_about():
    assert KNOWLEDGE.twins["time.sleep"].name == "asyncio.sleep"
    assert {"requests.get", "requests.Session.post", "subprocess.run"} <= KNOWLEDGE.offloads
    assert "asyncio.create_task" in KNOWLEDGE.loop_bound
    assert len(INSTALLED) > 20


def test_no_function_is_known_in_two_ways():
    assert KNOWLEDGE.offloads.isdisjoint(KNOWLEDGE.twins)
    assert KNOWLEDGE.loop_bound.isdisjoint(KNOWLEDGE.blocking)


def test_blocking_functions_are_those_with_and_without_twin(monkeypatch, tmp_path):
    one = '[[call]]\nsync = "a.b"\nasync = "c.d"\n[[offload]]\nsync = "e.f"\n[[loop]]\nname = "g.h"\n'
    knowledge = load(monkeypatch, tmp_path, one=one)
    assert knowledge.blocking == {"a.b", "e.f"}
    assert knowledge.names == ("a.b", "e.f", "g.h")


def test_packs_add_up_and_other_files_are_no_packs(monkeypatch, tmp_path):
    (tmp_path / "notes.txt").write_text("[[wrong]]", encoding="utf-8")
    knowledge = load(
        monkeypatch,
        tmp_path,
        one='[[call]]\nsync = "a.b"\nasync = "c.d"\n[[loop]]\nname = "l.m"\n',
        two='[[offload]]\nsync = "e.f"\n[[offload]]\nsync = "g.h"\n',
        empty="",
    )
    assert knowledge.twins == {"a.b": Twin("c.d")}
    assert knowledge.offloads == {"e.f", "g.h"}
    assert knowledge.loop_bound == {"l.m"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[calls]]\n", "calls"),
        ('[[call]]\nsync = "a.b"\nasync = 3\n', "async"),
        ('[[call]]\nasync = "a.b"\n', "sync"),
        ('[[call]]\nsync = "a.b"\nasync = "c.d"\nawait = true\n', "await"),
        ("[[offload]]\nsync = 3\n", "int"),
        ('[[loop]]\nsync = "a.b"\n', "name|sync"),
        ('call = "a.b"\n', "array"),
        ("[[call\n", "line 1"),
        (b"[[call]]\nsync = '\xff'\n", "utf-8"),
    ],
)
def test_a_wrong_pack_is_an_error_that_names_the_file_and_what_is_wrong(monkeypatch, tmp_path, content, said):
    with pytest.raises(ConfigError, match=rf"^the pack mine\.toml is wrong: .*({said})"):
        load(monkeypatch, tmp_path, mine=content, other="")


def test_a_call_without_a_twin_is_awaited_itself(monkeypatch, tmp_path):
    assert load(monkeypatch, tmp_path, one='[[call]]\nsync = "a.b"\n').twins == {"a.b": Twin("a.b")}


def test_what_the_user_declares_overrules_the_packs(monkeypatch, tmp_path):
    knowledge = load(monkeypatch, tmp_path, one='[[call]]\nsync = "a.b"\nasync = "c.d"\n[[offload]]\nsync = "e.f"\n')
    declared = with_declared(knowledge, [DeclaredCall(sync="e.f")], [DeclaredOffload(sync="a.b")], (), (), ())
    assert declared.twins == {"e.f": Twin("e.f")}
    assert declared.offloads == {"a.b"}
    assert declared.declared == {"a.b", "e.f"}


def test_a_twin_may_say_how_it_differs(monkeypatch, tmp_path):
    one = '[[call]]\nsync = "a.b"\nasync = "c.d"\npositional = 1\nnote = "it is late"\n'
    assert load(monkeypatch, tmp_path, one=one).twins == {"a.b": Twin("c.d", 1, "it is late")}


@pytest.mark.parametrize("name", sorted(name for name in BOUNDARIES if is_installed(name) and "._" not in f".{name}"))
def test_what_a_boundary_is_about_exists(name):
    assert resolved(name) is not None


@pytest.mark.parametrize("taker", [one for one in TAKERS if is_installed(one.taker or "")], ids=lambda one: one.taker)
def test_a_taker_has_its_parameter_at_its_position(taker):
    try:
        parameters = list(inspect.signature(resolved(taker.taker)).parameters)
    except ValueError:
        pytest.skip("it is written in C, and shows no signature")
    assert taker.parameter == [name for name in parameters if name != "self"][taker.position]


def test_a_boundary_is_a_decorator_or_a_method(monkeypatch, tmp_path):
    one = (
        '[[boundary]]\ndecorator = "a.b"\nkind = "split"\nby = "a"\nwraps = true\n'
        '[[boundary]]\nmethod = "c.D.e"\nkind = "sync-only"\n[[dispatch]]\nname = "a.run"\nby = "a"\n'
    )
    knowledge = load(monkeypatch, tmp_path, one=one)
    assert knowledge.boundaries == (
        Boundary(BoundaryKind.SPLIT, decorator="a.b", by="a", wraps=True),
        Boundary(BoundaryKind.SYNC_ONLY, method="c.D.e"),
    )
    assert knowledge.dispatchers == {"a.run": "a"}
    assert knowledge.names == ("a.b", "a.run", "c.D.e")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[[boundary]]\nkind = "split"\n', "a decorator, a method or a taker"),
        ('[[boundary]]\nkind = "split"\ndecorator = "a"\nmethod = "b"\n', "a decorator, a method or a taker"),
        ('[[boundary]]\nkind = "halve"\ndecorator = "a"\n', "halve"),
        ('[[boundary]]\ndecorator = "a"\n', "kind"),
        ('[[dispatch]]\nname = "a"\n', "by"),
    ],
)
def test_a_wrong_boundary_is_an_error(monkeypatch, tmp_path, content, said):
    with pytest.raises(ConfigError, match=rf"^the pack mine\.toml is wrong: .*({said})"):
        load(monkeypatch, tmp_path, mine=content)
