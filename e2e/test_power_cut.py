"""The power fails: what was written but not synced is gone, in the spool, the state store and the event store (acceptance 5)."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from e2e.disk import Image, image
from e2e.promise import check
from e2e.server import Server, end
from e2e.traffic import Traffic

CUTS = 3
LOAD_S = 5.0
NEXT_BOOT = "from holdfast_server import app; app.boot_id = lambda: 'boot {cut}'"
"""A cut is followed by a boot; this machine goes on, so the server is told of one."""


@pytest.fixture
def disk() -> Iterator[Image]:
    with image(1024) as made:
        yield made


@pytest.mark.slow
def test_a_power_cut_loses_nothing_acknowledged(
    disk: Image, new_server: Callable[..., Server], record_property: Callable[[str, object], None]
) -> None:
    """After each of three power cuts under load the folder opens again, and in the end every acknowledged event is stored once."""
    server = new_server(
        disk.mounted_at / "data", HOLDFAST_DRAIN_INTERVAL_MS="50", HOLDFAST_DISK_RESERVE_MB="16"
    )
    server.log = disk.file.with_suffix(".log")
    server.before = NEXT_BOOT.format(cut="first")
    server.start()
    traffic = Traffic(server).start()
    under_way = 0
    for cut in range(CUTS):
        time.sleep(LOAD_S)
        under_way += cut_the_power(server, disk)
        server.before = NEXT_BOOT.format(cut=cut)
        server.start()
    time.sleep(1)
    traffic.finish()
    server.wait_drained()
    record_property(
        "figures",
        f"{CUTS} power cuts ({under_way} in the middle of a block), {traffic.acknowledged} acknowledged, {traffic.attempts} requests, seed {traffic.seed}",
    )
    check(server, traffic)
    server.stop()


def cut_the_power(server: Server, disk: Image) -> bool:
    """Freeze every process so that the copy is of one moment, take the disk as it is, and let the server fall.

    Returns whether a block was being moved at that moment.
    """
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    children = server.children()
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    copied = disk.copy()
    server.kill()
    for pid in children:
        end(pid)
    disk.replace_by(copied)
    with closing(sqlite3.connect(server.data / "spool" / "spool.db")) as db:
        return db.execute("SELECT 1 FROM pinned").fetchone() is not None
