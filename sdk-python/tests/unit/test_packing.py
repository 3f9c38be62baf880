"""From records to batches: limits of the wire, one bad record alone, the schema of the contract; and the spool's bounds."""

from __future__ import annotations

import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast import TelemetryConfig
from holdfast._drops import DropCounts
from holdfast._packing import Packer, halves
from holdfast._scope import Scope, new_uuid
from holdfast.transports import Batch
from holdfast.transports.file import FileTransport

LIMITS = json.loads((Path(__file__).parents[3] / "contract" / "limits.json").read_text(encoding="utf-8"))
SCOPE = Scope("s", "u")


def record(data: Any = None, kind: str = "e", **fields: Any) -> Any:
    return (kind, 1_700_000_000.0, SCOPE, data, fields)


def plain(batch: Batch) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(gzip.decompress(batch.body))
    return body


@pytest.fixture
def drops() -> DropCounts:
    return DropCounts()


@pytest.fixture
def packer(drops: DropCounts) -> Packer:
    return Packer(TelemetryConfig(endpoint="http://e"), drops)


def noise(length: int, seed: int = 1) -> str:
    source = random.Random(seed)
    return "".join(chr(source.randrange(33, 126)) for _ in range(length))


def test_body_is_the_wires(packer: Packer, drops: DropCounts) -> None:
    """A batch has an id, its events and the counts of what was dropped; the id is a version 4 UUID."""
    import uuid

    drops.add("buffer_overflow", "event", 3)
    (batch,) = packer.pack([record({"a": 1}, page="/cart", duration=5.5, unknown="kept")])
    body = plain(batch)
    assert uuid.UUID(body["batchId"]).version == 4
    assert body["dropped"] == [{"reason": "buffer_overflow", "category": "event", "quantity": 3}]
    (event,) = body["events"]
    assert event == {
        "type": "e",
        "timestamp": 1_700_000_000_000,
        "platform": "python",
        "sessionId": "s",
        "userId": "u",
        "page": "/cart",
        "duration": 5.5,
        "metadata": {"a": 1, "unknown": "kept"},
    }


def test_limits_are_the_contracts(packer: Packer) -> None:
    """No batch has more events, no event more bytes or keys than the server takes."""
    from holdfast import _frames, _packing, _settle

    assert LIMITS["batchEvents"] >= _packing.MAX_EVENTS
    assert LIMITS["metadataBytes"] >= _packing.MAX_EVENT_BYTES
    assert LIMITS["attributes"] >= _settle.MAX_KEYS
    assert LIMITS["reportKeys"] >= _frames.MAX_KEYS
    assert LIMITS["listBytes"] >= _packing.MAX_ERROR_BYTES
    assert LIMITS["depth"] >= _settle.MAX_DEPTH + 4
    batches = packer.pack([record() for _ in range(250)])
    assert sum(len(batch.events) for batch in batches) == 250
    assert max(len(batch.events) for batch in batches) <= LIMITS["batchEvents"]


@pytest.mark.parametrize(
    "data",
    [
        {"t": noise(30_000)},
        {str(n): noise(900, n) for n in range(30)},
        {"l": [noise(300, n) for n in range(90)]},
    ],
)
def test_one_event_over_the_payload_limit_is_trimmed(packer: Packer, data: Any) -> None:
    """It still arrives, shorter, within 10 KB on the wire."""
    (batch,) = packer.pack([record(data)])
    assert len(batch.body) <= 10_000
    assert plain(batch)["events"][0]["metadata"]


def test_control_characters_do_not_burst_the_limit(packer: Packer) -> None:
    """Text that grows when it is encoded is cut to the server's limit."""
    (batch,) = packer.pack([record({"t": "\x00" * 30_000})])
    assert len(json.dumps(plain(batch)["events"][0])) < LIMITS["metadataBytes"]


def test_one_bad_record_fails_alone(packer: Packer) -> None:
    """A record that can't be packed is counted; its neighbours arrive."""

    class Broken:
        def details(self) -> dict[str, Any]:
            raise RuntimeError

    (batch,) = packer.pack([record({"n": 1}), record(Broken(), kind="error"), record({"n": 2})])
    assert [event["metadata"]["n"] for event in batch.events] == [1, 2]
    assert batch.dropped == {("unreadable", "error"): 1}


def test_a_raising_before_send_loses_only_its_event(drops: DropCounts) -> None:
    """What the host's function raises is not raised again."""

    def before_send(event: dict[str, Any]) -> dict[str, Any]:
        if event["metadata"]["n"] == 1:
            raise ValueError("no")
        return event

    packer = Packer(TelemetryConfig(endpoint="http://e", before_send=before_send), drops)
    (batch,) = packer.pack([record({"n": 1}), record({"n": 2})])
    assert [event["metadata"]["n"] for event in batch.events] == [2]
    assert batch.dropped == {("unreadable", "event"): 1}


def test_halves_have_ids_of_their_own(packer: Packer, drops: DropCounts) -> None:
    """The server may have seen the whole batch's id; the drop counts travel once."""
    drops.add("sampled")
    (batch,) = packer.pack([record({"n": n}) for n in range(5)])
    first, second = halves(batch)
    assert len({batch.id, first.id, second.id}) == 3
    assert (len(first.events), len(second.events)) == (3, 2)
    assert (len(plain(first)["dropped"]), len(plain(second)["dropped"])) == (1, 0)


def test_wrong_kinds_of_fields_do_not_lose_the_event(packer: Packer) -> None:
    """A duration that is text joins the data, where a person can see it."""
    (batch,) = packer.pack([record(duration="long", status="200", user_id=5)])
    event = batch.events[0]
    assert event["metadata"] == {"duration": "long", "status": "200"}
    assert event["userId"] == "5"


def test_spool_is_capped(tmp_path: Path) -> None:
    """Over its size the spool drops its oldest batches and counts their events."""
    drops = DropCounts()
    config = TelemetryConfig(transport="file", spool_dir=str(tmp_path), spool_max_bytes=5_000)
    spool = FileTransport(config, drops)
    for n in range(10):
        assert spool.send(Batch(new_uuid(), bytes([n]) * 1_000, [{"type": "e"}] * 7, {})).kind == "accepted"
        time.sleep(0.001)
    files = sorted(tmp_path.iterdir())
    assert [path.read_bytes()[0] for path in files] == [5, 6, 7, 8, 9]
    assert drops.take() == {("spool_full", "event"): 35}


def test_spool_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    """A folder that is a file is a reason to wait, not to raise."""
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    config = TelemetryConfig(transport="file", spool_dir=str(tmp_path / "taken"))
    verdict = FileTransport(config, DropCounts()).send(Batch("b", b"x", [], {}))
    assert verdict.kind == "retry"


def test_a_transport_of_ones_own() -> None:
    """An object with the methods of `Transport` gets whole batches, and decides what becomes of them."""
    from holdfast import TelemetryCollector
    from holdfast.transports import ACCEPTED, RETRY, Verdict

    class Flaky:
        def __init__(self) -> None:
            self.batches: list[Batch] = []
            self.closed = False

        def send(self, batch: Batch) -> Verdict:
            self.batches.append(batch)
            return Verdict(ACCEPTED if len(self.batches) > 1 else RETRY)

        def tick(self) -> float | None:
            return None

        def forget(self) -> None:
            """Nothing is kept."""

        def close(self) -> None:
            self.closed = True

    transport = Flaky()
    collector = TelemetryCollector(transport="custom", custom_transport=transport, retry_base_ms=1)
    collector.track("e")
    assert collector.flush(5)
    collector.destroy()
    first, second = transport.batches
    assert (first.id, first.body) == (second.id, second.body)
    assert transport.closed
