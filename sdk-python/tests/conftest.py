"""A small real HTTP server that speaks the wire as the Holdfast server does, faults included."""

from __future__ import annotations

import gzip
import http.server
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest


class WireServer:
    """Counts each batch id once, as the real server does. `faults` are used up first, one a request."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.dropped: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.batch_ids: list[str] = []
        self.faults: deque[Callable[[Any], None]] = deque()
        self.always: Callable[[Any], None] | None = None
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"wire": self})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def take(self, path: str, headers: Any, body: bytes) -> bytes:
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        batch = json.loads(plain)
        with self.lock:
            if batch["batchId"] not in self.batch_ids:
                self.events += batch["events"]
                self.dropped += batch["dropped"]
                self.batch_ids.append(batch["batchId"])
        count = len(batch["events"])
        return json.dumps({"success": True, "recorded": count, "failed": 0, "total": count}).encode()

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def drop_count(self, reason: str = "") -> int:
        return sum(d["quantity"] for d in self.dropped if not reason or d["reason"] == reason)

    @staticmethod
    def fault(name: str, **headers: str) -> Callable[[Any], None]:
        """A fault of this file by name, with its number after a colon: `slow:0.3`, `status:503`."""
        kind, _, number = name.partition(":")
        if kind == "status":
            return status(int(number), **headers)
        return slow(float(number)) if kind == "slow" else _PLAIN_FAULTS[kind]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    wire: ClassVar[WireServer]
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.wire.lock:
            self.wire.requests.append(
                {
                    "path": self.path,
                    "headers": dict(self.headers),
                    "bytes": len(self.body),
                    "at": time.monotonic(),
                }
            )
            fault = self.wire.faults.popleft() if self.wire.faults else self.wire.always
        if fault is not None:
            fault(self)
        else:
            self.answer(200, self.wire.take(self.path, self.headers, self.body))

    def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def status(code: int, **headers: str) -> Callable[[Any], None]:
    """Refuse with this status."""
    body = json.dumps({"error": {"code": "x", "message": "refused", "path": "", "hint": ""}}).encode()
    return lambda handler: handler.answer(code, body, **headers)


def garbage(handler: Any) -> None:
    """Answer 200 with a page that is not ours."""
    handler.answer(200, b"<html>please log in to the wireless network</html>")


def no_http(handler: Any) -> None:
    """Answer bytes that are not HTTP."""
    handler.wfile.write(b"\x00\x01\x02 nonsense\r\n\r\n")
    handler.wfile.flush()
    handler.close_connection = True


def hang_up_midway(handler: Any) -> None:
    """Take the batch, begin the answer, and close the connection in the middle of it."""
    body = handler.wire.take(handler.path, handler.headers, handler.body)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:5])
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def slow(seconds: float) -> Callable[[Any], None]:
    """Take the batch and answer late."""

    def fault(handler: Any) -> None:
        body = handler.wire.take(handler.path, handler.headers, handler.body)
        time.sleep(seconds)
        handler.answer(200, body)

    return fault


_PLAIN_FAULTS = {"garbage": garbage, "no_http": no_http, "hang_up_midway": hang_up_midway}


@pytest.fixture
def wire() -> Iterator[WireServer]:
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def dead_url() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
