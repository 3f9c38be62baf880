"""When a scheduled job is due: crontab expressions and intervals, as monitors write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
UNIT_S = {
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
PART = re.compile(r"(?P<first>\*|[0-7]|[a-z]{3})(?:-(?P<last>[0-7]|[a-z]{3}))?(?:/(?P<step>[0-9]{1,2}))?")
LONGEST = 200
MAX_INTERVAL = 1_000
YEARS_AHEAD = 8
"""29 February may be so far away; 31 February would be looked for until the year 9999."""


@dataclass(frozen=True)
class Schedule:
    """`kind` is crontab or interval; `unit` belongs to the interval."""

    kind: str
    value: str
    unit: str = ""
    timezone: str = "UTC"

    def next_after(self, at_ms: int) -> int | None:
        """When the job is due after `at_ms`; None for a schedule that can't be understood."""
        try:
            if self.kind == "interval":
                return at_ms + min(max(1, int(self.value)), MAX_INTERVAL) * UNIT_S[self.unit] * 1000
            return _after(self.value, self.timezone, at_ms)
        except (ValueError, KeyError, OverflowError, ZoneInfoNotFoundError):
            return None


def schedule_of(config: Any) -> Schedule | None:
    """Out of a monitor's configuration, as clients send it."""
    sent = config.get("schedule") if isinstance(config, dict) else None
    if not isinstance(sent, dict) or sent.get("type") not in ("crontab", "interval"):
        return None
    zone = config.get("timezone")
    return Schedule(
        sent["type"],
        str(sent.get("value", ""))[:LONGEST],
        str(sent.get("unit", ""))[:LONGEST],
        str(zone)[:LONGEST] if zone else "UTC",
    )


def _after(expression: str, timezone: str, at_ms: int) -> int | None:
    fields = MACROS.get(expression.strip().lower(), expression).lower().split()
    if len(fields) != 5:
        raise ValueError("a crontab expression has five fields")
    zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
    minute, hour, day, month, weekday = fields
    # As cron has it, one of the two is enough when both are narrowed.
    pairs = [(day, "*"), ("*", weekday)] if day != "*" and weekday != "*" else [(day, weekday)]
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone) + timedelta(milliseconds=1)
    years = f"{moment.year}-{moment.year + YEARS_AHEAD}"
    found = [
        CronTrigger(
            year=years,
            minute=minute,
            hour=hour,
            day=each,
            month=month,
            day_of_week=_weekdays(names),
            timezone=zone,
        ).get_next_fire_time(None, moment)
        for each, names in pairs
    ]
    times = [round(time.timestamp() * 1000) for time in found if time is not None]
    return min(times, default=None)


def _weekdays(field: str) -> str:
    """Names instead of numbers: cron begins to count with Sunday, the scheduler with Monday."""
    if field == "*":
        return field
    chosen: list[int] = []
    for part in field.split(","):
        found = PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} names no weekdays")
        step = int(found["step"] or 1)
        if found["first"] == "*":
            first, last = 0, 6
        else:
            first = _number(found["first"])
            last = _number(found["last"]) if found["last"] else (6 if found["step"] else first)
        last += 7 if last < first else 0
        chosen += range(first, last + 1, max(1, step))
    return ",".join(DAYS[number % 7] for number in chosen)


def _number(name: str) -> int:
    return int(name) if name.isdigit() else DAYS.index(name)
