"""The children die by SIGKILL, again and again, while the server lives: the engine (acceptance 4) and the drainer."""

import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from e2e.promise import check
from e2e.server import Server, wait_until
from e2e.traffic import Traffic

KILLS = 20
RESTART_AT_ONCE = """
from holdfast_server.event_store.engine import supervisor
from holdfast_server.ingest import drain_process
supervisor.BACK_OFF_S, drain_process.MAX_BACKOFF_S = (0.0,), 0.2
"""
"""The growing pauses between restarts are other tests' matter; here they would only make this one long."""


@pytest.mark.slow
def test_twenty_engine_deaths_stop_no_acknowledgement(
    new_server: Callable[..., Server], record_property: Callable[[str, object], None]
) -> None:
    """While the engine is killed twenty times and the drainer ten, every request is answered with success; in the end all agrees."""
    server = new_server(before=RESTART_AT_ONCE, HOLDFAST_DRAIN_INTERVAL_MS="50").start()
    traffic = Traffic(server, pause_s=0.02).start()
    last = None
    for turn in range(KILLS):
        last = new_engine(server, last)
        time.sleep(random.uniform(0.1, 1.0))
        drainer = server.drainer_pid
        if turn % 2 and drainer is not None:
            os.kill(drainer, signal.SIGKILL)
        os.kill(last, signal.SIGKILL)
    new_engine(server, last)
    traffic.finish()
    server.wait_drained()
    record_property(
        "figures",
        f"{KILLS} kills, {traffic.acknowledged} acknowledged, {traffic.attempts} requests, seed {traffic.seed}",
    )
    assert not traffic.failures
    assert server.get("/api/health/extended")["engine"]["restarts"] == KILLS
    check(server, traffic)


def new_engine(server: Server, last: int | None) -> int:
    """The pid of an engine that is up and is not `last`."""

    def up() -> bool:
        return server.engine_pid not in (None, last) and bool(
            server.get("/api/health/extended")["engine"]["state"] == "up"
        )

    wait_until(up, "the engine's return", 60, lambda: server.said)
    found = server.engine_pid
    assert found is not None
    return found
