"""What becomes of an envelope when there is no room, and who is told: with a real spool."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast_server.ingest.decode.envelope import parse_envelope
from holdfast_server.ingest.ledger import Ledger
from holdfast_server.ingest.pipeline import KnownIssues, Pipeline, Sender
from holdfast_server.ingest.sentry_intake import SentryIntake, TakenEnvelope
from holdfast_server.ingest.spool import Spool
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.files import Files
from holdfast_server.settings import IngestSettings
from holdfast_server.web.ingest.sentry_answers import answer

PLENTY = 1 << 40
SENDER = Sender(1)
Intakes = Callable[..., SentryIntake]


@pytest.fixture
def new_intake(tmp_path: Path) -> Iterator[Intakes]:
    with ExitStack() as stack:

        def make(quota: int = PLENTY, **settings: Any) -> SentryIntake:
            clock = ManualClock()
            spool = Spool(tmp_path / "spool", clock, quota_bytes=quota, reserve_bytes=0)
            stack.callback(spool.close)
            pipeline = Pipeline(
                IngestSettings(**settings),
                spool,
                Ledger(spool, clock),
                clock,
                KnownIssues(lambda *_: False),
                b"salt",
            )
            feedback: Any = None  # no item here is anybody's words
            return SentryIntake(pipeline, feedback, Files(tmp_path / "files"))

        yield make


def event() -> dict[str, Any]:
    return {"event_id": uuid.uuid4().hex, "message": "m"}


async def take(intake: SentryIntake, *items: tuple[str, Any]) -> TakenEnvelope:
    lines = [
        b"{}",
        *(
            line
            for kind, payload in items
            for line in (json.dumps({"type": kind}).encode(), json.dumps(payload).encode())
        ),
    ]
    return await intake.take_envelope(SENDER, parse_envelope(b"\n".join(lines)))


def counted(intake: SentryIntake) -> dict[tuple[str, str, str], int]:
    return {
        (outcome, reason, category): n
        for (_, (_, outcome, reason, category)), n in intake.pipeline.ledger.counts.items()
    }


async def test_full_spool(new_intake: Intakes) -> None:
    """Without room every category that was sent is named to the client, and counted in the ledger."""
    intake = new_intake(quota=-1)
    span = {"trace_id": "a" * 32, "span_id": "b" * 16, "start_timestamp": 1}
    taken = await take(
        intake, ("event", event()), ("span", {"items": [span]}), ("log", {"items": [{"timestamp": 1}]})
    )
    assert (taken.kept, set(taken.limited)) == (0, {"event", "span", "log"})
    found = answer(taken)
    assert found.status_code == 429
    assert found.headers["Retry-After"] == "10"
    assert found.headers["X-Sentry-Rate-Limits"] == "10:error;log_item;span:key"
    assert counted(intake) == {("limited", "spool_full", name): 1 for name in ("error", "span", "log")}


async def test_rate(new_intake: Intakes) -> None:
    """Over the rate what came first is kept, and the rest is named."""
    intake = new_intake(rate_per_s=1)
    taken = await take(intake, *[("event", event()) for _ in range(12)])
    assert (taken.kept, taken.limited) == (10, {"event": 1})
    assert msgspec.json.decode(answer(taken).content)["causes"] == []


async def test_switched_off(new_intake: Intakes) -> None:
    """With telemetry off everything is answered with success and counted as filtered."""
    intake = new_intake(telemetry_enabled=False)
    sent = event()
    taken = await take(intake, ("event", sent), ("session", {"sid": "s", "started": 1}), ("attachment", "x"))
    assert answer(taken).content == b'{"id":"%s"}' % sent["event_id"].encode()
    assert counted(intake) == {
        ("filtered", "telemetry_off", "error"): 1,
        ("filtered", "telemetry_off", "session"): 1,
        ("filtered", "not_kept", "attachment"): 1,
    }
    assert intake.pipeline.spool.pending == 0


async def test_too_many_attachments(new_intake: Intakes) -> None:
    """Beyond the limit attachments are refused, the event and the first ones are kept."""
    intake = new_intake()
    taken = await take(intake, ("event", event()), *[("attachment", n) for n in range(22)])
    assert (taken.kept, len(taken.refused)) == (21, 2)
    assert counted(intake) == {("invalid", "too_many", "attachment"): 2}
