"""Framing: what clients of all kinds send is read, and what is broken is skipped alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import BadInput, TooLarge
from holdfast_server.ingest.decode.envelope import ITEM_TYPES, parse_envelope
from holdfast_server.model.limits import MAX_ENVELOPE_ITEMS


def packed(*items: tuple[dict[str, object], bytes], header: bytes = b"{}", end: bytes = b"\n") -> bytes:
    lines = [header, *(line for head, payload in items for line in (json.dumps(head).encode(), payload))]
    return b"\n".join(lines) + end


def read(body: bytes) -> list[tuple[str, bytes]]:
    return [(item.type, item.payload) for item in parse_envelope(body).items]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_with_and_without_length(end: bytes) -> None:
    """Python always names the length, JS leaves it out for JSON; the last newline may be missing."""
    binary = b'\x00\n{"type":"event"}\n\xff'
    body = packed(
        ({"type": "attachment", "length": len(binary), "filename": "ä.bin"}, binary),
        ({"type": "attachment", "length": 0}, b""),
        ({"type": "event"}, b'{"a":1}'),
        end=end,
    )
    assert read(body) == [("attachment", binary), ("attachment", b""), ("event", b'{"a":1}')]
    assert parse_envelope(body).items[0].header.filename == "ä.bin"


@pytest.mark.parametrize(
    "header", [b"{}", b'{"event_id":7,"dsn":[]}', b'{"event_id":"a","sdk":{"name":"x"},"trace":{"n":1}}']
)
def test_any_header(header: bytes) -> None:
    """Nothing in the header is needed, and a field of the wrong kind is no field."""
    assert read(packed(({"type": "event"}, b"{}"), header=header)) == [("event", b"{}")]


@pytest.mark.parametrize("body", [b"", b"\n", b"nonsense", b"[]", b"7\n", b"\xff\n", b'{"a":\n'])
def test_without_a_header(body: bytes) -> None:
    """A body that does not begin with a JSON object is no envelope."""
    with pytest.raises(BadInput):
        parse_envelope(body)


def test_endless_header() -> None:
    """A header line has a limit."""
    with pytest.raises(TooLarge):
        parse_envelope(b'{"a":"' + b"x" * 100_000 + b'"}\n')


GOOD = ({"type": "event"}, b'{"message":"kept"}')


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"type":"event","length":9999}\n{"message":"cut"}\n', "truncated"),
        (b'{"type":"event","length":3}\n{"message":"longer"}\n', "bad_length"),
        (b'{"type":"event","length":20}\n{"a":1}\n', "bad_length"),
        (b'{"type":"event","length":-1}\n{"a":1}\n', "bad_item_header"),
        (b'{"type":7}\n{"a":1}\n', "bad_item_header"),
        (b'{"length":7}\n{"a":1}\n', "bad_item_header"),
        (b'not json\n{"a":1}\n', "bad_item_header"),
        (b"\xff\xfe\n\x00\x01\n", "bad_item_header"),
    ],
)
def test_broken_alone(broken: bytes, reason: str) -> None:
    """An item that lies about itself is named with its reason; those before and behind it are read."""
    body = packed(GOOD) + broken + packed(GOOD).partition(b"\n")[2]
    found = parse_envelope(body)
    assert [why for why, _ in found.broken] == [reason]
    assert [item.payload for item in found.items] == [GOOD[1], GOOD[1]]


def test_unknown_types_are_items() -> None:
    """What we don't know yet is framed like all else."""
    assert read(packed(({"type": "hologram", "length": 3}, b"abc"), GOOD)) == [
        ("hologram", b"abc"),
        ("event", GOOD[1]),
    ]


def test_too_many_items() -> None:
    """The number of items is bounded, and said to be too large."""
    found = parse_envelope(b"{}\n" + b'{"type":"log"}\n{}\n' * (MAX_ENVELOPE_ITEMS + 5))
    assert len(found.items) == MAX_ENVELOPE_ITEMS
    assert found.broken == [("too_many_items", "unknown")]


HEADERS = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(ITEM_TYPES)) | st.text(min_size=1, max_size=20)},
    optional={
        "length": st.integers(-5, 60) | st.sampled_from([2**63, 10**30, "7", None]),
        "filename": st.text(max_size=5) | st.integers(),
    },
)
PIECES = st.one_of(
    st.tuples(HEADERS, st.binary(max_size=40)).map(
        lambda pair: json.dumps(pair[0]).encode() + b"\n" + pair[1] + b"\n"
    ),
    st.binary(max_size=60),
    st.just(b"\n\n\n"),
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_never_fails(tail: bytes) -> None:
    """Whatever comes behind the header, framing ends, and no byte is handed out twice."""
    found = parse_envelope(b"{}\n" + tail)
    assert sum(len(item.payload) for item in found.items) <= len(tail)


@given(st.lists(st.tuples(st.sampled_from(sorted(ITEM_TYPES)), st.binary(max_size=50)), max_size=6))
def test_what_is_framed_is_read(items: list[tuple[str, bytes]]) -> None:
    """Items with true lengths come out as they went in, whatever their bytes."""
    body = packed(*(({"type": kind, "length": len(payload)}, payload) for kind, payload in items))
    assert read(body) == items
