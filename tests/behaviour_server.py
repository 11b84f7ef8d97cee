"""A raw server on 127.0.0.1 with the replies that tell two HTTP clients apart.

The first part of a path is the name of the program that asks, the second the reply that it wants; see `_REPLIES`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import socket
import socketserver
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from io import BufferedIOBase
from pathlib import Path

_EVERY_CLIENT_SENDS = frozenset(
    {
        *("host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "transfer-encoding"),
        "proxy-connection",
    }
)
CERTIFICATES = Path(__file__).with_name("fixtures") / "certificates"
"""Made for these tests, and good for nothing else."""
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
        self._servers = [kind(("127.0.0.1", 0), _handler(self)) for kind in (socketserver.ThreadingTCPServer, _Secure)]
        self._threads = [
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}) for one in self._servers
        ]

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def secure_url(self) -> str:
        """The same with TLS."""
        return f"https://127.0.0.1:{self._servers[1].server_address[1]}"

    def take(self) -> dict[str, list[Asked]]:
        """What it was asked since it was taken last."""
        taken, self.asked = self.asked, defaultdict(list)
        return dict(taken)

    def __enter__(self) -> BehaviourServer:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.daemon_threads = True
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Secure(socketserver.ThreadingTCPServer):
    """Speaks TLS, and lets clients show who they are."""

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(CERTIFICATES / "client.pem"))
        context.load_cert_chain(CERTIFICATES / "server.pem", CERTIFICATES / "server.key")
        context.verify_mode = ssl.CERT_OPTIONAL
        connection, address = super().get_request()
        # the handshake is done by the thread that reads
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


@dataclass(frozen=True)
class _Request:
    asked: Asked
    program: str
    reply: str
    rest: list[str]
    peer: str
    """Who asks, where a certificate says it."""
    secure_url: str
    other_url: str
    port: int
    """Of the client: each connection has another."""


def _handler(server: BehaviourServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                while (request := self._read()) is not None:
                    server.asked[request.program].append(request.asked)
                    if not _answer(request, self.connection):
                        return
            except (ConnectionError, ssl.SSLError):
                return  # a client may leave whenever it likes, and need not trust the server

        def _read(self) -> _Request | None:
            line = self.rfile.readline().decode("latin-1").split()
            if len(line) != 3:
                return None
            headers: dict[str, str] = {}
            while (header := self.rfile.readline().decode("latin-1").rstrip("\r\n")) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            if headers.get("transfer-encoding") == "chunked":
                body = _chunked(self.rfile)
            else:
                body = self.rfile.read(int(headers.get("content-length", "0")))
            whole = line[1].removeprefix(server.url)  # asked of a proxy
            _, program, *parts = whole.partition("?")[0].split("/")
            if whole != line[1]:
                headers["asked-of-a-proxy"] = "yes"
            if headers.get("content-type", "").startswith("multipart/"):
                body = _parts(headers["content-type"], body)
                headers["content-type"] = "multipart"
            if "authorization" in headers:
                headers["authorization"] = _without_chance(headers["authorization"])
            told = tuple(sorted((name, text) for name, text in headers.items() if name not in _EVERY_CLIENT_SENDS))
            asked = Asked(line[0], whole.removeprefix(f"/{program}"), told, body)
            secure_url = f"{server.secure_url}/{program}"
            other_url = f"{server.url}/{program}".replace("127.0.0.1", "localhost")
            return _Request(
                asked,
                program,
                (parts or ["nothing"])[0],
                parts[1:],
                _peer(self.connection),
                secure_url,
                other_url,
                self.client_address[1],
            )

    return Handler


def _chunked(stream: BufferedIOBase) -> bytes:
    body = b""
    while size := int(stream.readline() or b"0", 16):  # it may end too early
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


def _parts(kind: str, body: bytes) -> bytes:
    """The parts of a form, one a line, whatever its boundary and the order of its headers."""
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    lines = []
    for part in message.get_payload():
        assert not isinstance(part, str)
        headers = sorted(f"{name}: {text}".encode("utf-8", "surrogateescape") for name, text in part.items())
        lines.append(b"; ".join([*headers, repr(part.get_payload(decode=True)).encode()]))
    return b"\n".join(lines)


def _without_chance(login: str) -> str:
    """A login without what a client makes up, and with its parts in order."""
    scheme, _, rest = login.partition(" ")
    if scheme != "Digest":
        return login
    return " ".join(sorted(re.sub(r"(cnonce|response)=[^,]*", r"\1", rest.replace('"', "")).split(", ")))


def _peer(connection: socket.socket) -> str:
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    return re.findall(r"'commonName', '([^']*)'", repr(shown["subject"]))[0] if shown else "nobody"


def _answer(request: _Request, connection: socket.socket) -> bool:
    """Replies; whether the connection goes on."""
    made = _REPLIES[request.reply](request)
    if isinstance(made, bytes):
        connection.sendall(made)
        return False
    if isinstance(made, Iterator):
        for part in made:
            connection.sendall(part)
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


def _cookies_of_every_kind(request: _Request) -> _Reply:
    base = f"/{request.program}"
    cookies = (
        f"token=x=y/z+w==; Path={base}",
        f"deep=1; Path={base}/sent/deeper",
        "safe=1; Secure; Path=/",
        "b=2; Path=/",
    )
    return _Reply(b"every", headers=tuple(("Set-Cookie", one) for one in cookies))


def _digest(request: _Request) -> _Reply:
    given = dict(request.asked.headers).get("authorization")
    if given is not None:
        return _Reply(given.encode())
    nonce = hashlib.md5(request.program.encode()).hexdigest()
    asks = f'Digest realm="cats", nonce="{nonce}", qop="auth", algorithm=MD5'
    return _Reply(b"who?", status="401 Unauthorized", headers=(("WWW-Authenticate", asks),))


def _elsewhere(request: _Request) -> _Reply:
    # another name of the same machine
    to = request.rest[0] if request.rest else "sent"
    return _Reply(status="302 Found", headers=(("Location", f"{request.other_url}/{to}"),))


def _drip(request: _Request) -> Iterator[bytes]:
    yield _Reply(b"x" * 100).head() + b"x" * 10
    time.sleep(SLOW_SECONDS)


def _slow(request: _Request) -> _Reply:
    time.sleep(SLOW_SECONDS)
    return _Reply(b"slow")


def _stalled(request: _Request) -> bytes:
    return _Reply(b"x" * 100).head() + b"x" * 10


_REPLIES: Mapping[str, Callable[[_Request], _Reply | bytes | Iterator[bytes]]] = {
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
    "parts": lambda request: _Reply(re.sub(rb"Content-Type: [^;]*(; charset=[^;]*)?; ", b"", request.asked.body)),
    "sent": lambda request: _Reply(json.dumps(dict(request.asked.headers)).encode(), "application/json"),
    "digest": _digest,
    "secure": lambda request: _Reply(request.secure_url.encode()),
    "peer": lambda request: _Reply(request.peer.encode()),
    "elsewhere": _elsewhere,
    "drip": _drip,
    "relative": lambda request: _Reply(status="302 Found", headers=(("Location", "../echo?a=b"),)),
    "fragment": lambda request: _Reply(status="302 Found", headers=(("Location", f"/{request.program}/echo#there"),)),
    "set_and_go": lambda request: _Reply(
        status="302 Found",
        headers=(("Location", f"/{request.program}/sent"), ("Set-Cookie", "id=7; Path=/")),
    ),
    "bom": lambda request: _Reply("\ufeff[1]".encode(), "application/json"),
    "utf16": lambda request: _Reply("[1]".encode("utf-16-le"), "application/json"),
    "utf16_of_no_type": lambda request: _Reply("[1]".encode("utf-16-le"), None),
    "wrong_utf8": lambda request: _Reply(b'["\xff"]', "application/json"),
    "nocharset": lambda request: _Reply("caf\u00e9".encode(), "text/html"),
    "json_as_html": lambda request: _Reply('["caf\u00e9"]'.encode(), "text/html"),
    "letters": lambda request: _Reply(headers=(("X-One", "caf\u00e9"),)),
    "repeated": lambda request: _Reply(headers=(("X-One", "1"), ("X-One", "2"), ("x-two", "3"))),
    "cookies": lambda request: _Reply(b"c", headers=(("Set-Cookie", "id=7; Path=/"), ("Set-Cookie", "b=x"))),
    "cookies_of_every_kind": _cookies_of_every_kind,
    "cookie_that_ends": lambda request: _Reply(b"ends", headers=(("Set-Cookie", "b=; Max-Age=0; Path=/"),)),
    "port": lambda request: _Reply(str(request.port).encode()),
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
    "xgzip": lambda request: _Reply(gzip.compress(b"packed"), headers=(("Content-Encoding", "x-gzip"),)),
    "gzip_and_more": lambda request: _Reply(gzip.compress(b"a") + b"junk", headers=(("Content-Encoding", "gzip"),)),
    "unasked": lambda request: _Reply(b"no zstd", headers=(("Content-Encoding", "zstd"),)),
    "long_header": lambda request: _Reply(b"long", headers=(("X-Long", "x" * 9000),)),
    "no_colon": lambda request: _Reply(b"odd").head().replace(b" OK", b" OK\r\nOdd") + b"odd",
    "hints": lambda request: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _Reply(b"then").head() + b"then",
    "letters_to": lambda request: _Reply(status="302 Found", headers=(("Location", "echo/caf\u00e9"),)),
}
