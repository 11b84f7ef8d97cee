"""A raw server on 127.0.0.1 with the replies that tell two HTTP clients apart.

The first part of a path is the name of the program that asks, the second the reply that it wants; see `_REPLIES`.
"""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_EVERY_CLIENT_SENDS = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"})
SLOW_SECONDS = 1.0
"""How long `slow` takes: programs give up long before."""


@dataclass(frozen=True)
class Asked:
    """One request, less what differs between clients and is of no matter."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class BehaviourServer:
    """Answers, and keeps what it was asked by the name of the program."""

    def __init__(self) -> None:
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self) -> dict[str, list[Asked]]:
        """What it was asked since it was taken last."""
        taken, self.asked = self.asked, defaultdict(list)
        return dict(taken)

    def __enter__(self) -> BehaviourServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True)
class _Request:
    asked: Asked
    program: str
    reply: str
    rest: list[str]


def _handler(server: BehaviourServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                while (request := self._read()) is not None:
                    server.asked[request.program].append(request.asked)
                    if not _answer(request, self.connection):
                        return
            except ConnectionError:
                return  # a client may leave whenever it likes

        def _read(self) -> _Request | None:
            line = self.rfile.readline().decode("latin-1").split()
            if len(line) != 3:
                return None
            headers: dict[str, str] = {}
            while (header := self.rfile.readline().decode("latin-1").rstrip("\r\n")) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            _, program, *parts = line[1].partition("?")[0].split("/")
            told = tuple(sorted((name, text) for name, text in headers.items() if name not in _EVERY_CLIENT_SENDS))
            target = line[1].removeprefix(f"/{program}")
            return _Request(Asked(line[0], target, told, body), program, parts[0], parts[1:])

    return Handler


def _answer(request: _Request, connection: socket.socket) -> bool:
    """Replies; whether the connection goes on."""
    made = _REPLIES[request.reply](request)
    if isinstance(made, bytes):
        connection.sendall(made)
        return False
    connection.sendall(made.head())
    if request.asked.method != "HEAD":
        connection.sendall(made.body)
    return True


@dataclass(frozen=True)
class _Reply:
    body: bytes = b""
    kind: str | None = "text/plain; charset=utf-8"
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", f"Content-Length: {len(self.body)}"]
        lines += [f"Content-Type: {self.kind}"] if self.kind is not None else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _echo(request: _Request) -> _Reply:
    asked = request.asked
    told = {"method": asked.method, "target": asked.target, "body": asked.body.decode("latin-1")}
    return _Reply(json.dumps(told).encode(), "application/json")


def _status(request: _Request) -> _Reply:
    reasons = {"200": "OK", "201": "Created", "304": "Not Modified", "404": "Not Found", "500": "Internal Server Error"}
    code = request.rest[0]
    return _Reply(f"status {code}".encode(), status=f"{code} {reasons.get(code, 'Odd')}")


def _redirect(request: _Request) -> _Reply:
    left = int(request.rest[0])
    to = f"/{request.program}/redirect/{left - 1}" if left else f"/{request.program}/echo"
    return _Reply(status=f"{(request.rest[1:] or ['302'])[0]} Found", headers=(("Location", to),))


def _links(request: _Request) -> _Reply:
    # a page of three, and where the others are
    page, last = int(request.rest[0]), 3
    where = [(page + 1, "next")] * (page < last) + [(last, "last")]
    links = ", ".join(f'<http://127.0.0.1:1/{request.program}/links/{to}>; rel="{rel}"' for to, rel in where)
    return _Reply(f"page {page}".encode(), headers=(("Link", links),))


def _slow(request: _Request) -> _Reply:
    time.sleep(SLOW_SECONDS)
    return _Reply(b"slow")


def _stalled(request: _Request) -> bytes:
    return _Reply(b"x" * 100).head() + b"x" * 10


_REPLIES: Mapping[str, Callable[[_Request], _Reply | bytes]] = {
    "echo": _echo,
    "status": _status,
    "redirect": _redirect,
    "slow": _slow,
    "text": lambda request: _Reply(" ".join(request.rest).encode()),
    "json": lambda request: _Reply(json.dumps({"name": "cat", "sizes": [1, 2]}).encode(), "application/json"),
    "list": lambda request: _Reply(b"[1, 2, 3]", "application/json; charset=utf-8"),
    "plainjson": lambda request: _Reply(b'{"name": "cat"}', "text/plain"),
    "html": lambda request: _Reply(b"<p>no</p>", "text/html; charset=utf-8"),
    "oops": lambda request: _Reply(b"oops", "application/json"),
    "empty": lambda request: _Reply(b"", "application/json"),
    "nothing": lambda request: _Reply(b"", None, "204 No Content"),
    "bytes": lambda request: _Reply(bytes(range(256)), "application/octet-stream"),
    "latin": lambda request: _Reply("café".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
    "utf8": lambda request: _Reply("café ☕".encode(), "text/plain; charset=utf-8"),
    "gzip": lambda request: _Reply(gzip.compress(b"packed"), headers=(("Content-Encoding", "gzip"),)),
    "headers": lambda request: _Reply(b"h", headers=(("X-One", "1"), ("ETag", '"abc"'), ("X-Empty", ""))),
    "repeated": lambda request: _Reply(headers=(("X-One", "1"), ("X-One", "2"), ("x-two", "3"))),
    "cookies": lambda request: _Reply(b"c", headers=(("Set-Cookie", "id=7; Path=/"), ("Set-Cookie", "b=x"))),
    "links": _links,
    "lines": lambda request: _Reply(b"one\n\ntwo\r\nthree"),
    "big": lambda request: _Reply(bytes(range(256)) * 1000),
    "unpacked": lambda request: _Reply(gzip.compress(b"a" * 5000), headers=(("Content-Encoding", "gzip"),)),
    "moved": lambda request: _Reply(status="301 Moved", headers=(("Location", f"/{request.program}/echo"),)),
    "moved_nowhere": lambda request: _Reply(status="301 Moved"),
    "close": lambda request: b"",
    "truncated": _stalled,
    "garbage": lambda request: b"nonsense\r\n\r\n",
    "badgzip": lambda request: _Reply(b"no gzip at all", headers=(("Content-Encoding", "gzip"),)),
}
