"""Starting and stopping: what is refused is refused with a clear sentence and exit code 1; stopping loses nothing."""

import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from e2e.promise import check
from e2e.server import Server, alive
from e2e.traffic import Traffic

from holdfast_server.event_store.connect import Address, EventStore
from holdfast_server.event_store.engine.config import EngineConfig
from holdfast_server.event_store.engine.supervisor import EngineSupervisor

DAY_MS = 86_400_000
DAYS = 110


def refusal(server: Server) -> str:
    """What a server that can't start says, on one line, without what earlier runs said."""
    before = len(server.said)
    assert server.spawn().wait(60) == 1, server.said
    said = server.said[before:]
    assert "Traceback" not in said, said
    assert "holdfast:" in said
    return " ".join(said.split())


def test_sigterm_under_load_stops_cleanly(server: Server) -> None:
    """SIGTERM while events pour in: exit code 0 within seconds, no child left, and every acknowledgement kept."""
    traffic = Traffic(server).start()
    for _ in range(2):
        time.sleep(1)
        children = server.children()
        assert server.stop(timeout_s=15) == 0
        assert not any(map(alive, children))
        assert "Traceback" not in server.said, server.said
        server.start()
    traffic.finish()
    server.wait_drained()
    check(server, traffic)


def test_a_second_server_on_the_same_folder_is_refused(
    server: Server, new_server: Callable[..., Server]
) -> None:
    """It says which process uses the folder and what to do, and leaves the first one alone."""
    said = refusal(new_server(server.data))
    assert server.process is not None
    assert f"another Holdfast server (process {server.process.pid}) uses the data folder" in said
    assert "--data" in said
    assert server.ready


def test_a_port_in_use_is_refused(new_server: Callable[..., Server]) -> None:
    """It names the address and the option that changes it, and leaves no child behind."""
    server = new_server()
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        said = refusal(server)
    assert f"127.0.0.1:{server.port}" in said
    assert "--port" in said
    server.start()


def test_another_holdfasts_port_is_refused(new_server: Callable[..., Server]) -> None:
    """Two servers never share a port: each would get half of the requests."""
    first = new_server().start()
    second = new_server()
    second.port = first.port
    said = refusal(second)
    assert f"127.0.0.1:{first.port}" in said
    assert "--port" in said


def test_an_event_store_of_a_newer_version_is_refused(new_server: Callable[..., Server]) -> None:
    """A downgrade would misread what the newer version wrote: it is refused, naming both schemas."""
    server = new_server().start()
    server.stop()
    engine = EngineSupervisor(EngineConfig(server.data / "events", "writer", "reader"))
    engine.start()
    store = EventStore(Address("127.0.0.1", engine.config.port, "holdfast", "writer", "holdfast"))
    store.command("INSERT INTO holdfast.schema_versions (number, name) VALUES (9999, 'of the future')")
    store.close()
    engine.stop()
    said = refusal(server)
    assert "the event store has schema 9999" in said
    assert "newer version" in said


def test_a_state_store_of_a_newer_version_is_refused(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    server.stop()
    with closing(sqlite3.connect(server.data / "state.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = 'v9999'")
    assert "newer" in refusal(server)


def test_a_spool_of_a_newer_version_is_refused(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    server.stop()
    with closing(sqlite3.connect(server.data / "spool" / "spool.db")) as db, db:
        db.execute("UPDATE about SET value = '99' WHERE key = 'format'")
    assert "the spool has format 99" in refusal(server)


def test_a_damaged_spool_is_refused_at_the_start(new_server: Callable[..., Server]) -> None:
    """It may hold acknowledged events: it is neither emptied nor replaced."""
    server = new_server().start()
    server.stop()
    file = server.data / "spool" / "spool.db"
    for beside in file.parent.glob("spool.db-*"):
        beside.unlink()
    file.write_bytes(b"this is no database" * 1000)
    assert "the spool" in refusal(server)
    assert file.read_bytes().startswith(b"this is no database")


@pytest.mark.slow
def test_a_block_of_more_than_a_hundred_days_is_moved(new_server: Callable[..., Server]) -> None:
    """More partitions than ClickHouse takes in one insert (100) do not stop the drainer."""
    server = new_server(
        HOLDFAST_MAX_EVENT_AGE_DAYS="3650", HOLDFAST_EVENTS_DAYS="3650", HOLDFAST_DRAIN_INTERVAL_MS="1000"
    ).start()
    now_ms = round(time.time() * 1000)
    events = [
        {"type": "page_view", "timestamp": now_ms - day * DAY_MS, "sessionId": str(day)}
        for day in range(DAYS)
    ]
    assert server.send("POST", "/api/v1/events", {"events": events}).json["recorded"] == DAYS
    server.wait_drained(120)
    assert numbers(server, "SELECT count(), uniqExact(toDate(at)), uniqExact(session_id) FROM events") == [
        DAYS,
        DAYS,
        DAYS,
    ]
    assert numbers(server, "SELECT sum(n), uniqExact(toDate(at)) FROM activity_1d") == [DAYS, DAYS]


def numbers(server: Server, sql: str) -> list[int]:
    """The first row's."""
    return [int(number) for number in server.ask(sql)[0]]


def test_a_poisonous_entry_is_set_aside_and_the_queue_goes_on(server: Server) -> None:
    """An entry that can't be read any more is kept in a file, counted as invalid, and stops nobody behind it."""
    drainer = server.drainer_pid
    assert drainer is not None
    os.kill(drainer, signal.SIGSTOP)
    for name in ("before", "broken", "behind"):
        server.send_events(*({"type": "page_view", "sessionId": name} for _ in range(5)))
    with closing(sqlite3.connect(server.data / "spool" / "spool.db")) as db, db:
        (_, broken, _) = [
            row[0] for row in db.execute("SELECT seq FROM entries WHERE count = 5 ORDER BY seq")
        ]
        db.execute("UPDATE entries SET body = x'00112233' WHERE seq = ?", (broken,))
    os.kill(drainer, signal.SIGCONT)
    server.wait_drained()
    assert {row[0] for row in server.ask("SELECT DISTINCT session_id FROM events")} == {"before", "behind"}
    ledger = {
        (row[0], row[1]): int(row[2])
        for row in server.ask("SELECT outcome, reason, sum(quantity) FROM outcomes GROUP BY outcome, reason")
    }
    assert ledger == {("accepted", ""): 10, ("invalid", "set_aside"): 5}
    assert set_aside(server.data) == {f"{broken}.txt", f"{broken}.lz4"}


def set_aside(data: Path) -> set[str]:
    return {path.name for path in (data / "spool" / "set-aside").iterdir()}
