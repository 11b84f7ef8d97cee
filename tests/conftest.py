"""Fixtures that several test files share: a server that programs under test talk to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest


class LoopbackServer:
    """A server on 127.0.0.1 that answers what it was asked, as JSON.

    `/status/404/...` answers with that status, `/text/...` with plain text; `requests` is what it was asked
    so far, as (method, path, query, body).
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, tuple[tuple[str, str], ...], str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            server.requests.append((self.command, parts.path, query, body))
            words = parts.path.strip("/").split("/")
            if words[0] == "text":
                content, kind = " ".join(words[1:]), "text/plain; charset=utf-8"
            else:
                told = {"method": self.command, "path": words, "query": dict(query), "body": body}
                content, kind = json.dumps(told), "application/json"
            payload = content.encode()
            self.send_response(int(words[1]) if words[0] == "status" else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        # The names are http.server's.
        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: what was asked is in `requests`."""

    return Handler


@pytest.fixture(scope="session")
def loopback_server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server
