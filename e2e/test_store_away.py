"""The event store is damaged, away or hangs: taking in goes on, /readyz says so, and the data arrives later."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.server import Server, wait_until

from holdfast_server.event_store.engine.config import EngineConfig
from holdfast_server.event_store.engine.supervisor import EngineSupervisor

QUICK_RESTARTS = "from holdfast_server.event_store.engine import supervisor; supervisor.BACK_OFF_S = (0.2,)"
PASSWORD = "of the test's own ClickHouse"


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[EngineSupervisor]:
    """An event store that is not the server's own."""
    engine = EngineSupervisor(EngineConfig(tmp_path / "clickhouse", PASSWORD, "reader"))
    engine.start()
    yield engine
    engine.stop()


def address_of(engine: EngineSupervisor) -> str:
    return f"clickhouse://holdfast:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{engine.config.port}/holdfast"


def events(count: int) -> list[dict[str, Any]]:
    return [{"type": "page_view", "page": f"/{number}"} for number in range(count)]


def stored(server: Server) -> int:
    return int(server.ask("SELECT count() FROM events")[0][0])


def unready(server: Server) -> bool:
    """Whether /readyz says that the event store is the part that does not answer."""
    answer = server.send("GET", "/readyz")
    if answer.status == 200:
        return False
    assert answer.status == 503
    assert "retry-after" in answer.headers
    assert answer.json["checks"]["events"]["status"] == "critical"
    assert answer.json["checks"]["events"]["message"]
    return True


def test_a_damaged_folder_stops_reading_but_not_taking_in(new_server: Callable[..., Server]) -> None:
    """When the engine can't open its folder any more, events are acknowledged and arrive once the folder is whole again."""
    server = new_server(before=QUICK_RESTARTS).start()
    assert server.send_events(*events(3)).status == 200
    server.wait_drained()
    folder = server.data / "events" / "store"
    engine = server.engine_pid
    assert engine is not None
    folder.rename(folder.with_name("aside"))
    folder.write_text("this is no folder")
    os.kill(engine, signal.SIGKILL)
    wait_until(lambda: unready(server), "readyz to tell", 20)
    assert server.send_events(*events(5)).json["recorded"] == 5
    assert server.send("GET", "/healthz").status == 200
    assert server.send("GET", "/api/telemetry?days=1").status == 503
    folder.unlink()
    folder.with_name("aside").rename(folder)
    wait_until(lambda: server.ready, "the engine's return", 30, lambda: server.said)
    server.wait_drained()
    assert stored(server) == 8


def test_a_start_on_a_damaged_folder_takes_in_at_once(new_server: Callable[..., Server]) -> None:
    """Nothing is thrown away or begun anew in silence: the server takes events in, says what is wrong, and moves them once it is well."""
    server = new_server().start()
    assert server.send_events(*events(3)).status == 200
    server.wait_drained()
    server.stop()
    metadata = next(
        path for path in (server.data / "events" / "store").rglob("*.sql") if path.name == "events.sql"
    )
    whole = metadata.read_text()
    metadata.write_text("this is no SQL")
    server.spawn()
    wait_until(lambda: server.answers("/healthz"), "an answer", 60, lambda: server.said)
    assert unready(server)
    assert server.send_events(*events(5)).json["recorded"] == 5
    assert "can't open" in server.said
    metadata.write_text(whole)
    wait_until(lambda: server.ready, "the engine's return", 60, lambda: server.said)
    server.wait_drained()
    assert stored(server) == 8


def test_an_event_store_away_delays_and_loses_nothing(
    new_server: Callable[..., Server], clickhouse: EngineSupervisor
) -> None:
    """With ClickHouse gone, events are acknowledged; when it is back at its address they are there, once."""
    server = new_server(HOLDFAST_EVENTS=address_of(clickhouse)).start()
    assert server.send_events(*events(3)).status == 200
    server.wait_drained()
    clickhouse.stop()
    wait_until(lambda: unready(server), "readyz to tell", 20)
    for _ in range(4):
        assert server.send_events(*events(10)).json["recorded"] == 10
    assert server.pending == 40
    clickhouse.start()
    wait_until(lambda: server.ready, "readyz to be well again", 20)
    server.wait_drained()
    assert stored(server) == 43
    assert server.stop() == 0


def test_a_restart_without_the_event_store_keeps_what_was_acknowledged(
    new_server: Callable[..., Server], clickhouse: EngineSupervisor
) -> None:
    """A server killed while ClickHouse is away starts without it, still has its spool, and moves it later."""
    server = new_server(HOLDFAST_EVENTS=address_of(clickhouse)).start()
    clickhouse.stop()
    assert server.send_events(*events(20), batchId="one").json["recorded"] == 20
    server.kill()
    server.spawn()
    wait_until(lambda: server.answers("/healthz"), "an answer", 60, lambda: server.said)
    assert unready(server)
    clickhouse.start()
    wait_until(lambda: server.ready, "readyz to be well again", 30)
    assert server.send_events(*events(20), batchId="one").json["recorded"] == 20
    server.wait_drained()
    assert stored(server) == 20


def test_a_full_spool_refuses_for_the_time_being(new_server: Callable[..., Server]) -> None:
    """While the engine hangs, the spool fills to its quota, then answers 503 with Retry-After; afterwards all is as before."""
    server = new_server(HOLDFAST_SPOOL_QUOTA_MB="1").start()
    drainer = server.drainer_pid
    assert drainer is not None
    os.kill(drainer, signal.SIGSTOP)
    taken = 0
    while (
        answer := server.send_events(
            *(one | {"metadata": {"noise": os.urandom(2000).hex()}} for one in events(100))
        )
    ).status == 200:
        taken += 100
        assert taken < 10_000, "the quota does not hold"
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["error"]["code"] == "spool_full"
    os.kill(drainer, signal.SIGCONT)
    wait_until(
        lambda: server.send_events(*events(1)).status == 200, "room in the spool", 30, lambda: server.said
    )
    server.wait_drained()
    assert stored(server) == taken + 1
