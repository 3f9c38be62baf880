"""SIGKILL under load: with deduplication tokens and a materialized view, retries make both exact."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast_server.event_store.engine import EngineConfig, EngineSupervisor

from .conftest import DURABLE, Http

KILLS = 6
ROWS = 400


@pytest.fixture
def victim(tmp_path: Path, engine_config: Callable[[Path], EngineConfig]) -> Iterator[EngineSupervisor]:
    supervisor = EngineSupervisor(engine_config(tmp_path))
    supervisor.start()
    yield supervisor
    supervisor.stop()


def insert_until_accepted(ask: Http, block: int) -> None:
    """What the drainer does: the same block with the same token until it is acknowledged. Blocks span several days."""
    rows = "".join(f'[{block}, {row}, "2026-11-{1 + row % 4:02d} 10:00:00"]\n' for row in range(ROWS))
    body = f"INSERT INTO facts (block, row, at) FORMAT JSONCompactEachRow\n{rows}"
    while True:
        try:
            answer = ask(
                body,
                insert_deduplication_token=f"block {block}",
                deduplicate_blocks_in_dependent_materialized_views=1,
            )
        except OSError:
            time.sleep(0.01)
            continue
        if answer.status == 200:
            return
        assert answer.status >= 500, answer.body


def test_nothing_is_lost_or_doubled(victim: EngineSupervisor) -> None:
    """After random kills under inserts, base == view == what was acknowledged."""
    ask = Http(victim.config.port)
    ask.text(
        f"CREATE TABLE facts (block UInt32, row UInt32, at DateTime) ENGINE = MergeTree PARTITION BY toDate(at) ORDER BY (block, row) SETTINGS {DURABLE}"
    )
    ask.text(
        f"CREATE TABLE sums (block UInt32, n UInt64) ENGINE = SummingMergeTree ORDER BY block SETTINGS {DURABLE}"
    )
    ask.text(
        "CREATE MATERIALIZED VIEW into_sums TO sums AS SELECT block, count() AS n FROM facts GROUP BY block"
    )
    done = threading.Event()
    blocks = 0

    def write() -> None:
        nonlocal blocks
        while not done.is_set():
            insert_until_accepted(ask, blocks)
            blocks += 1

    writer = threading.Thread(target=write)
    writer.start()
    chance = random.Random(7)
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.15, 0.5))
        pid = victim.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        while victim.state.restarts <= kill or victim.state.phase != "up":
            time.sleep(0.02)
    done.set()
    writer.join(30)
    assert blocks > KILLS
    assert ask.text("SELECT count(), uniqExact(block, row) FROM facts") == f"{blocks * ROWS}\t{blocks * ROWS}"
    assert ask.text("SELECT sum(n), uniqExact(block) FROM sums") == f"{blocks * ROWS}\t{blocks}"
