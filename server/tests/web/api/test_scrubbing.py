"""Acceptance 8: what is personal never reaches the spool's files nor any answer, whichever path and place it was sent in."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
from e2e.server import Server
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .conftest import Tenant, new_tenant

MARKS = count(1)
DIGITS = st.text("0123456789", min_size=6, max_size=6)
WORDS = st.text("ghkmnpqrtvwxyz", min_size=10, max_size=14)
CARDS = [
    "4242424242424242",
    "4242 4242 4242 4242",
    "5555-5555-5555-4444",
    "378282246310005",
    "6011111111111117",
]
LISTED = [
    "password",
    "apiKey",
    "api_key",
    "access_token",
    "Secret",
    "creditCard",
    "user-email",
    "ssn",
    "authorization",
    "otp",
    "cvv",
]


@st.composite
def personal(draw: st.DrawFn) -> str:
    """One piece of personal data, recognisable by what is random in it."""
    mark, digits = draw(WORDS), draw(DIGITS)
    return draw(
        st.sampled_from(
            [
                f"{mark}@example.com",
                f"{mark}.o'brien+{digits}@mail.example.co.uk",
                f"7{digits[:2]}-{digits[2:4]}-9{digits[3:6]}",
                f"(2{digits[:2]}) 5{digits[2:4]}-1{digits[3:6]}",
                f"+49 30 {digits}77",
                f"+1 2{digits[:2]} 5{digits[2:4]} 1{digits[3:6]}",
            ]
        )
        | st.sampled_from(CARDS)
    )


PLAIN = st.sampled_from(
    [
        1_790_000_000_123,
        "3f0c1b6e-7b1d-4a55-9c1e-0d5c6a8b9e10",
        "ORD-2026-000123456",
        "192.168.17.4",
        "2026-11-20T10:00:00.123Z",
        0.25,
        True,
    ]
)


def escaped(text: str) -> str:
    """The same JSON text with every character as an escape."""
    return "".join(f"\\u{ord(char):04x}" for char in text)


@st.composite
def free(draw: st.DrawFn, secret: str) -> Any:
    """Free data with the secret somewhere in it, nested and in lists, as a value, as a key, inside a sentence."""
    value: Any = draw(
        st.sampled_from(
            [
                secret,
                f"call {secret} now",
                [1, secret],
                {"deep": {"er": [secret]}},
                {secret: 1},
                {f"x {secret}": "y"},
                json.dumps({"inner": secret}),
            ]
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        value = draw(st.sampled_from([{"a": value}, [value, 1], {"b": [value]}]))
    return {"in": value, "kept": draw(PLAIN)}


FIELDS = [
    "page",
    "action",
    "component",
    "name",
    "endpoint",
    "sessionId",
    "userId",
    "anonymousId",
    "region",
    "environment",
    "release",
    "platform",
    "userAgent",
    "unknown_field",
]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, str], list[str]]:
    """A path, a body, headers, and the secrets that are hidden in them."""
    secrets = [draw(personal()) for _ in range(3)]
    path = draw(
        st.sampled_from(
            [
                "/api/telemetry",
                "/api/telemetry/batch",
                "/api/telemetry/resilience",
                "/api/errors",
                "/api/v1/events",
            ]
        )
    )
    listed = f"hunter{draw(WORDS)}"
    meta = draw(free(secrets[0])) | {
        draw(st.sampled_from(LISTED)): draw(st.sampled_from([listed, [listed], {"v": listed}]))
    }
    fields = {draw(st.sampled_from(FIELDS)): secrets[1] for _ in range(2)}
    headers = {
        draw(st.sampled_from(["User-Agent", "CF-IPCountry", "Idempotency-Key", "Referer"])): secrets[2]
    }
    if path == "/api/errors":
        error = {
            "errorType": f"E{next(MARKS)}",
            "message": f"failed for {secrets[0]}",
            "stack": f"at f ({secrets[1]}:1:2)",
            "breadcrumbs": [meta],
            "metadata": meta,
        }
        return path, error | fields, headers, [*secrets, listed]
    event = {"type": "t", "metadata": meta, "data": draw(free(secrets[2]))} | fields
    error = {"type": "error", "name": "E", "metadata": meta | {"message": secrets[1]}}
    typed = {"type": secrets[0]} if draw(st.booleans()) else {"type": "plain"}
    body: dict[str, Any] = {
        "events": [event, typed, error, {"type": 5, "page": secrets[0]}],
        "batchId": f"{next(MARKS)} {secrets[2]}",
    }
    body["dropped"] = [
        {
            "reason": draw(st.sampled_from([secrets[2], f"x.{secrets[2]}"]))[:64],
            "category": secrets[2][:32],
            "quantity": 1,
        }
    ]
    return path, body, headers, [*secrets, listed]


class Net:
    """Sends, and remembers what must not be found anywhere."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.secrets: set[str] = set()
        self.connection = http.client.HTTPConnection("127.0.0.1", tenant.server.port, timeout=30)
        self.answers: list[bytes] = []

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        sent = {
            "Authorization": f"Bearer {self.tenant.public_key}",
            "Content-Type": "application/json",
        } | headers
        self.connection.request("POST", path, body, sent)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def spooled(self) -> bytes:
        """Everything in the spool's file, bodies unpacked, and the raw bytes of all files beside it."""
        folder = self.tenant.server.data / "spool"
        found = [file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()]
        with closing(sqlite3.connect(f"file:{folder}/spool.db?mode=ro", uri=True)) as db:
            for row in db.execute("SELECT agent, region, outcomes, body FROM entries"):
                found += [item.encode() if isinstance(item, str) else item for item in row[:3] if item]
                found.append(lz4.frame.decompress(row[3]) if row[3] else b"")
            found += [str(row).encode() for row in db.execute("SELECT batch_id FROM seen")]
        return b"\n".join(found)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Net]:
    """A server whose drainer waits, so that the spool can be looked into."""
    with Server(tmp_path / "data", HOLDFAST_DRAIN_INTERVAL_MS="2000") as server:
        net = Net(new_tenant(server.start()))
        with closing(net.connection):
            yield net


def leaks(secrets: set[str], text: str) -> list[str]:
    """Secrets found as they are, or as JSON writes them."""
    return [secret for secret in secrets if secret in text or json.dumps(secret)[1:-1] in text]


@pytest.mark.slow
def test_nothing_personal_gets_through(held: Net) -> None:
    """E-mail addresses, SSNs, cards, phones and listed keys' values, in any field, header, key and list of any path: not in
    the spool's bytes, not in events, errors, issues, outcomes or the metrics. What only looks like one survives.
    """

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(), st.booleans())
    def send(request: tuple[str, dict[str, Any], dict[str, str], list[str]], escape: bool) -> None:
        path, body, headers, secrets = request
        text = json.dumps(body, ensure_ascii=False)
        if escape:
            for secret in secrets:
                text = text.replace(json.dumps(secret)[1:-1], escaped(secret))
        assert held.send(path, text.encode(), headers) in (200, 202, 204)
        held.secrets.update(secrets)
        spooled = held.spooled().decode("utf-8", "replace")
        assert leaks(set(secrets), spooled) == []

    send()
    tenant = held.tenant.arrived()
    rows = [
        tenant.sql(f"SELECT * FROM {table} LIMIT 10000")
        for table in ("events", "errors", "outcomes", "activity_5m", "measures_5m", "issues_1h")
    ]
    answers = [
        tenant.get(path)
        for path in (
            "/api/events?limit=1000",
            "/api/errors?limit=200",
            "/api/ledger",
            "/api/telemetry",
            "/api/metrics/get_recent_errors?limit=1000",
            "/api/metrics/get_api_latency_stats",
        )
    ]
    seen = (
        json.dumps([rows, answers], ensure_ascii=False)
        + tenant.server.send("GET", "/metrics").body.decode()
        + tenant.server.said
    )
    assert len(rows[0]) > 60
    assert "[REDACTED]" in seen
    assert leaks(held.secrets, seen) == []
    assert (
        leaks(
            held.secrets,
            "\n".join(
                Path(file).read_bytes().decode("latin-1") for file in tenant.server.data.glob("state.db*")
            ),
        )
        == []
    )


def test_what_only_looks_personal_survives(tenant: Tenant) -> None:
    """Times in milliseconds, UUIDs, order numbers, addresses of machines, versions and counts come back as they were sent."""
    data = {
        "at": 1_790_000_000_123,
        "text": "1790000000123",
        "id": "3f0c1b6e-7b1d-4a55-9c1e-0d5c6a8b9e10",
        "order": "ORD-2026-000123456",
        "ip": "192.168.17.4",
        "iso": "2026-11-20T10:00:00.123Z",
        "file": "logo@2x.png",
        "package": "react@18.2.0",
        "tokens": 512,
        "hasPassword": True,
        "odd card": "4242424242424243",
    }
    tenant.send(
        {
            "type": "t",
            "metadata": data | {"email": "x@example.com"},
            "sessionId": "3f0c1b6e-7b1d-4a55-9c1e-0d5c6a8b9e10",
        }
    )
    [event] = tenant.events()
    assert event["metadata"] == data | {"email": "[REDACTED]"}
    assert event["sessionId"] == "3f0c1b6e-7b1d-4a55-9c1e-0d5c6a8b9e10"


def test_people_still_count(tenant: Tenant) -> None:
    """An identity that is an e-mail address becomes the same pseudonym each time, another one another."""
    tenant.send(*({"type": "t", "userId": f"{name}@example.com"} for name in ("a", "a", "b")))
    found = [event["userId"] for event in tenant.events()]
    assert len(set(found)) == 2
    assert not any("@" in name for name in found)
    assert tenant.get("/api/metrics/get_metrics_summary?hours=1")["uniqueUsers"] == 2
