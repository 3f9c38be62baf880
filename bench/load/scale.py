"""A data folder as it is after a year of use: a million occurrences in ten thousand issues, made inside of the stores."""

import hashlib
import secrets
import time
from pathlib import Path

from holdfast_server.event_store.connect import Address, EventStore
from holdfast_server.event_store.engine.config import EngineConfig
from holdfast_server.event_store.engine.supervisor import EngineSupervisor
from holdfast_server.event_store.migrate import migrate
from holdfast_server.model.issue import IssueDelta
from holdfast_server.state_store import issues as issue_store
from holdfast_server.state_store.connect import StateStore

DAYS = 30
DAY_S = 86_400
FILL = """INSERT INTO errors (id, project_id, issue_id, fingerprint_version, at, received_at, error_type, message, culprit, severity, session_id, user_id, environment, release, event_id, stack, tags)
SELECT number + {first}, 1, lower(hex(MD5(toString(rand(1) % {issues})))), 2,
  toDateTime64({start}, 3, 'UTC') + rand(2) % 86400 AS moment, moment, 'TypeError', 'x is undefined', 'shop/cart in pay', 'error',
  toString(rand(3) % 200000), toString(rand(4) % 50000), ['production', 'staging'][1 + (rand(5) % 10 = 0)], ['2.3.0', '2.3.1', '2.4.0'][1 + rand(6) % 3],
  lower(hex(MD5(toString(number + {first})))), 'at pay (app.js:1:1)', '{{"region":"eu"}}'
FROM numbers({count})"""


def fill_issues(data: Path, *, occurrences: int, issues: int) -> None:
    """Fill the stores of a stopped server. The folder must have been used by a server once, so that project 1 is there."""
    now_s = int(time.time())
    fill_state(data, issues, occurrences // issues, now_s)
    password = secrets.token_hex(8)
    config = EngineConfig(
        data_dir=data.resolve() / "events",
        password=password,
        reader_password=secrets.token_hex(8),
        memory_bytes=None,
        database="holdfast",
    )
    engine = EngineSupervisor(config)
    engine.start()
    try:
        host, _, port = engine.url.removeprefix("http://").partition(":")
        store = EventStore(Address(host, int(port), "holdfast", password, "holdfast"))
        migrate(store)
        each = occurrences // DAYS
        for day in range(DAYS):
            start = now_s // DAY_S * DAY_S - day * DAY_S - DAY_S // 2
            store.command(FILL.format(first=day * each, count=each, start=start, issues=issues))
        store.close()
    finally:
        engine.stop()


def fill_state(data: Path, issues: int, each: int, now_s: int) -> None:
    store = StateStore.open(f"sqlite:///{data.resolve() / 'state.db'}")
    try:
        deltas = [delta(number, each, now_s) for number in range(issues)]
        for start in range(0, issues, 2_000):
            issue_store.apply(store, "bench", start + 1, deltas[start : start + 2_000])
    finally:
        store.close()


def delta(number: int, each: int, now_s: int) -> IssueDelta:
    last = (now_s - number * 240) * 1000
    place = ("cart", "checkout", "orders", "search", "account")[number % 5]
    return IssueDelta(
        issue_id=hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest(),
        project_id=1,
        fingerprint_version=2,
        error_type=("TypeError", "KeyError", "TimeoutError")[number % 3],
        message=f"order {number} can't be read",
        culprit=f"shop/{place} in {place}_{number}",
        severity=("error", "warning", "critical", "info")[number % 4],
        count=each,
        first_seen_ms=last - DAYS * DAY_S * 1000,
        last_seen_ms=last,
        release="2.4.0",
        environment="production",
        sample="{}",
        first_release="2.3.0",
    )
