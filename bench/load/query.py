"""Every panel's question at 1 and at 10 million events: p95 of each, and the ratio between the two (target ≤100 ms, ≤1.5).

The events are made inside of the engine over 14 days, day by day, so that the rollups fill as they would in use.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from holdfast_server.event_store.connect import Address, EventStore
from holdfast_server.event_store.engine.config import EngineConfig
from holdfast_server.event_store.engine.supervisor import EngineSupervisor
from holdfast_server.event_store.migrate import migrate
from holdfast_server.event_store.queries import activity, feed, issues, measures, outcomes
from holdfast_server.event_store.queries.feed import Filter
from holdfast_server.event_store.queries.scope import Scope
from holdfast_server.insight import briefing, resilience, usage
from holdfast_server.insight.catalogue import API_TYPES
from holdfast_server.model.window import Window

DAYS = 14
ROUNDS = 20
FILL = """INSERT INTO events (id, project_id, type, at, received_at, page, route, component, action, name, method, status, duration_ms, value, session_id, user_id, environment, release, attributes)
SELECT number + {first}, 1,
  ['page_view', 'api_call', 'user_action', 'performance', 'optimistic_action_start', 'optimistic_action_success', 'optimistic_action_rollback', 'retry_success', 'retry_failure', 'error_boundary_triggered'][1 + rand(1) % 10] AS kind,
  toDateTime64({start}, 3, 'UTC') + rand(2) % 86400 AS moment, moment, concat('/products/', toString(rand(3) % 5000)), '/products/[id]',
  ['PaymentButton', 'VendorInbox', 'Cart', 'Search', 'Calendar'][1 + rand(4) % 5], 'add_to_cart',
  multiIf(kind = 'api_call', concat('GET /api/', toString(rand(5) % 80)), kind = 'performance', ['LCP', 'INP', 'CLS'][1 + rand(6) % 3], kind = 'page_view', concat('/p/', toString(rand(7) % 200)), ''),
  'GET', if(rand(8) % 50 = 0, 500, 200), if(kind = 'api_call', exp(3 + (rand(9) % 1000) / 300), NULL), if(kind = 'performance', rand(10) % 4000, NULL),
  toString(rand(11) % 200000), toString(rand(12) % 50000), ['production', 'staging'][1 + (rand(13) % 10 = 0)], ['2.3.0', '2.3.1', '2.4.0'][1 + rand(14) % 3], '{{"referrer":"/home"}}'
FROM numbers({count}) SETTINGS max_insert_threads = 1, max_partitions_per_insert_block = 0"""
FILL_ERRORS = """INSERT INTO errors (id, project_id, issue_id, at, received_at, error_type, message, severity, session_id, user_id, environment, release, stack)
SELECT number + {first}, 1, lower(hex(MD5(toString(rand(1) % 500)))), toDateTime64({start}, 3, 'UTC') + rand(2) % 86400 AS moment, moment, 'TypeError', 'x is undefined', 'error', toString(rand(3) % 200000), toString(rand(4) % 50000), 'production', '2.4.0', 'at f (app.js:1:1)'
FROM numbers({count})"""


def fill(store: EventStore, total: int, now_s: int) -> None:
    today = now_s // 86_400 * 86_400
    for day in range(DAYS):
        start = today - day * 86_400
        store.command(FILL.format(first=day * total, count=total // DAYS, start=start))
        store.command(FILL_ERRORS.format(first=day * total + total, count=total // DAYS // 100, start=start))


def panels(store: EventStore, now_ms: int) -> dict[str, Callable[[], object]]:
    def scope(seconds: float) -> Scope:
        return Scope(1, Window.last(seconds, now_ms))

    found: dict[str, Callable[[], object]] = {}
    for name, seconds in (("1h", 3600), ("24h", 86_400), ("14d", 14 * 86_400)):
        asked = scope(seconds)
        found |= {
            f"briefing {name}": lambda asked=asked: briefing.brief(store, asked),
            f"rates {name}": lambda asked=asked: resilience.readings(store, asked),
            f"components {name}": lambda asked=asked: resilience.components(store, asked),
            f"summary {name}": lambda asked=asked: usage.get_metrics_summary(store, asked),
            f"over time {name}": lambda asked=asked: activity.series(store, asked, asked.window.step_s()),
            f"latency {name}": lambda asked=asked: usage.get_api_latency_stats(store, asked),
            f"latency over time {name}": lambda asked=asked: measures.series(
                store, asked, API_TYPES, asked.window.step_s()
            ),
            f"pages {name}": lambda asked=asked: measures.by_name(store, asked, ("page_view",), 50),
            f"vitals {name}": lambda asked=asked: measures.by_name(store, asked, ("performance",), 20),
            f"error rate {name}": lambda asked=asked: usage.get_error_rate_timeseries(
                store, asked, asked.window.step_s()
            ),
            f"top errors {name}": lambda asked=asked: issues.top(store, asked),
            f"releases {name}": lambda asked=asked: activity.names(store, asked, "release"),
            f"ledger {name}": lambda asked=asked: outcomes.totals(store, asked),
        }
    found["feed"] = lambda: feed.newest(store, Filter(1), 50, 3600)
    return found


def measure(total: int) -> dict[str, float]:
    """p95 of each panel in ms at `total` events."""
    now_s = int(time.time())
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        password = secrets.token_hex(8)
        engine = EngineSupervisor(
            EngineConfig(
                data_dir=Path(folder) / "events",
                password=password,
                reader_password=secrets.token_hex(8),
                memory_bytes=None,
                database="holdfast",
            )
        )
        engine.start()
        try:
            host, _, port = engine.url.removeprefix("http://").partition(":")
            store = EventStore(Address(host, int(port), "holdfast", password, "holdfast"))
            migrate(store)
            fill(store, total, now_s)
            took: dict[str, list[float]] = {}
            for _ in range(ROUNDS):
                for name, ask in panels(store, now_s * 1000).items():
                    began = time.perf_counter()
                    ask()
                    took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
            store.close()
        finally:
            engine.stop()
    return {name: sorted(times)[len(times) * 95 // 100 - 1] for name, times in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    asked = parser.parse_args()
    small, large = measure(asked.small), measure(asked.large)
    print(
        f"{'panel':<24} {'p95 at ' + format(asked.small, ','):>18} {'p95 at ' + format(asked.large, ','):>20} {'ratio':>7}"
    )
    for name, value in large.items():
        print(f"{name:<24} {small[name]:>15.1f} ms {value:>17.1f} ms {value / small[name]:>7.2f}")
    print(
        f"\nslowest at {asked.large:,}: {max(large.values()):.1f} ms (target ≤100); sum of all panels: {sum(large.values()) / sum(small.values()):.2f} × (target ≤1.5)"
    )


if __name__ == "__main__":
    main()
