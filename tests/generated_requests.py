"""Programs that each make one request, put together at random from what a request can be given and asked for.

The same seed gives the same programs. Each has `async def main(url)`, as those of the behaviour suite.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_ARGUMENTS = {
    "params": (
        *("{}", "None", '""', '{"a": 1}', '{"a": None}', '{"a": True, "b": "x y"}', '{"a": [1, "2"]}', '{"a": "ä&"}'),
        *('{"": "x"}', '{"a": ""}', '{"a": 1.5}', '{"a": []}', '{"a": (1, 2)}', '{"a": b"x"}', "{1: 2}", '"a=1&b=2"'),
        *('[("a", "1"), ("a", "2")]', "numbers", "texts"),
    ),
    "headers": (
        *("{}", "None", '{"X-A": "1"}', '{"X-A": "1", "x-a": "2"}', '{"X-A": ""}', '{"X-A": None}', '{"X-A": "é"}'),
        *('{"X-A": " 1"}', '{"Content-Type": "text/plain"}', '{"content-type": "application/x-www-form-urlencoded"}'),
        *('{"Accept": "text/html"}', '{"Accept": None}', '{"User-Agent": "me"}', '{"Cookie": "a=1"}', "letters"),
        *('{"Authorization": "mine"}', '{"Accept-Encoding": "identity"}', '{"Connection": "close"}'),
        '{"Host": "example.org"}',
    ),
    "data": (
        *("{}", "None", "[]", "()", '""', 'b""', '"text"', 'b"bytes"', '"ä"', 'io.BytesIO(b"x")', "text", "content"),
        *('{"a": 1}', '{"a": None}', '{"a": [1, 2]}', '{"a": "ä b"}', '{"a": True}', '{"a": 1.5}', '{"a": ""}'),
        *('{"a": b"x"}', '{"a": []}', '[("a", "1")]', '[("a", "1"), ("a", "2")]', 'json.dumps({"a": 1})'),
    ),
    "json": (
        *("{}", "None", "[]", '""', "0", "False", '"x"', '"ä"', '{"a": 1}', '{"a": None}', "[1.5, None]", "nested"),
    ),
    "cookies": ("{}", "None", '{"a": "1"}', '{"a": ""}', '{"a": "x y"}', '{"a": "1", "b": "2"}'),
    "auth": (*("None", '("u", "p")', '("u", "")', '("", "p")', '("ü", "p")', 'HTTPBasicAuth("u", "p")', "login"),),
    "timeout": ("5", "None", "(5, 5)", "5.5", "(None, 5)"),
    "allow_redirects": ("True", "False"),
    "verify": ("True", "False"),
    "stream": ("True", "False"),
    "files": (
        *("{}", "None", '{"f": "text"}', '{"f": ""}', '{"f": b"x"}', '{"f": io.BytesIO(b"x")}', '{"f": (None, "x")}'),
        *('{"f": ("n.txt", b"x")}', '{"f": ("n.txt", "x", "text/plain")}', '[("f", ("n.txt", b"x"))]'),
    ),
}
_USES = (
    *(
        'print(r.json()["target"])',
        'print(r.json()["body"])',
        "print(r.status_code)",
        "print(r.text)",
        "print(bool(r))",
    ),
    *("print(r.ok, r.reason)", "print(len(r.content))", 'print(r.url.replace(url, ""))', "print(r.encoding)"),
    *('print(r.headers["content-type"])', 'print(r.headers.get("X-No"))', "r.raise_for_status(); print(1)"),
)
_PATHS = (*["/echo"] * 6, "/status/404")
_START = """\
import io
import json

import requests
from requests.auth import HTTPBasicAuth


async def main(url):
    numbers = {"a": 1, "b": 2.5}
    texts = {"a": "x", "b": ["y", "z"]}
    letters = {"X-T": "1", "X-U": "2"}
    text = "a" + url[:0]
    content = url[:0].encode()
    nested = {"k": [1, url[:0]]}
    login = ("u", "p" + url[:0])
    print("asks")
"""


def programs(seed: int, number: int) -> Iterator[str]:
    """That many programs."""
    random = Random(seed)
    for _ in range(number):
        yield _START + "".join(f"    {line}\n" for line in _request(random))


def _request(random: Random) -> Iterator[str]:
    """The statements that make a request and do something with the response."""
    call = _call(random)
    uses = random.sample(_USES, random.choice([1, 1, 2]))
    match random.choice(["assigned", "with", "at once", "tried"]):
        case "assigned":
            yield from (f"r = {call}", *uses)
        case "with":
            yield from (f"with {call} as r:", *(f"    {use}" for use in uses))
        case "at once":
            yield f"print({call}.status_code)"
        case _:
            yield from ("try:", f"    r = {call}", *(f"    {use}" for use in uses))
            yield from ("except (KeyError, ValueError):", '    print("none")')


def _call(random: Random) -> str:
    verb = random.choice([*_VERBS, "request"])
    method = f'"{random.choice(_VERBS).upper()}", ' if verb == "request" else ""
    names = random.sample(sorted(_ARGUMENTS), random.choice([0, 1, 1, 2, 2, 3]))
    given = "".join(f", {name}={random.choice(_ARGUMENTS[name])}" for name in names)
    return f'requests.{verb}({method}f"{{url}}{random.choice(_PATHS)}"{given})'
