"""The collector against a real HTTP server: what was tracked arrives once, whatever the server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast import TelemetryCollector

Make = Callable[..., TelemetryCollector]


@pytest.fixture
def make(wire: Any) -> Iterator[Make]:
    made: list[TelemetryCollector] = []

    def build(**settings: Any) -> TelemetryCollector:
        options = {
            "endpoint": wire.url,
            "key": "hf_test",
            "retry_base_ms": 20,
            "retry_max_ms": 50,
            **settings,
        }
        made.append(TelemetryCollector(**options))
        return made[-1]

    yield build
    for collector in made:
        collector.destroy(1)


def test_event_arrives(make: Make, wire: Any) -> None:
    """An event arrives with its type, time, identity and data, and the key stands in the header."""
    collector = make(release="1.2.0")
    collector.track("feature.used", {"id": 7}, timestamp=1_700_000_000_000, session_id="s", user_id="u")
    assert collector.flush(5)
    assert wire.events == [
        {
            "type": "feature.used",
            "timestamp": 1_700_000_000_000,
            "release": "1.2.0",
            "platform": "python",
            "sessionId": "s",
            "userId": "u",
            "metadata": {"id": 7},
        }
    ]
    assert wire.requests[0]["path"] == "/api/telemetry/batch"
    assert wire.requests[0]["headers"]["X-Holdfast-Key"] == "hf_test"


def test_flushes_by_size(make: Make, wire: Any) -> None:
    """A full batch is sent without being asked for."""
    collector = make(max_buffer_size=5, max_events=1_000)
    for n in range(5):
        collector.track("e", {"n": n})
    wait_for(lambda: len(wire.events) == 5)


def test_flushes_by_interval(make: Make, wire: Any) -> None:
    """A lone event is sent when the interval is over."""
    make(flush_interval_ms=30).track("e")
    wait_for(lambda: len(wire.events) == 1)


@pytest.mark.parametrize(
    "fault",
    ["garbage", "no_http", "hang_up_midway", "slow:0.3", "status:429", "status:503", "status:500"],
)
def test_temporary_faults_lose_and_double_nothing(make: Make, wire: Any, fault: str) -> None:
    """After a passing fault every event has arrived exactly once, and none counts as dropped."""
    wire.faults.extend([wire.fault(fault), wire.fault(fault)])
    collector = make(request_timeout_ms=200, max_events=1_000)
    for n in range(120):
        collector.track("e", {"n": n})
    assert collector.flush(10)
    assert sorted(event["metadata"]["n"] for event in wire.events) == list(range(120))
    assert collector.get_buffer_status().dropped == 0


def test_retry_after_is_honoured(make: Make, wire: Any) -> None:
    """The client stays away as long as the server asks, a flush by the host included."""
    wire.faults.append(wire.fault("status:429", Retry_After="1"))
    collector = make()
    collector.track("e")
    assert not collector.flush(0.3)
    assert collector.flush(5)
    assert wire.requests[1]["at"] - wire.requests[0]["at"] >= 0.95


def test_wrong_key_drops_and_counts(make: Make, wire: Any) -> None:
    """A refused key is not tried again with the same events; they are counted and the host is told False."""
    wire.always = wire.fault("status:401")
    collector = make()
    collector.track("e")
    assert not collector.flush(2)
    assert len(wire.requests) == 1
    assert collector.get_buffer_status().dropped == 1


def test_too_large_is_split(make: Make, wire: Any) -> None:
    """A batch that the server finds too large arrives in halves."""
    wire.faults.append(wire.fault("status:413"))
    collector = make()
    for n in range(10):
        collector.track("e", {"n": n})
    assert collector.flush(5)
    assert [event["metadata"]["n"] for event in wire.events] == list(range(10))
    assert len(wire.batch_ids) == 2


def test_payload_limit(make: Make, wire: Any) -> None:
    """No request is over 10 KB on the wire, even with events that compress badly."""
    collector = make(max_events=1_000)
    for n in range(60):
        collector.track("e", {"noise": "".join(chr(33 + (n * 7919 + i * i * 31) % 90) for i in range(900))})
    assert collector.flush(10)
    assert len(wire.events) == 60
    assert max(request["bytes"] for request in wire.requests) <= 10_000


def test_overflow_drops_the_oldest_and_reports_it(make: Make, wire: Any) -> None:
    """Memory keeps its bound; the newest survive; the count of the lost reaches the server's ledger."""
    wire.always = wire.fault("status:503")
    collector = make(max_events=100)
    for n in range(1_000):
        collector.track("e", {"n": n})
    collector.flush(0.2)
    assert collector.get_buffer_status().size <= 100
    wire.always = None
    assert collector.flush(10)
    collector.track("last")
    assert collector.flush(10)
    assert len(wire.of_type("e")) + wire.drop_count("buffer_overflow") == 1_000
    assert wire.of_type("e")[-1]["metadata"]["n"] == 999


def test_spool_survives_a_restart(make: Make, wire: Any, tmp_path: Path) -> None:
    """Batches written while the server was away are sent by the next run, once."""
    wire.always = wire.fault("status:503")
    first = make(transport="file", spool_dir=str(tmp_path))
    first.track("e", {"n": 1})
    assert first.flush(5)
    first.destroy(1)
    assert len(list(tmp_path.iterdir())) == 1
    wire.always = None
    second = make(transport="file", spool_dir=str(tmp_path))
    second.track("e", {"n": 2})
    assert second.flush(5)
    wait_for(lambda: not list(tmp_path.iterdir()))
    assert [event["metadata"]["n"] for event in wire.events] == [1, 2]


def test_consent_withdrawn_keeps_nothing(make: Make, wire: Any, tmp_path: Path) -> None:
    """After enabled=False nothing leaves, nothing is buffered and the spool is empty."""
    wire.always = wire.fault("status:503")
    collector = make(transport="file", spool_dir=str(tmp_path))
    collector.track("spooled")
    assert collector.flush(5)
    collector.track("buffered")
    collector.update_config(enabled=False)
    collector.track("after")
    wait_for(lambda: not list(tmp_path.iterdir()))
    assert collector.get_buffer_status().size == 0
    wire.always = None
    collector.update_config(enabled=True)
    collector.track("again")
    assert collector.flush(5)
    wait_for(lambda: len(wire.events) == 1)
    assert wire.events[0]["type"] == "again"


def test_several_collectors_in_one_process(make: Make, wire: Any) -> None:
    """Collectors share nothing: each sends its own events with its own session."""
    one, two = make(release="1"), make(release="2")
    one.track("a")
    two.track("b")
    assert one.flush(5)
    assert two.flush(5)
    assert {event["release"] for event in wire.events} == {"1", "2"}
    assert len({event["sessionId"] for event in wire.events}) == 2


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    import time

    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "did not happen in time"
        time.sleep(0.01)


def test_gives_up_after_max_attempts(make: Make, dead_url: str) -> None:
    """A batch that can't be delivered is dropped at last, counted, and does not come back."""
    collector = make(endpoint=dead_url, max_attempts=3, retry_base_ms=1)
    collector.track("e")
    wait_for(lambda: collector.flush(0.1) or collector.get_buffer_status().dropped == 1)
    assert collector.get_buffer_status().in_flight == 0


def test_refused_events_reach_the_ledger(make: Make, wire: Any) -> None:
    """Events of a refused batch are reported as dropped with the next one that arrives."""
    wire.faults.append(wire.fault("status:400"))
    collector = make()
    collector.track("bad")
    assert not collector.flush(5)
    collector.track("good")
    assert collector.flush(5)
    assert wire.dropped == [{"reason": "refused", "category": "event", "quantity": 1}]


def test_configuration_changes_while_running(make: Make, wire: Any) -> None:
    """A new endpoint, key or release applies from the next batch on."""
    collector = make(endpoint=f"{wire.url}/first")
    collector.track("e")
    assert collector.flush(5)
    collector.update_config(endpoint=f"{wire.url}/second", key="other", release="2")
    collector.track("e")
    assert collector.flush(5)
    assert [request["path"] for request in wire.requests] == ["/first", "/second"]
    assert wire.requests[1]["headers"]["X-Holdfast-Key"] == "other"
    assert wire.events[1]["release"] == "2"


def test_console(capfd: pytest.CaptureFixture[str]) -> None:
    """The console transport prints one JSON line an event on standard error."""
    import json

    collector = TelemetryCollector(transport="console")
    collector.track("e", {"email": "jo@example.com"})
    assert collector.flush(5)
    collector.destroy()
    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line.removeprefix("holdfast "))["metadata"] == {"email": "[REDACTED]"}


def test_memory_is_bounded_against_a_dead_server(dead_url: str) -> None:
    """After 100,000 events what is held is the buffer and one pack of batches, and the rest is counted."""
    import tracemalloc

    collector = TelemetryCollector(endpoint=dead_url, retry_base_ms=60_000)
    collector.track("warm up")
    collector.flush(1)
    tracemalloc.start()
    for n in range(100_000):
        collector.track("e", {"n": n, "text": "x" * 100})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    status = collector.get_buffer_status()
    assert status.size + status.in_flight + status.dropped == 100_001
    assert held < 500_000
    collector.destroy(0)
