"""Holds a server to what it acknowledged: every fact once, rollups, issues and the ledger in step with the facts."""

from collections import Counter
from typing import Any

from e2e.server import Server
from e2e.traffic import Traffic

RESOLUTIONS = ("5m", "1h", "1d")
PAGE = 100_000


def check(server: Server, *traffics: Traffic) -> None:
    """All of the promises at once, on a server whose spool is empty."""
    accounts = [account for traffic in traffics for account in traffic.accounts]
    stored = numbers(server)
    once(
        stored,
        set().union(*(account.acknowledged for account in accounts)),
        set().union(*(account.unsure for account in accounts)),
        "events",
    )
    errors = sessions_of_errors(server)
    once(
        errors,
        set().union(*(account.errors for account in accounts)),
        set().union(*(account.unsure_errors for account in accounts)),
        "errors",
    )
    rollups_equal_facts(server)
    issues_equal_occurrences(server, sum((account.frequency for account in accounts), Counter()))
    ledger_equals_facts(server, stored.total(), errors.total())


def once(stored: "Counter[Any]", acknowledged: set[Any], unsure: set[Any], what: str) -> None:
    missing = acknowledged - stored.keys()
    assert not missing, (
        f"{len(missing)} of {len(acknowledged)} acknowledged {what} are lost, for example {sorted(missing)[:5]}"
    )
    twice = [one for one, times in stored.items() if times > 1]
    assert not twice, f"{len(twice)} {what} are there more than once, for example {sorted(twice)[:5]}"
    foreign = stored.keys() - acknowledged - unsure
    assert not foreign, f"{len(foreign)} {what} that nobody sent"


def numbers(server: Server) -> "Counter[int]":
    """How often each numbered event is stored."""
    total = int(server.ask("SELECT count() FROM events")[0][0])
    found: Counter[int] = Counter()
    for low in range(0, total, PAGE):
        rows = server.ask(
            f"SELECT groupArray(number) FROM (SELECT toUInt64(value) AS number FROM events ORDER BY number, id LIMIT {PAGE} OFFSET {low})"
        )
        found.update(map(int, rows[0][0]))
    assert found.total() == total
    return found


def sessions_of_errors(server: Server) -> "Counter[str]":
    return Counter(server.ask("SELECT groupArray(session_id) FROM errors")[0][0])


def rollups_equal_facts(server: Server) -> None:
    """Every rollup, at every resolution, by the day: counts, failures, sums."""
    raw = table(
        server,
        "SELECT toDate(at) AS day, type, component, count(), countIf(status >= 500) FROM events GROUP BY day, type, component",
    )
    raw |= table(
        server,
        "SELECT toDate(at) AS day, 'error', component, count(), count() FROM errors GROUP BY day, component",
    )
    measured = table(
        server,
        "SELECT toDate(at) AS day, type, name, count(), countIf(status >= 500), sum(value) FROM events WHERE name != '' GROUP BY day, type, name",
    )
    for step in RESOLUTIONS:
        kept = table(
            server,
            f"SELECT toDate(at) AS day, type, component, sum(n), sum(failed) FROM activity_{step} GROUP BY day, type, component",
        )
        differ(raw, kept, f"activity_{step}")
        kept = table(
            server,
            f"SELECT toDate(at) AS day, type, name, sum(n), sum(failed), sum(total) FROM measures_{step} GROUP BY day, type, name",
        )
        differ(measured, kept, f"measures_{step}")
    occurrences = table(
        server, "SELECT toDate(at) AS day, issue_id, '', count() FROM errors GROUP BY day, issue_id"
    )
    for step in RESOLUTIONS[1:]:
        differ(
            occurrences,
            table(
                server,
                f"SELECT toDate(at) AS day, issue_id, '', sum(n) FROM issues_{step} GROUP BY day, issue_id",
            ),
            f"issues_{step}",
        )


def table(server: Server, sql: str) -> dict[tuple[str, str, str], tuple[int, ...]]:
    return {
        (row[0], row[1], row[2]): tuple(round(float(number)) for number in row[3:]) for row in server.ask(sql)
    }


def differ(facts: dict[Any, Any], kept: dict[Any, Any], name: str) -> None:
    wrong = {
        key: (facts.get(key), kept.get(key))
        for key in facts.keys() | kept.keys()
        if facts.get(key) != kept.get(key)
    }
    assert not wrong, (
        f"{name} differs from the facts in {len(wrong)} of {len(facts)} groups, (fact, rollup): {dict(list(wrong.items())[:5])}"
    )


def issues_equal_occurrences(server: Server, acknowledged: "Counter[str]") -> None:
    """GET /api/errors counts what is in the occurrences; what the client was told is in there."""
    listed = {issue["id"]: issue["frequency"] for issue in server.get("/api/errors?limit=200")["errors"]}
    stored = {
        row[0]: int(row[1]) for row in server.ask("SELECT issue_id, count() FROM errors GROUP BY issue_id")
    }
    assert listed == stored
    assert acknowledged <= Counter(stored)


def ledger_equals_facts(server: Server, events: int, errors: int) -> None:
    rows = server.ask(
        "SELECT category, sum(quantity) FROM outcomes WHERE outcome = 'accepted' GROUP BY category"
    )
    assert {row[0]: int(row[1]) for row in rows} == {
        name: count for name, count in (("event", events), ("error", errors)) if count
    }
