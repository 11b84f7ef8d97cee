"""Tests that replace requests are found."""

import pytest

from codemods.rules.requests_calls import VERBS
from codemods.rules.requests_calls.mocks import note, replaced_verbs


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ('@patch("shop.api.requests.get")\n', ("get",)),
        ("mocker.patch('requests.post')\n", ("post",)),
        ('monkeypatch.setattr("shop.requests.api.put", fake)\n', ("put",)),
        ('monkeypatch.setattr(requests, "get", fake)\n', ("get",)),
        ('patch.object(shop.requests, "get")\n', ("get",)),
        ('patch("shop.requests.Session")\n', VERBS),
        ('patch("shop.requests")\n', VERBS),
        ("import responses\n", VERBS),
        ("from requests_mock import Mocker\n", VERBS),
        ('run("pip install requests")\n', ()),
        ('setattr(self, "requests", 1)\n', ()),
        ("import my_responses\n", ()),
    ],
)
def test_what_a_text_replaces(text, verbs):
    assert replaced_verbs([("tests/test_a.py", f"\n{text}")]) == dict.fromkeys(verbs, "tests/test_a.py:2")


def test_first_place_is_named_and_others_are_not_noted():
    replaced = replaced_verbs([("b.py", 'patch("x.requests.get")'), ("a.py", 'patch("x.requests.get")')])
    assert note("aiohttp", "get", replaced) == ("a.py:1 replaces requests in a test: aiohttp does not go through it",)
    assert note("aiohttp", "post", replaced) == ()
