"""The server dies by SIGKILL, again and again, under load (acceptance 2)."""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from e2e.promise import check
from e2e.server import Server, alive, wait_until
from e2e.traffic import Traffic

KILLS = 20


@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(
    new_server: Callable[..., Server], record_property: Callable[[str, object], None]
) -> None:
    """Whatever was acknowledged before, between or after twenty SIGKILLs is stored once, and everything derived from it agrees."""
    server = new_server(HOLDFAST_DRAIN_INTERVAL_MS="50").start()
    traffic = Traffic(server).start()
    starts_s: list[float] = []
    under_way = 0
    for _ in range(KILLS):
        time.sleep(random.uniform(0.3, 1.5))
        children = server.children()
        server.kill()
        under_way += block_under_way(server)
        began = time.monotonic()
        server.start()
        starts_s.append(time.monotonic() - began)
        wait_until(lambda: not any(map(alive, children)), "the end of the killed server's children")  # noqa: B023
    time.sleep(0.5)
    traffic.finish()
    server.wait_drained()
    record_property("figures", figures(traffic, starts_s, under_way))
    check(server, traffic)
    assert under_way, "no kill met a block under way: the test proves nothing"


def block_under_way(server: Server) -> bool:
    """Whether the killed server was moving a block into the event store."""
    with closing(sqlite3.connect(server.data / "spool" / "spool.db")) as db:
        return db.execute("SELECT 1 FROM pinned").fetchone() is not None


def figures(traffic: Traffic, starts_s: list[float], under_way: int) -> str:
    unsure = sum(len(account.unsure) for account in traffic.accounts)
    return (
        f"{len(starts_s)} kills ({under_way} in the middle of a block), {traffic.acknowledged} acknowledged, {unsure} unsure, {traffic.attempts} requests, "
        f"{traffic.failures.total()} failed; start {min(starts_s):.1f}–{max(starts_s):.1f} s, seed {traffic.seed}"
    )
