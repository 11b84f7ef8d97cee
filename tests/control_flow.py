"""Random programs: requests among every kind of control flow, the same for the same seed.

A program is a module with `async def main(url)` that calls its functions and prints what each did.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

FUNCTIONS = 5
_HEAD = """\
# seed {seed}
import time

import requests


class Swallow:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        print("swallows", kind is not None)
        return kind is not None and issubclass(kind, Exception)


def flips(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed > 2**30


def show(value):
    print(value)
    return value


"""
_TAIL = """\
async def main(url):
    for number, function in enumerate([{functions}]):
        for seed in range(3):
            flip = flips(number * 7 + seed)
            try:
                result = await function(url, lambda: next(flip))
            except (NameError, AttributeError, AssertionError, ValueError) as error:
                result = type(error).__name__
            except Exception:
                result = "no reply"
            print(number, seed, result)
"""
_REQUESTS = (
    'requests.get(url + "/json/{n}")',
    'requests.get(f"{{url}}/text/{n}", timeout=5)',
    'requests.get(url + "/status/404")',
    'requests.post(url + "/json/{n}", json={{"n": {n}}})',
    'requests.get(url + "/close")',
    'requests.get("http://127.0.0.1:1/")',
)
_USES = (
    "show({r}.status_code)",
    "print({r}.ok, {r}.reason)",
    "show(len({r}.text))",
    "print(len({r}.content))",
    "{r}.raise_for_status()",
    "print({r}.text[:3] if {r} else {r}.status_code)",
    'print(f"{{{r}.status_code}} {{{r}.text!r:.10}}")',
    "print({r} is None)",
    'show({r}.headers["Content-Type"])',
    "print([len({r}.text) for _ in range(2)])",
    "assert {r}.status_code == 200",
)
_HANDLERS = (
    "except requests.RequestException:",
    "except requests.ConnectionError:",
    "except (requests.HTTPError, ValueError):",
    "except requests.HTTPError as error:",
    "except Exception:",
    "except AttributeError:",
    "except AssertionError:",
)


class _Writer:
    """Writes the body of one function."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        self._session = chance.random() < 0.4

    def start(self) -> Iterator[str]:
        """Statements that bind the names, mostly."""
        if self._session:
            yield self._chance.choice(("session = requests.Session()", "session = requests.session()  # its own"))
            yield from self._chance.choice(([], ['session.headers.update({"X-Session": "1"})']))
        for name in ("r", "s"):
            yield from self._chance.choice(([], [f"{name} = None"], [f"{name} = {self._request()}"]))

    def block(self, depth: int, in_loop: bool) -> Iterator[str]:
        for _ in range(self._chance.choice((1, 2, 2, 3))):
            yield from self._statement(depth, in_loop)

    def _name(self) -> str:
        return self._chance.choice(("r", "r", "r", "s"))

    def _request(self) -> str:
        self._number += 1
        made = self._chance.choice(_REQUESTS).format(n=self._number)
        is_of_session = self._session and self._chance.random() < 0.7
        return made.replace("requests.", "session.", 1) if is_of_session else made

    def _statement(self, depth: int, in_loop: bool) -> Iterator[str]:
        kinds = ["assign"] * 5 + ["use"] * 6 + ["plain"] * 3
        if depth:
            kinds += ["if"] * 3 + ["try"] * 4 + ["for"] * 2 + ["while", "with"]
        yield from getattr(self, f"_{self._chance.choice(kinds)}")(depth, in_loop)

    def _assign(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield f"{self._name()} = {self._request()}"

    def _use(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield self._chance.choice(_USES).format(r=self._name())

    def _plain(self, depth: int, in_loop: bool) -> Iterator[str]:
        choices = [
            f"{self._name()} = None",
            "time.sleep(0)",
            self._request(),
            f"show({self._request()}.status_code)",
            f"print(len({self._request()}.text))",
            f"return {self._name()}.status_code",
            f"return {self._request()}.ok",
            f"return len({self._name()}.text)",
            'raise ValueError("own")',
        ]
        yield self._chance.choice([*choices, "break", "continue"] if in_loop else choices)

    def _if(self, depth: int, in_loop: bool) -> Iterator[str]:
        tests = ("flip()", f"{self._name()}", f"not {self._name()}", f"{self._name()} is None", f"{self._request()}.ok")
        yield f"if {self._chance.choice(tests)}:"
        yield from self._inside(depth, in_loop)
        if self._chance.random() < 0.5:
            yield "else:"
            yield from self._inside(depth, in_loop)

    def _try(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield "try:"
        yield from self._inside(depth, in_loop)
        has_handlers = self._chance.random() < 0.85
        if has_handlers:
            for handler in self._chance.sample(_HANDLERS, self._chance.choice((1, 1, 2))):
                yield handler
                yield from self._inside(depth, in_loop)
            if self._chance.random() < 0.3:
                yield "else:"
                yield from self._inside(depth, in_loop)
        if not has_handlers or self._chance.random() < 0.3:
            yield "finally:"
            yield from self._inside(depth, False)

    def _for(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield "for _ in range(2):"
        yield from self._inside(depth, True)
        if self._chance.random() < 0.3:
            yield "else:"
            yield from self._inside(depth, in_loop)

    def _while(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield "while flip():"
        yield from self._inside(depth, True)

    def _with(self, depth: int, in_loop: bool) -> Iterator[str]:
        if self._chance.random() < 0.2 and not self._session:
            self._session = True
            yield "with requests.Session() as session:"
            yield from self._inside(depth, in_loop)
            self._session = False
            return
        if self._chance.random() < 0.5:
            yield f"with {self._request()} as {self._name()}:"
        else:
            yield "with Swallow():"
        yield from self._inside(depth, in_loop)

    def _inside(self, depth: int, in_loop: bool) -> Iterator[str]:
        yield from (f"    {line}" for line in self.block(depth - 1, in_loop))


def program(seed: int) -> str:
    """The source of one program."""
    chance = random.Random(seed)
    names = [f"function_{number}" for number in range(FUNCTIONS)]
    functions = []
    for name in names:
        writer = _Writer(chance)
        lines = [*writer.start(), *writer.block(chance.choice((1, 2, 2, 3)), False)]
        body = "".join(f"    {line}\n" for line in lines)
        functions.append(f"async def {name}(url, flip):\n{body}\n\n")
    return _HEAD.format(seed=seed) + "".join(functions) + _TAIL.format(functions=", ".join(names))
