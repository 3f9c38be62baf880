"""The health report's judgement: latency against document P's targets, the worst part, what works although it is slow."""

import pytest

from holdfast_server.errors import StoreAway
from holdfast_server.health.report import Check, memory, probe, uptime, worst


@pytest.mark.parametrize(
    ("took_ms", "status"),
    [(1, "healthy"), (50, "healthy"), (50.1, "degraded"), (100, "degraded"), (100.1, "critical")],
)
def test_latency_targets(took_ms: float, status: str) -> None:
    """P: below 50 ms is the target, up to 100 a warning, beyond critical; a slow part still works."""
    check = probe(lambda: took_ms)
    assert (check.status, check.latency_ms, check.works) == (status, took_ms, True)


def test_no_answer() -> None:
    """A part that does not answer is critical, does not work, and says why."""

    def away() -> float:
        raise StoreAway("event store", "refused")

    check = probe(away)
    assert (check.status, check.latency_ms, check.works) == ("critical", None, False)
    assert "refused" in check.message


def test_worst_part_speaks_for_all() -> None:
    """The whole is as well as its worst part; critical is called unhealthy."""
    parts = [Check("healthy", 1), Check("degraded", 60)]
    assert worst(parts) == "degraded"
    assert worst([*parts, Check("critical", None)]) == "unhealthy"
    assert worst(parts[:1]) == "healthy"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0h 0m 0s"), (59.9, "0h 0m 59s"), (86_400, "24h 0m 0s"), (3661, "1h 1m 1s")]
)
def test_uptime(seconds: float, shown: str) -> None:
    """P: uptime in whole hours, whole minutes, and as text."""
    found = uptime(seconds)
    assert found == {"hours": int(seconds) // 3600, "minutes": int(seconds) // 60, "formatted": shown}


def test_memory_of_a_process_that_is_gone() -> None:
    """An engine that has just died has no memory, and the report goes on."""
    assert memory(2**22 + 1)["engineRssMB"] == 0
    assert memory(None)["rssMB"] >= 0
