"""When a monitor's job is due, by what its client wrote."""

from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast_server.insight.schedules import Schedule, schedule_of

NOW = datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC)  # a Saturday
NOW_MS = round(NOW.timestamp() * 1000)


def due(expression: str, timezone: str = "UTC") -> str | None:
    found = Schedule("crontab", expression, timezone=timezone).next_after(NOW_MS)
    return None if found is None else datetime.fromtimestamp(found / 1000, UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/5 * * * *", "2026-11-21 02:05"),
        ("0 3 * * *", "2026-11-21 03:00"),
        ("0 0 * * 0", "2026-11-22 00:00"),
        ("0 0 * * 7", "2026-11-22 00:00"),
        ("0 0 * * SUN", "2026-11-22 00:00"),
        ("0 9 * * 1-5", "2026-11-23 09:00"),
        ("0 0 * * 5-1", "2026-11-22 00:00"),
        ("@daily", "2026-11-22 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
    ],
)
def test_crontab(expression: str, expected: str) -> None:
    """A crontab expression is read as cron reads it: Sunday is 0 and 7."""
    assert due(expression) == expected


def test_day_or_weekday() -> None:
    """When day and weekday are both narrowed, one of them is enough."""
    assert due("0 0 1 * 1") == "2026-11-23 00:00"


def test_time_zone() -> None:
    """Hours are those of the monitor's time zone."""
    assert due("0 5 * * *", "Europe/Berlin") == "2026-11-21 04:00"


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "x * * * *", "59 23 31 2 *", "*/0 * * * *", "0 0 * * 9", "🙂"]
)
def test_no_time(expression: str) -> None:
    """An expression that can't be understood, or never comes, has no next time."""
    assert due(expression) is None


@pytest.mark.parametrize("zone", ["No/Where", "../../etc/passwd", "/etc/passwd", "\x00"])
def test_no_such_zone(zone: str) -> None:
    """A time zone that does not exist gives no time either."""
    assert due("0 5 * * *", zone) is None


def test_interval() -> None:
    """An interval counts from the last time."""
    assert Schedule("interval", "2", "hour").next_after(NOW_MS) == NOW_MS + 7_200_000
    assert Schedule("interval", "x", "hour").next_after(NOW_MS) is None
    assert Schedule("interval", "1", "eon").next_after(NOW_MS) is None


@pytest.mark.parametrize("config", [None, {}, [], {"schedule": "0 3 * * *"}, {"schedule": {"type": "moon"}}])
def test_without_schedule(config: Any) -> None:
    """A monitor need not say when it is due."""
    assert schedule_of(config) is None
