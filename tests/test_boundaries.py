"""Which functions cannot become async, and the reason that is shown."""

from dataclasses import replace
from typing import Any

import pytest

from codemods.facts.graph import Decorator, DecoratorEffect, Function, Reference
from codemods.model import Span
from codemods.packs import Boundary, BoundaryKind
from codemods.planning.boundaries import TRANSPARENT, Boundaries, keeps_color, keeps_function, lock_of

PLAIN = Function(
    name="app:load",
    path="app.py",
    span=Span(3, 5, 3, 9),
    is_async=False,
    is_property=False,
    owner=None,
    parent="app:",
    decorators=(),
    overrides=None,
    gives_coroutine=False,
    overrides_foreign=None,
)
KNOWN = Decorator("abstractmethod", "abc.abstractmethod")
UNKNOWN = Decorator("retry(3)", "tenacity.retry")
USED = Reference("other.py", Span(7, 1, 7, 5), "other:", ("app:load",))


def why(function=PLAIN, **about):
    given: dict[str, Any] = {
        "boundaries": Boundaries(),
        "is_spent": None,
        "has_unknown_base": False,
        "references": (),
        "keep_sync": (),
        "is_kept": False,
    }
    return lock_of(function, **(given | about))


def test_a_plain_function_may_become_async():
    assert why() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "app:C.__init__"}, "Python itself calls __init__, and would not await it"),
        ({"name": "app:C.__repr__@2"}, "Python itself calls __repr__, and would not await it"),
        ({"is_property": True}, "it is a property: an attribute access cannot be awaited"),
        (
            {"decorators": (KNOWN, UNKNOWN)},
            "it is decorated with @retry(3), of which awaitify does not know what it does",
        ),
        (
            {"decorators": (Decorator("made_at_run_time", None),)},
            "it is decorated with @made_at_run_time, of which awaitify does not know what it does",
        ),
        ({"overrides_foreign": "threading.Thread.run"}, "it overrides threading.Thread.run, which is not async"),
    ],
)
def test_what_a_function_is_can_keep_it_sync(changes, reason):
    assert why(replace(PLAIN, **changes)) == reason


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"is_spent": "it is a generator that returns"}, "it is a generator that returns"),
        ({"references": (USED,)}, "it is used as a value in other.py:7: who calls it there would not await it"),
        ({"is_kept": True}, "you asked for it to stay sync"),
        ({"keep_sync": ("app:load",)}, "you asked for it to stay sync"),
        ({"keep_sync": ("x:*", "app:*")}, "you asked for it to stay sync"),
    ],
)
def test_what_surrounds_a_function_can_keep_it_sync(about, reason):
    assert why(**about) == reason


@pytest.mark.parametrize("pattern", ["app:LOAD", "load", "app:load.*", "app:"])
def test_a_pattern_has_to_match_the_whole_name(pattern):
    assert why(keep_sync=(pattern,)) is None


@pytest.mark.parametrize("name", ["app:__load", "app:_load_", "app:C.load__", "app:__init__.load", "app:__C__.load"])
def test_only_the_last_part_of_a_name_says_whether_python_calls_it(name):
    assert why(replace(PLAIN, name=name)) is None


def test_an_unknown_base_keeps_methods_sync_and_functions_not():
    method = replace(PLAIN, name="app:C.load", owner="app:C")
    reason = "a base class of app:C could not be resolved, and may call it; install its library"
    assert why(method, has_unknown_base=True) == reason
    assert why(method) is None
    assert why(has_unknown_base=True) is None


def test_an_async_function_has_no_lock_whatever_it_is():
    function = replace(PLAIN, is_async=True, name="app:C.__init__", is_property=True, decorators=(UNKNOWN,))
    assert why(function, is_spent="it is one", references=(USED,), is_kept=True, keep_sync=("*",)) is None


def test_the_wish_of_the_user_is_the_first_reason():
    assert why(replace(PLAIN, is_property=True), is_kept=True) == "you asked for it to stay sync"


def test_an_override_in_the_project_is_no_boundary():
    assert why(replace(PLAIN, overrides="app:Base.load")) is None


@pytest.mark.parametrize("target", sorted(TRANSPARENT))
def test_transparent_decorators_keep_nothing_sync(target):
    assert keeps_function(Decorator("d", target))
    assert keeps_function(Decorator("d", f"{target}.__init__"))
    assert keeps_function(Decorator("d", f"{target}.__new__"))
    assert why(replace(PLAIN, decorators=(Decorator("d", target),))) is None


@pytest.mark.parametrize("target", [None, "", "functools.cache", "staticmethod", "abc.abstractmethod.other"])
def test_other_decorators_are_not_trusted(target):
    assert not keeps_color(Decorator("d", target))


def test_a_wrapper_hides_a_coroutine_function_from_what_looks_for_one():
    checked = Decorator("checked", "app:checked", effect=DecoratorEffect.HANDS_ON)
    marked = Decorator("marked", "app:marked", effect=DecoratorEffect.SAME)
    route = Decorator("route", "lib.route")
    boundaries = Boundaries([Boundary(kind=BoundaryKind.ASYNC_OK, by="lib", decorator="lib.route")])
    assert keeps_color(checked)
    assert not keeps_function(checked)
    assert why(replace(PLAIN, decorators=(checked, marked))) is None
    assert why(replace(PLAIN, decorators=(route, marked)), boundaries=boundaries) is None
    reason = why(replace(PLAIN, decorators=(route, checked)), boundaries=boundaries)
    assert reason == "@route would not see through @checked that it is a coroutine function"
