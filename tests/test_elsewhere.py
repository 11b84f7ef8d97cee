"""Requests' exceptions outside of handlers around calls."""

import pytest

from codemods.facts.syntax import ImportedNames
from codemods.rules.requests_calls.elsewhere import Mentions, may_mention, mentions_in
from codemods.tree import Tree

HEAD = "import requests, asyncio; from requests import Timeout as Slow\n"


def mentions(text):
    tree = Tree(HEAD + text)
    return mentions_in(tree, "a.py", ImportedNames(tree))


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept requests.Timeout: ...\n",
        "async def f():\n    try:\n        await g()\n    except (Slow, KeyError): ...\n",
        "async def f():\n    try:\n        await asyncio.gather(g(), h())\n    except Slow: ...\n",
        "async def f():\n    try:\n        await asyncio.wait_for(g(), 5)\n    except Slow: ...\n",
        "def f(e: requests.Timeout) -> Slow: ...\n",
        "with suppress(Slow):\n    f()\n",
        "requests.get(url, timeout=Timeout)\n",
        "f(Timeout=1)\n",
        "class Timeout: ...\nraise Timeout\n",
        "try:\n    def g():\n        yield\nexcept Slow: ...\n",
        "def f():\n    try:\n        yield\n    except Slow: ...\n",
    ],
)
def test_what_can_be_followed_is_no_mention(text):
    assert mentions(text) == Mentions()


@pytest.mark.parametrize("text", ["raise Slow\n", "raise requests.exceptions.HTTPError('x')\n", "class A(Slow): ...\n"])
def test_exceptions_that_the_project_raises(text):
    assert mentions(text) == Mentions(raised="a.py:2")


@pytest.mark.parametrize(
    ("text", "untraceable"),
    [
        ("SLOW = (Slow,)\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("type(e) is Slow\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("isinstance(e, Slow) and e.response\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("isinstance(e, (*others, Slow))\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("isinstance(Slow, type)\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("is_one_of(e, Slow)\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("ALL = (requests.Timeout,)\n", "a.py:2 uses requests.Timeout in a way that awaitify cannot follow"),
        ("@retry(Slow)\ndef f(): ...\n", "a.py:2 uses Slow in a way that awaitify cannot follow"),
        ("async def f(t):\n    try:\n        await t\n    except Slow: ...\n", "a.py:5 catches Slow of a task"),
        (
            "async def f(ts):\n    try:\n        await asyncio.gather(*ts)\n    except Slow: ...\n",
            "a.py:5 catches Slow of tasks",
        ),
        (
            "def w(g):\n    async def f():\n        try:\n            await g()\n        except Slow: ...\n",
            "a.py:6 catches Slow of a function that it is given",
        ),
        (
            "@contextmanager\ndef f():\n    try:\n        yield\n    except Slow: ...\n",
            "a.py:6 catches Slow of what runs while it yields",
        ),
        ("def f(t):\n    try:\n        t.result()\n    except Slow: ...\n", "a.py:5 catches Slow of a future"),
    ],
)
def test_what_cannot_be_followed_is_named(text, untraceable):
    assert mentions(text) == Mentions(untraceable=untraceable)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("isinstance(e, Slow)\n", ("requests.Timeout",)),
        ("issubclass(type(e), (OSError, Slow))\n", ("OSError", "requests.Timeout")),
        ("isinstance(e, Slow) and e.args\n", ("requests.Timeout",)),
        ("@backoff.on_exception(backoff.expo, Slow)\ndef f(): ...\n", ("requests.Timeout",)),
        ("@backoff.on_exception(backoff.expo, exception=Slow)\ndef f(): ...\n", ("requests.Timeout",)),
        ("@tenacity.retry(retry=tenacity.retry_if_exception_type((Slow,)))\ndef f(): ...\n", ("requests.Timeout",)),
    ],
)
def test_what_tells_exceptions_by_their_classes_is_found(text, kinds):
    found = mentions(text)
    assert (found.raised, found.untraceable) == (None, None)
    assert [(one.kinds, one.caught_as) for one in found.told] == [(kinds, None)]


def test_what_a_handler_has_caught_is_told_apart_with_its_handler():
    (found,) = mentions("try: f()\nexcept Slow as e:\n    isinstance(e, Slow) and e.response\n").told
    assert found.caught_as is not None
    assert found.caught_as < found.span


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "except requests.Timeout", True),
        ("a.py", "except requests.Broken", False),
        ("a.py", "except Timeout", False),
        ("tests/a.py", "except requests.Timeout", False),
        ("test_a.py", "except requests.Timeout", False),
        ("contest_a.py", "except requests.Timeout", True),
        ("a.py", "try:\n    f()\nexcept requests.Timeout:  # slow\n    pass\n", False),
        ("a.py", "from requests import Timeout\ntry:\n    f()\nexcept (KeyError, Timeout) as e:\n    pass\n", False),
        ("a.py", "from requests import Timeout as Slow\nraise Slow\n", True),
        ("a.py", "import requests; raise requests.Timeout\n", True),
        ("a.py", "try:\n    f()\nexcept KeyError: raise requests.Timeout\n", True),
        ("a.py", "try:\n    f()\nexcept requests.Timeout: g(); h()\n", True),
        ("a.py", "try:\n    f()\nexcept (\n    requests.Timeout,\n):\n    pass\n", True),
        ("a.py", "try:\n    future.result()\nexcept requests.Timeout:\n    pass\n", True),
        (
            "a.py",
            "async def f(task):\n    try:\n        await task\n    except requests.Timeout:\n        pass\n",
            True,
        ),
        ("a.py", "def f():\n    try:\n        yield\n    except requests.Timeout:\n        pass\n", True),
        ("a.py", "known = requests.Timeout\n", True),
    ],
)
def test_which_files_are_looked_at(path, text, expected):
    assert may_mention(path, text) is expected
