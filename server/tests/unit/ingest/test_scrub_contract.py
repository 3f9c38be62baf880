"""Scrubbing does what `contract/` says: the fixtures that the SDKs replay too, and the lists themselves."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast_server.ingest.scrub import REDACTED, Scrubber
from holdfast_server.ingest.scrub.cards import SHAPES
from holdfast_server.ingest.scrub.names import ENDINGS, EXACT, SEPARATORS

CONTRACT = Path(__file__).parents[4] / "contract"
RULES = json.loads((CONTRACT / "scrubbing.json").read_text("utf-8"))
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((CONTRACT / "fixtures" / "scrub").glob("*.json"))
    for case in json.loads(file.read_text("utf-8"))["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_the_case_comes_out_as_written(case: dict[str, Any]) -> None:
    """The input becomes exactly the expected value, by value and by bytes, and the scan sees it when it changes."""
    scrubber = Scrubber(case.get("extra_fields", ()))
    assert scrubber.scrub(case["input"]) == case["expected"]
    for raw in (json.dumps(case["input"]).encode(), json.dumps(case["input"], ensure_ascii=False).encode()):
        assert msgspec.json.decode(scrubber.scrub_event_json(raw)) == case["expected"]
        assert scrubber.dirty(raw) or case["input"] == case["expected"]


def test_there_are_enough_cases() -> None:
    """The fixtures hold at least 60 cases, a third of them things that must survive."""
    kept = [case for param in CASES for case in param.values if case["input"] == case["expected"]]  # type: ignore[index]
    assert len(CASES) >= 60
    assert len(kept) >= len(CASES) / 3


def test_the_lists_are_those_of_the_contract() -> None:
    """Names, card groups and the replacement are written once for everybody."""
    names = RULES["names"]
    assert frozenset(names["exact"]) == EXACT
    assert frozenset(names["endings"]) == ENDINGS
    assert set(names["separators"]) == set(SEPARATORS)
    assert {tuple(map(int, group.split("-"))) for group in RULES["patterns"]["card"]["groups"]} == SHAPES
    assert RULES["replacement"] == REDACTED


def test_the_names_that_look_alike_stay() -> None:
    """Names that the contract lists as harmless keep their values."""
    fields = dict.fromkeys(RULES["names"]["not_listed"], "value")
    assert Scrubber().scrub(fields) == fields


def test_a_clean_body_is_not_dirty() -> None:
    """A batch of ordinary events, full of times, UUIDs and hashes, passes by the scan alone."""
    uuids = [
        f"{n * 2654435761 % 2**32:08x}-{n * 40503 % 2**16:04x}-4{n * 7 % 1000:03}-9{n * 13 % 1000:03}-{n * 11400714819323198485 % 2**48:012x}"
        for n in range(2000)
    ]
    events = [
        {
            "type": "api_call", "page": "/orders/checkout", "endpoint": "/api/orders", "method": "POST", "status": 201,
            "timestamp": 1763600000000 + n, "duration": 182.4375, "sessionId": uuid, "userId": f"user_{n}",
            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.6099.109 Safari/537.36",
            "metadata": {"score": 0.4532015112830366, "tokens": 12, "requestId": uuid, "order": f"ORD-2024-{n:09d}",
                         "at": "2026-11-20T09:30:00.123Z", "ns": 1763600000000000000 + n, "ip": "192.168.100.200",
                         "text": "Gr\u00fc\u00dfe, caf\u00e9 \"quoted\"\n", "path": "C:\\temp\\x", "commit": "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        }
        for n, uuid in enumerate(uuids)
    ]  # fmt: skip
    scrubber = Scrubber()
    dirty = [event for event in events if scrubber.dirty(json.dumps(event).encode())]
    assert dirty == []
    assert not scrubber.dirty(json.dumps({"events": events}, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "raw",
    [
        r'["\u00e94111111111111111"]',
        r'["\u00e9.4111111111111111"]',
        r'["\u20284111 1111 1111 1111"]',
        r'["x\bad4111111111111111fad"]',
        r'["\f4111-1111-1111-1111"]',
        r'["jo\u0040example.com"]',
        r'["jo@ex\u00e4mple.de"]',
        r'["\u002B14155552671"]',
        r'["+49\/30\/901820"]',
        r'["415\u00a0555\u00a02671", "(415)\u00a0-555-2671"]',
        r"[4.111111111111111e15]",
        r"[411111111111111100000e-5]",
        r"[-4111111111111111.25]",
        "4111111111111111",
        r'{"pass\u0077ord": "x"}',
        r'{"gr\u00f6\u00dfe": "x"}',
        r'{"a\"b\\password" : "x"}',
        '{"Gr\u00f6\u00dfe":"x"}',
    ],
)
def test_escapes_hide_nothing_from_the_scan(raw: str) -> None:
    """However JSON spells a value, the scan sees what the walk would replace."""
    scrubber = Scrubber(["größe"])
    assert REDACTED.encode() in scrubber.scrub_event_json(raw.encode())
    assert scrubber.dirty(raw.encode())


def test_depth_is_bounded() -> None:
    """Nesting beyond what may be walked is replaced, not walked and not passed on."""
    value: Any = "jo@example.com"
    for _ in range(100):
        value = [value]
    assert "jo@example.com" not in json.dumps(Scrubber().scrub(value))
