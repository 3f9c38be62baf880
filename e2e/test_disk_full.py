"""The data disk is full: a clear refusal for the time being, nothing half-written, recovery by itself."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from e2e.disk import small_disk
from e2e.promise import check
from e2e.server import Server, wait_until
from e2e.traffic import Traffic

DISK_MB = 400


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_MB) as folder:
        yield folder


def fill(disk: Path, leave_bytes: int) -> Path:
    """A file that takes all space but so much, while others write too."""
    ballast = disk / "ballast"
    space = os.statvfs(disk)
    left = space.f_bavail * space.f_frsize - leave_bytes
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while left > 0:
            left -= file.write(b"0" * min(1 << 20, left))
        while not leave_bytes:
            file.write(b"0" * 4096)
    return ballast


def event() -> dict[str, Any]:
    return {"type": "page_view", "page": "/"}


def test_below_the_reserve_nothing_more_is_taken_in(disk: Path, new_server: Callable[..., Server]) -> None:
    """With less free space than the reserve, batches get 503 with Retry-After and a hint; with space again they are taken."""
    server = new_server(disk / "data", HOLDFAST_DISK_RESERVE_MB="50").start()
    assert server.send_events(event()).status == 200
    ballast = fill(disk, 20 << 20)
    wait_until(lambda: server.send_events(event()).status == 503, "the disk to be seen as full", 5)
    answer = server.send_events(event())
    assert (answer.status, answer.json["error"]["code"]) == (503, "spool_full")
    assert int(answer.headers["retry-after"]) > 0
    ballast.unlink()
    wait_until(lambda: server.send_events(event()).status == 200, "space to be seen", 5)


@pytest.mark.slow
def test_a_disk_without_a_free_byte_loses_and_doubles_nothing(
    disk: Path, new_server: Callable[..., Server]
) -> None:
    """Even without a reserve a full disk only delays: what was acknowledged around it is stored once, and all agrees."""
    server = new_server(disk / "data", HOLDFAST_DISK_RESERVE_MB="0", HOLDFAST_DRAIN_INTERVAL_MS="50").start()
    traffic = Traffic(server, senders=2, days=2).start()
    for _ in range(2):
        wait_until(lambda: server.pending > 0, "traffic")
        ballast = fill(disk, 0)
        refused = traffic.failures.total()
        wait_until(lambda before=refused: traffic.failures.total() > before, "a refusal", 20)
        ballast.unlink()
        taken = traffic.acknowledged
        wait_until(
            lambda before=taken: traffic.acknowledged > before, "an acknowledgement", 30, lambda: server.said
        )
    traffic.finish()
    server.wait_drained()
    assert all(reason.startswith("503") for reason in traffic.failures), traffic.failures
    check(server, traffic)
