"""Forwarding to Sentry, against a second Holdfast as the receiver: what arrives, what stays, and that nothing waits for it."""

from pathlib import Path
from typing import Any

import pytest

from .server import Server, wait_until

QUICK = {"HOLDFAST_DRAIN_INTERVAL_MS": "50"}
WHO = "ada.lovelace"
ERROR: dict[str, Any] = {
    "errorType": "TypeError",
    "message": "GET https://api.example.org/orders/8841 failed",
    "page": "https://shop.example.org/orders/8841/pay?token=abc",
    "stack": "TypeError: x\n    at pay (https://shop.example.org/assets/app.js:10:5)",
    "userId": WHO,
    "sessionId": f"session of {WHO}",
    "environment": "production",
    "release": "shop@1.2",
}


def sentry(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.send("GET", "/api/health/extended").json["sentry"]
    return found


def errors(server: Server) -> list[Any]:
    server.wait_drained()
    found: list[Any] = server.send("GET", "/api/errors", key=server.secret_key).json["errors"]
    return found


def rows(server: Server, sql: str) -> list[Any]:
    answer = server.send("POST", "/api/query", {"sql": sql}, key=server.secret_key)
    assert answer.status == 200, (sql, answer, server.said[-2_000:])
    found: list[Any] = answer.json["rows"]
    return found


def test_forwarded(tmp_path: Path) -> None:
    """P9: errors and timings of production arrive, tagged and anonymous; staging stays; nothing comes round again."""
    with Server(tmp_path / "receiver", **QUICK) as receiver:
        receiver.start()
        dsn = f"http://{receiver.public_key}@127.0.0.1:{receiver.port}/1"
        with Server(
            tmp_path / "own", HOLDFAST_FORWARD_DSN=dsn, HOLDFAST_FORWARD_PERFORMANCE_RATE="1", **QUICK
        ) as own:
            own.start()
            assert sentry(own)["status"] == "ok"
            for report in (ERROR, ERROR | {"errorType": "Staging", "environment": "staging"}):
                assert own.send("POST", "/api/errors", report, key=own.public_key).status == 200
            timing = {
                "type": "api_latency",
                "endpoint": "/orders/8841",
                "duration": 120,
                "environment": "production",
            }
            own.send("POST", "/api/telemetry/batch", {"events": [timing]}, key=own.public_key)
            own.wait_drained()
            wait_until(lambda: len(rows(receiver, "SELECT 1 FROM spans")) == 1, "the timing")
            wait_until(lambda: sentry(own)["queued"] == 0, "the queue to be empty")
        [issue] = errors(receiver)
        assert (issue["errorType"], issue["message"]) == (
            "TypeError",
            "GET https://api.example.org/orders/[id] failed",
        )
        assert issue["page"] == "https://shop.example.org/orders/[id]/pay"
        [[tags, exceptions, environment, everything]] = rows(
            receiver,
            "SELECT tags, exceptions, environment, concat(user_id, session_id, context, breadcrumbs) FROM errors",
        )
        assert '"buildId":"shop@1.2"' in tags
        assert environment == "production"
        assert '"function":"pay"' in exceptions
        assert WHO not in everything
        assert rows(receiver, "SELECT name, op, duration_ms FROM spans") == [
            ["/orders/[id]", "api_latency", 120]
        ]


def test_sentry_away(tmp_path: Path) -> None:
    """While Sentry is away errors are taken in and shown as ever, across a kill too; when it comes, all of them arrive once."""
    receiver = Server(tmp_path / "receiver", **QUICK)
    receiver.start()
    dsn_key = receiver.public_key
    receiver.stop()
    with Server(
        tmp_path / "own", HOLDFAST_FORWARD_DSN=f"http://{dsn_key}@127.0.0.1:{receiver.port}/1", **QUICK
    ) as own:
        own.start()
        for number in range(5):
            own.send("POST", "/api/errors", ERROR | {"errorType": f"E{'abcde'[number]}"}, key=own.public_key)
        assert len(errors(own)) == 5
        wait_until(lambda: sentry(own)["status"] == "failing", "the trouble to be said")
        assert sentry(own)["queued"] == 5
        own.kill()
        own.start()
        with receiver:
            receiver.start()
            wait_until(lambda: sentry(own)["queued"] == 0, "the queue to be empty", 60)
            assert [issue["frequency"] for issue in errors(receiver)] == [1] * 5
            assert sentry(own)["status"] == "ok"


@pytest.mark.parametrize("dsn", ["nonsense", "https://host/1", "https://key@host/project"])
def test_a_dsn_that_is_none(tmp_path: Path, dsn: str) -> None:
    """A DSN that nothing could be sent to is refused at start, with the setting's name and an example, and not shown."""
    with Server(tmp_path / "own", HOLDFAST_FORWARD_DSN=dsn) as own:
        assert own.spawn().wait(30) != 0
        assert "HOLDFAST_FORWARD_DSN must look like https://key@host/number" in own.said
        assert dsn not in own.said
