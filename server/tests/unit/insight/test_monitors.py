"""What a monitor's last check-in means by now."""

import json
from typing import Any

import pytest

from holdfast_server.insight.monitors import monitor_of

HOUR = 3_600_000
LAST = 1_795_000_000_000
CONFIG = {
    "schedule": {"type": "interval", "value": 1, "unit": "hour"},
    "checkin_margin": 5,
    "max_runtime": 30,
}


def row(status: str, config: Any = CONFIG, **more: Any) -> dict[str, Any]:
    return {
        "slug": "nightly",
        "environment": "production",
        "status": status,
        "last_ms": str(LAST),
        "last_duration_ms": 12.5,
        "started_ms": "0",
        "ok": "3",
        "failed": "1",
        "config": json.dumps({"config": config}) if config else "",
    } | more


@pytest.mark.parametrize("status", ["ok", "error", "in_progress"])
def test_in_time(status: str) -> None:
    """Before it is due again, a monitor is what it said."""
    found = monitor_of(row(status), LAST + 60_000)
    assert (found.status, found.next_ms, found.ok, found.failed) == (status, LAST + HOUR, 3, 1)


@pytest.mark.parametrize(("late_ms", "expected"), [(4 * 60_000, "ok"), (6 * 60_000, "missed")])
def test_missed_beyond_its_margin(late_ms: int, expected: str) -> None:
    """A job that should have spoken again is missed, once its margin is over."""
    assert monitor_of(row("ok"), LAST + HOUR + late_ms).status == expected


def test_runs_too_long() -> None:
    """A job that began and never ended timed out."""
    assert monitor_of(row("in_progress"), LAST + 31 * 60_000).status == "timeout"


def test_due_by_its_beginning() -> None:
    """A long job's next run counts from when this one began."""
    assert monitor_of(row("ok", started_ms=str(LAST - HOUR // 2)), LAST).next_ms == LAST + HOUR // 2


@pytest.mark.parametrize(
    "config", [None, "x", {"schedule": 7}, {"schedule": {"type": "interval", "value": {}, "unit": []}}]
)
def test_without_a_schedule(config: Any) -> None:
    """Without a schedule that makes sense a monitor is never missed."""
    found = monitor_of(row("ok", config), LAST + 1000 * HOUR)
    assert (found.status, found.next_ms) == ("ok", None)


def test_unknown_word() -> None:
    """A status of the future is shown as unknown."""
    assert monitor_of(row("sleeping", None), LAST).status == "unknown"
