"""The queue for Sentry and the thread that empties it, against a receiver that does what real ones do."""

import gzip
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.ingest.forward.dsn import Dsn
from holdfast_server.ingest.forward.queue import BEHIND_MS, FILE, Item, Queue, state_of
from holdfast_server.ingest.forward.sender import Sender, seconds
from holdfast_server.model.clock import ManualClock

PLENTY = 1 << 30
NOW = 1_795_000_000_000


class Sentry:
    """Answers as it is told, then with 200, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.received: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append(gzip.decompress(body))
                outer.headers.append(
                    {"path": self.path} | {name.lower(): value for name, value in self.headers.items()}
                )
                status, headers = outer.answers.pop(0) if outer.answers else (200, {})
                self.send_response(status)
                for name, value in (headers | {"content-length": "0"}).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def dsn(self) -> Dsn:
        return Dsn.parse(f"http://public@127.0.0.1:{self.server.server_port}/42")

    @property
    def ids(self) -> list[str]:
        return [json.loads(body.split(b"\n")[0])["event_id"] for body in self.received]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    found = Sentry()
    yield found
    found.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def new_queue(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Queue]]:
    made: list[Queue] = []

    def make(quota_bytes: int = PLENTY) -> Queue:
        made.append(Queue(tmp_path, clock, quota_bytes=quota_bytes))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


def item(name: str, category: str = "error", project: int = 1, *, size: int = 10) -> Item:
    event_id = name.ljust(32, "0")
    noise = "".join(chr(33 + (index * 7919 + hash(name)) % 90) for index in range(size))
    return Item(event_id, category, project, NOW, f'{{"event_id":"{event_id}"}}\n{{}}\n{noise}\n'.encode())


def waiting(queue: Queue) -> list[str]:
    return [each.id.rstrip("0") for each in queue.oldest(1_000)]


def test_sent_in_order_once(sentry: Sentry, new_queue: Callable[..., Queue], clock: ManualClock) -> None:
    """What waits is sent oldest first, each once, with the key and as an envelope, and leaves the queue."""
    queue = new_queue()
    queue.append([item(name) for name in "abc"])
    queue.append([item("b"), item("d")])
    assert Sender(queue, sentry.dsn, clock).send_some() == 0
    assert [each.rstrip("0") for each in sentry.ids] == ["a", "b", "c", "d"]
    assert waiting(queue) == []
    assert sentry.headers[0]["path"] == "/api/42/envelope/"
    assert sentry.headers[0]["content-type"] == "application/x-sentry-envelope"
    assert "sentry_key=public" in sentry.headers[0]["x-sentry-auth"]
    assert Sender(queue, sentry.dsn, clock).send_some() is None


def test_survives_a_restart(new_queue: Callable[..., Queue], sentry: Sentry, clock: ManualClock) -> None:
    """What waits is on disk: the next process sends it."""
    first = new_queue()
    first.append([item("a")])
    first.close()
    second = new_queue()
    assert waiting(second) == ["a"]
    Sender(second, sentry.dsn, clock).send_some()
    assert waiting(second) == []


def test_nobody_answers(
    new_queue: Callable[..., Queue], sentry: Sentry, clock: ManualClock, tmp_path: Path
) -> None:
    """Without an answer everything stays, the waits grow, and the state says failing."""
    sentry.close()
    queue = new_queue()
    queue.append([item("a"), item("b")])
    sender = Sender(queue, sentry.dsn, clock)
    waits = [sender.send_some() or 0 for _ in range(6)]
    assert waiting(queue) == ["a", "b"]
    assert waits[-1] > waits[0] * 8
    found = state_of(tmp_path, NOW)
    assert (found.state, found.queued) == ("failing", 2)
    assert "can't be reached" in found.error


@pytest.mark.parametrize("status", [500, 502, 503, 401, 403, 404])
def test_refused_for_now(
    status: int, sentry: Sentry, new_queue: Callable[..., Queue], clock: ManualClock
) -> None:
    """Trouble of Sentry's, or a DSN that is not known: nothing is lost, and Retry-After is honoured."""
    sentry.answers = [(status, {"Retry-After": "17"})]
    queue = new_queue()
    queue.append([item("a"), item("b")])
    sender = Sender(queue, sentry.dsn, clock)
    assert sender.send_some() == 17
    assert (waiting(queue), len(sentry.received)) == (["a", "b"], 1)
    sender.send_some()
    assert waiting(queue) == []


@pytest.mark.parametrize("status", [400, 413])
def test_refused_for_good(
    status: int, sentry: Sentry, new_queue: Callable[..., Queue], clock: ManualClock
) -> None:
    """An event that Sentry never takes goes, is counted, and stops nothing behind it."""
    sentry.answers = [(status, {})]
    queue = new_queue()
    queue.append([item("a", project=3), item("b")])
    Sender(queue, sentry.dsn, clock).send_some()
    assert waiting(queue) == []
    assert len(sentry.received) == 2
    assert queue.lost() == {(3, "forward_refused"): 1}
    queue.forget_lost({(3, "forward_refused"): 1})
    assert queue.lost() == {}


def test_rate_limits_by_category(sentry: Sentry, new_queue: Callable[..., Queue], clock: ManualClock) -> None:
    """X-Sentry-Rate-Limits stops the category it names, for as long as it says; the other goes on."""
    sentry.answers = [(200, {"X-Sentry-Rate-Limits": "60:transaction:organization, 2700:default"})]
    queue = new_queue()
    queue.append([item("t1", "transaction"), item("t2", "transaction"), item("e1"), item("e2")])
    sender = Sender(queue, sentry.dsn, clock)
    sender.send_some()
    sender.send_some()
    assert waiting(queue) == ["t2"]
    assert sender.send_some() == pytest.approx(60)
    clock.advance_s(61)
    sender.send_some()
    assert waiting(queue) == []


@pytest.mark.parametrize("headers", [{"Retry-After": "30"}, {"X-Sentry-Rate-Limits": "30::organization"}])
def test_too_many(
    headers: dict[str, str], sentry: Sentry, new_queue: Callable[..., Queue], clock: ManualClock
) -> None:
    """A 429 stops everything for as long as it says, and loses nothing."""
    sentry.answers = [(429, headers)]
    queue = new_queue()
    queue.append([item("a"), item("t", "transaction")])
    sender = Sender(queue, sentry.dsn, clock)
    sender.send_some()
    assert sender.send_some() == pytest.approx(30)
    assert (len(waiting(queue)), len(sentry.received)) == (2, 1)
    clock.advance_s(31)
    sender.send_some()
    assert waiting(queue) == []


def test_oldest_goes(new_queue: Callable[..., Queue]) -> None:
    """Beyond its bound the oldest goes, counted by project; the newest always stay."""
    queue = new_queue(5_000)
    for number in range(100):
        queue.append([item(f"n{number}x", project=1 + number % 2, size=300)])
    kept = waiting(queue)
    assert kept[-1] == "n99x"
    assert 5 < len(kept) < 40
    lost = queue.lost()
    assert sum(lost.values()) == 100 - len(kept)
    assert {reason for _, reason in lost} == {"forward_queue_full"}
    assert queue.bytes <= 5_000


def test_a_disk_that_refuses(new_queue: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be written is counted as lost, and the drainer goes on."""
    queue = new_queue()

    def broken(_: Item) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(queue, "_insert", broken)
    queue.append([item("a", project=5), item("b", project=5)])
    monkeypatch.undo()
    assert queue.lost() == {(5, "forward_not_written"): 2}
    queue.append([item("c")])
    assert waiting(queue) == ["c"]


def test_state(new_queue: Callable[..., Queue], sentry: Sentry, clock: ManualClock, tmp_path: Path) -> None:
    """Ok with an empty queue, behind when something waits for over a minute, ok again after it was sent."""
    assert state_of(tmp_path / "nothing", NOW).state == "ok"
    queue = new_queue()
    queue.append([item("a")])
    assert state_of(tmp_path, NOW + BEHIND_MS).state == "ok"
    assert state_of(tmp_path, NOW + BEHIND_MS + 1).state == "behind"
    Sender(queue, sentry.dsn, clock).send_some()
    found = state_of(tmp_path, NOW + BEHIND_MS + 1)
    assert (found.state, found.queued, found.sent_at_ms) == ("ok", 0, NOW)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_the_thread(new_queue: Callable[..., Queue], sentry: Sentry, clock: ManualClock) -> None:
    """The thread sends what is appended while it runs, and stops when it is told."""
    queue = new_queue()
    done = threading.Event()
    removed = queue.sent

    def tell(ids: list[str]) -> None:
        removed(ids)
        done.set()

    queue.sent = tell  # type: ignore[method-assign]
    sender = Sender(queue, sentry.dsn, clock)
    sender.start()
    queue.append([item("a")])
    assert done.wait(10)
    sender.stop()
    assert not sender.thread.is_alive()
    assert waiting(queue) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60", 60),
        ("1.5", 1.5),
        ("", None),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("1e9", 3_600),
    ],
)
def test_seconds(text: str | None, expected: float | None) -> None:
    """A wait is a number of seconds, and never longer than an hour."""
    assert seconds(text) == expected
