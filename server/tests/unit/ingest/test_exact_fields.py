"""Ids and measurements of records pass the scrubber as they are; everything else of a record does not."""

from typing import Any

import pytest

from holdfast_server.ingest.exact_fields import scrub_record
from holdfast_server.ingest.scrub import REDACTED, Scrubber

CARD = "4111111111111111"
SCRUBBER = Scrubber()


def scrubbed(**record: Any) -> dict[str, Any]:
    return scrub_record(record, SCRUBBER.scrub)


@pytest.mark.parametrize(
    "record",
    [
        {"span_id": CARD, "parent_id": CARD, "trace_id": CARD + CARD},
        {"value": 4111111111111111.0, "count": int(CARD), "sum": 1.0, "min": None, "at_ns": int(CARD)},
        {"buckets": {"bounds": [1.5], "counts": [int(CARD)], "asInt": CARD, "scale": -1}},
        {"buckets": {"exemplars": [{"traceId": "a" * 32, "spanId": CARD, "value": int(CARD), "timeUnixNano": CARD}]}},
        {"links": [{"traceId": CARD + CARD, "spanId": CARD, "attributes": {}}]},
        {"events": [{"name": "a", "timeUnixNano": CARD, "attributes": {}}]},
    ],
)  # fmt: skip
def test_kept(record: dict[str, Any]) -> None:
    """A number that reads like a card is a measurement or an id in these places."""
    assert scrubbed(**record) == record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"trace_id": CARD}, {"trace_id": REDACTED}),
        ({"value": "a@example.org"}, {"value": REDACTED}),
        ({"buckets": {"asInt": "a@example.org"}}, {"buckets": {"asInt": REDACTED}}),
        ({"attributes": {"count": int(CARD)}}, {"attributes": {"count": REDACTED}}),
        (
            {"events": [{"name": "a", "attributes": {"password": "x"}}]},
            {"events": [{"name": "a", "attributes": {"password": REDACTED}}]},
        ),
        ({"links": ["a@example.org"]}, {"links": [REDACTED]}),
        ({"body": "call a@example.org"}, {"body": f"call {REDACTED}"}),
    ],
)
def test_scrubbed(record: dict[str, Any], expected: dict[str, Any]) -> None:
    """What only stands where an id or a number should is scrubbed like any text."""
    assert scrubbed(**record) == expected


def test_listed_objects() -> None:
    """A project that lists `resource` itself still gets records that can be read back."""
    listed = Scrubber(["resource"])
    assert scrub_record({"resource": {"a": 1}, "attributes": {}}, listed.scrub) == {
        "resource": {},
        "attributes": {},
    }
