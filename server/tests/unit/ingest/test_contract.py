"""The native wire is what `contract/` says: its limits, its schema and its fixtures, which both SDKs replay."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.native import FIELDS, SNAKE, decode_batch
from holdfast_server.model import limits

CONTRACT = Path(__file__).parents[4] / "contract"


def fixtures(folder: str) -> list[Any]:
    files = sorted((CONTRACT / "fixtures" / folder).glob("*.json"))
    return [pytest.param(json.loads(file.read_text("utf-8")), id=file.stem) for file in files]


def body_of(fixture: dict[str, Any]) -> bytes:
    return fixture["raw"].encode() if "raw" in fixture else json.dumps(fixture["body"]).encode()


@pytest.fixture(scope="module")
def schema() -> Any:
    event = json.loads((CONTRACT / "event.schema.json").read_text("utf-8"))
    batch = json.loads((CONTRACT / "batch.schema.json").read_text("utf-8"))
    registry = jsonschema_rs.Registry([(event["$id"], event)])
    return jsonschema_rs.validator_for(batch, registry=registry)


@pytest.mark.parametrize("fixture", fixtures("valid"))
def test_valid_bodies_are_taken(fixture: dict[str, Any], schema: Any) -> None:
    """Each valid body is recorded whole, and the schema agrees."""
    decoded = decode_batch(body_of(fixture), max_events=limits.MAX_BATCH_EVENTS)
    assert [item.message for item in decoded.refused] == []
    assert decoded.total == len(decoded.events) == fixture["expect"]["recorded"]
    schema.validate(fixture["body"])


@pytest.mark.parametrize("fixture", fixtures("invalid"))
def test_invalid_bodies_are_refused_where_they_are_wrong(fixture: dict[str, Any]) -> None:
    """A body is refused whole with its code and path, or only its bad events are, each with index, code and path."""
    expect = fixture["expect"]
    if error := expect.get("error"):
        with pytest.raises(BadInput) as caught:
            decode_batch(body_of(fixture), max_events=limits.MAX_BATCH_EVENTS)
        assert (caught.value.code, caught.value.path) == (error["code"], error["path"])
        assert isinstance(caught.value, TooLarge) == (error["status"] == 413)
        return
    decoded = decode_batch(body_of(fixture), max_events=limits.MAX_BATCH_EVENTS)
    refused = [{"index": item.index, "code": item.reason, "path": item.path} for item in decoded.refused]
    assert refused == expect["refused"]
    assert len(decoded.events) == expect["recorded"]


def test_the_limits_are_those_of_the_server() -> None:
    """`limits.json` holds the same numbers as the server's own constants."""
    written = json.loads((CONTRACT / "limits.json").read_text("utf-8"))
    written.pop("$comment")
    assert written == {
        "bodyBytes": limits.MAX_BODY_BYTES,
        "plainBytes": limits.MAX_PLAIN_BYTES,
        "batchEvents": limits.MAX_BATCH_EVENTS,
        "bulkEvents": limits.MAX_BULK_EVENTS,
        "depth": limits.MAX_DEPTH,
        "attributes": limits.MAX_ATTRIBUTES,
        "reportKeys": limits.MAX_REPORT_KEYS,
        "metadataBytes": limits.MAX_METADATA_BYTES,
        "listBytes": limits.MAX_LIST_BYTES,
        "textChars": limits.MAX_TEXT_CHARS,
        "nameChars": limits.MAX_NAME_CHARS,
        "messageChars": limits.MAX_MESSAGE_CHARS,
        "stackChars": limits.MAX_STACK_CHARS,
        "batchIdChars": 128,
        "eventAgeS": limits.MAX_EVENT_AGE_S,
        "eventAheadS": limits.MAX_EVENT_AHEAD_S,
    }


def test_the_schema_names_every_field_of_the_server() -> None:
    """No field of the server is missing from the schema that clients read, nor any other spelling of one."""
    properties = json.loads((CONTRACT / "event.schema.json").read_text("utf-8"))["properties"]
    assert properties.keys() >= FIELDS | (SNAKE.keys() - {"created_at"})
