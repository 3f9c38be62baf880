"""The native protocol: fast path and slow path agree, nothing that was sent is lost, limits hold exactly."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.native import (
    ENCODER,
    FIELDS,
    FLAT_BYTES,
    Decoded,
    batch_of_signals,
    decode_batch,
    decode_each,
    decode_one,
    storable,
)
from holdfast_server.model.limits import (
    MAX_ATTRIBUTES,
    MAX_BATCH_EVENTS,
    MAX_DEPTH,
    MAX_LIST_BYTES,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARS,
    MAX_TEXT_CHARS,
)

TEXTS = st.text(max_size=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
FREE = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)
NAMES = sorted(
    FIELDS - {"type", "status", "duration", "value", "metadata", "data", "timestamp", "createdAt", "ts"}
)
GOOD = st.fixed_dictionaries(
    {"type": st.text(min_size=1, max_size=20)},
    optional={
        **dict.fromkeys(NAMES, st.none() | TEXTS),
        "status": st.none() | st.integers(0, 65535),
        "duration": st.none() | st.integers(0, 10**6) | st.floats(0, 1e9),
        "timestamp": st.integers(0, 2 * 10**12) | st.datetimes().map(str),
        "metadata": FREE,
        "data": FREE,
    },
)
UNKNOWN = st.text(min_size=1, max_size=8).filter(lambda name: name not in FIELDS)
LOOSE = st.builds(lambda event, more: {**more, **event}, GOOD, st.dictionaries(UNKNOWN, SCALARS, max_size=3))
BAD = st.one_of(
    st.just({"page": "/"}),
    st.builds(lambda event: event | {"type": ""}, GOOD),
    st.builds(lambda event: event | {"status": "red"}, GOOD),
    st.builds(lambda event: event | {"page": 5}, GOOD),
    st.builds(lambda event: event | {"metadata": []}, GOOD),
    st.just([]),
    st.just(None),
    st.integers(),
)


def body_of(events: list[Any], **more: Any) -> bytes:
    return msgspec.json.encode({"events": events, **more})


def events_of(decoded: Decoded) -> list[Any]:
    found: list[Any] = msgspec.json.decode(ENCODER.encode(decoded.events))
    return found


def without_nulls(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


@given(st.lists(GOOD, max_size=8))
def test_fast_and_slow_path_agree(events: list[Any]) -> None:
    """A batch of good events gives the same events on both paths."""
    body = body_of(events)
    fast, slow = decode_batch(body, max_events=100), decode_each(body, max_events=100)
    assert fast.refused == slow.refused == []
    assert [without_nulls(event) for event in events_of(fast)] == [
        without_nulls(event) for event in events_of(slow)
    ]


@given(st.lists(st.tuples(st.booleans(), LOOSE, BAD), max_size=8))
@settings(max_examples=150)
def test_bad_events_fail_alone(mixed: list[tuple[bool, Any, Any]]) -> None:
    """Of any mix the good events are taken and the bad ones refused at their places; the body holds exactly the taken."""
    events = [good if is_good else bad for is_good, good, bad in mixed]
    decoded = decode_batch(body_of(events), max_events=100)
    assert decoded.total == len(events)
    assert [item.index for item in decoded.refused] == [
        index for index, (is_good, *_) in enumerate(mixed) if not is_good
    ]
    assert all(item.path.startswith(f"events[{item.index}]") for item in decoded.refused)
    again = decode_batch(decoded.body, max_events=100)
    assert again.refused == []
    assert [without_nulls(event) for event in events_of(again)] == [
        without_nulls(event) for event in events_of(decoded)
    ]


@given(GOOD, st.dictionaries(UNKNOWN, SCALARS, min_size=1, max_size=4))
def test_unknown_fields_are_kept(event: dict[str, Any], unknown: dict[str, Any]) -> None:
    """A field that nobody planned is in the metadata afterwards, with its value; the client's own metadata wins."""
    from holdfast_server.ingest.decode.native import SNAKE

    unknown = {name: value for name, value in unknown.items() if name not in SNAKE}
    decoded = decode_one(ENCODER.encode(unknown | event))
    kept = msgspec.json.decode(bytes(decoded.metadata)) if bytes(decoded.metadata) else {}
    sent = event.get("metadata") or {}
    assert {name: kept[name] for name in unknown} == unknown | {
        name: sent[name] for name in unknown if name in sent
    }


def test_names_of_document_b() -> None:
    """B's spelling of the fields means the same; where both spellings come, both are kept."""
    event = decode_one(
        b'{"signal":"retry_success","component":"C","user_id":"u","session_id":"s","anonymous_id":"a","created_at":"2026-01-01","ts":5}'
    )
    assert (event.type, event.userId, event.sessionId, event.anonymousId, event.createdAt, event.ts) == (
        "retry_success",
        "u",
        "s",
        "a",
        "2026-01-01",
        5,
    )
    both = decode_one(b'{"type":"t","userId":"camel","user_id":"snake"}')
    assert both.userId == "camel"
    assert msgspec.json.decode(bytes(both.metadata)) == {"user_id": "snake"}


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer(body: bytes) -> None:
    """Whatever comes is decoded or refused as bad input, never anything else."""
    for read in (
        lambda: decode_batch(body, max_events=100),
        lambda: decode_batch(batch_of_signals(body), max_events=100),
    ):
        with suppress(BadInput):
            read()


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=40))
def test_any_text_becomes_storable(text: str) -> None:
    """NUL characters and halves of surrogate pairs become U+FFFD, whole pairs and all else stay, in keys and values."""
    import json

    body = storable(json.dumps({"k" + text: text}).encode())
    [(key, value)] = msgspec.json.decode(body).items()
    expected = (
        json.loads(json.dumps(text))
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", "replace")
        .replace("\0", "\ufffd")
    )
    assert value == expected
    assert key == "k" + expected


@given(st.binary(max_size=60))
def test_bytes_that_are_not_utf8_become_storable(raw: bytes) -> None:
    """Bytes that are no UTF-8 become U+FFFD; UTF-8 stays as it is."""
    body = storable(raw)
    body.decode("utf-8")
    if b"\\" not in raw:
        assert body == raw.decode("utf-8", "replace").encode()


def test_escaped_backslash_before_u() -> None:
    """`\\\\u0000` in JSON is a backslash and text, not a NUL, and stays."""
    body = rb'{"k":"\\u0000 \\\u0000"}'
    assert msgspec.json.decode(storable(body)) == {"k": "\\u0000 \\\ufffd"}


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_depth_limit() -> None:
    """Metadata of MAX_DEPTH - 1 levels is taken (the event itself is one), one more is refused."""
    decode_one(ENCODER.encode({"type": "t", "metadata": nested(MAX_DEPTH - 1)}))
    with pytest.raises(TooLarge):
        decode_one(ENCODER.encode({"type": "t", "metadata": nested(MAX_DEPTH)}))


def test_attribute_limit() -> None:
    """128 keys are taken, nested ones counted, 129 are refused, on either path."""
    half = MAX_ATTRIBUTES // 2
    keys = {f"k{n}": n for n in range(half - 1)} | {"in": {f"k{n}": n for n in range(half)}}
    assert decode_batch(body_of([{"type": "t", "metadata": keys}]), max_events=1).refused == []
    refused = decode_batch(body_of([{"type": "t", "metadata": keys | {"more": 1}}]), max_events=1).refused
    assert [item.reason for item in refused] == ["too_large"]


@pytest.mark.parametrize("name", ["breadcrumbs", "frames", "exceptions", "debugImages"])
def test_an_errors_lists_have_room_of_their_own(name: str) -> None:
    """Each of an error's lists may be MAX_LIST_BYTES long beside its metadata; one byte more is refused by name."""
    fits = {"message": "x" * 60_000, name: ["x" * (MAX_LIST_BYTES - 4)]}
    decode_one(ENCODER.encode({"type": "error", "metadata": fits}))
    with pytest.raises(TooLarge) as caught:
        decode_one(ENCODER.encode({"type": "error", "metadata": {name: ["x" * (MAX_LIST_BYTES - 3)]}}))
    assert caught.value.path == f"metadata.{name}"
    with pytest.raises(TooLarge):
        decode_one(ENCODER.encode({"type": "other", "metadata": fits}))


@given(st.integers(1, 400))
def test_flat_metadata_holds_the_limit_on_the_fast_path(count: int) -> None:
    """The shortcut for small flat metadata never lets more keys through than the limit."""
    text = b"{" + b",".join(b'"":0' for _ in range(count)) + b"}"
    decoded = decode_batch(b'{"events":[{"type":"t","metadata":' + text + b"}]}", max_events=1)
    if len(text) <= FLAT_BYTES:
        assert count <= MAX_ATTRIBUTES
    assert decoded.total == 1


def test_metadata_bytes_limit() -> None:
    """Metadata of 64 KiB is taken, one byte more is refused."""
    size = MAX_METADATA_BYTES - len(b'{"a":""}')
    decode_one(ENCODER.encode({"type": "t", "metadata": {"a": "x" * size}}))
    with pytest.raises(TooLarge):
        decode_one(ENCODER.encode({"type": "t", "metadata": {"a": "x" * (size + 1)}}))


@pytest.mark.parametrize("field", [*NAMES])
def test_long_texts_are_cut(field: str) -> None:
    """A text field that is too long is cut to its limit, never refused."""
    event = decode_one(ENCODER.encode({"type": "t", field: "ä" * 5000}))
    limit = MAX_TEXT_CHARS if field in ("page", "userAgent") else MAX_NAME_CHARS
    assert getattr(event, field) == "ä" * limit


def test_event_count_limit() -> None:
    """max_events pass, one more does not, on either path."""
    for event in ({"type": "t"}, {"type": "t", "more": 1}):
        assert decode_batch(body_of([event] * MAX_BATCH_EVENTS), max_events=MAX_BATCH_EVENTS).total == 100
        with pytest.raises(TooLarge):
            decode_batch(body_of([event] * (MAX_BATCH_EVENTS + 1)), max_events=MAX_BATCH_EVENTS)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"0x10", b"01", b"1_000"])
def test_numbers_that_json_has_not(number: bytes) -> None:
    """NaN, infinities and other spellings are refused."""
    body = b'{"events":[{"type":"t","value":' + number + b"}]}"
    with suppress(BadInput):
        assert [item.index for item in decode_batch(body, max_events=1).refused] == [0]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"signal": "s", "component": "c"}, 1),
        ([{"signal": "s"}] * 3, 3),
        ({"signals": [{"signal": "s"}], "batchId": "b"}, 1),
        ({"metrics": [{"signal": "s"}]}, 1),
        ({"events": [{"type": "s"}]}, 1),
        ([], 0),
    ],
)
def test_shapes_of_document_s(body: Any, count: int) -> None:
    """One signal, a list of them, or a batch under any of its names become the same batch."""
    decoded = decode_batch(batch_of_signals(msgspec.json.encode(body)), max_events=100)
    assert (len(decoded.events), decoded.refused) == (count, [])
    assert decoded.batch_id == (body.get("batchId") if isinstance(body, dict) else None)
