"""Whatever a host hands over is recorded in a bounded, readable form, and nothing is raised."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import types
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast._settle import MAX_CHARACTERS, settle, snapshot
from holdfast.testing import capturing


class Hostile:
    """Everything about it raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Order:
    number: int
    total: decimal.Decimal


def cyclic() -> dict[str, Any]:
    value: dict[str, Any] = {"n": 1}
    value["self"] = value
    return value


class Text(str):
    __slots__ = ()


CASES: dict[str, tuple[Any, Any]] = {
    "bytes": (b"abc", "abc"),
    "binary": (b"\xff\x00", "[2 bytes: ff00…]"),
    "nan": (float("nan"), "nan"),
    "infinity": (float("-inf"), "-inf"),
    "decimal": (decimal.Decimal("1.10"), "1.10"),
    "naive datetime": (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001
    "date": (datetime.date(2026, 1, 2), "2026-01-02"),
    "timedelta": (datetime.timedelta(seconds=90), 90.0),
    "uuid": (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    "dataclass": (Order(1, decimal.Decimal("2.5")), {"number": 1, "total": "2.5"}),
    "enum": (Colour.RED, "red"),
    "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
    "exception": (ValueError("no"), "ValueError: no"),
    "set": ({1}, [1]),
    "mapping": (types.MappingProxyType({"password": "x"}), {"password": "[REDACTED]"}),
    "tuple": ((1, "a"), [1, "a"]),
    "cycle": (cyclic(), {"n": 1, "self": "[cycle]"}),
    "hostile": (Hostile(), "[Hostile: repr failed with RuntimeError]"),
    "huge integer": (10**30, str(10**30)),
    "lone surrogate": ("a\ud800b", "a?b"),
    "subclass of str": (Text("x"), "x"),
    "keys": ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "None": "b", "(1, 2)": "c"}),
}


@pytest.mark.parametrize("name", CASES)
def test_readable_form(name: str) -> None:
    """Each kind of value has a form that a person can read on the page."""
    value, expected = CASES[name]
    with capturing() as captured:
        captured.client.collector.track("e", {"value": value})
        assert captured.events[0]["metadata"] == {"value": expected}


def test_ten_megabytes_are_cut_at_once() -> None:
    """A huge string does not stay in memory until it is sent, and says how much was cut."""
    copy = snapshot({"text": "x" * 10_000_000})
    assert len(copy["text"]) < 10_000
    assert copy["text"].endswith("more characters]")


def test_deep_and_wide_are_cut() -> None:
    """Nesting and numbers of keys end where the server's limits do, with a note."""
    deep: Any = "end"
    for _ in range(100):
        deep = [deep]
    assert "[too deep]" in json.dumps(settle(deep))
    wide = settle({str(n): {"a": n} for n in range(500)})
    assert list(wide)[-1] == "[cut]"


def test_later_changes_do_not_reach_the_event() -> None:
    """What was captured is what it was at the time of the call."""
    with capturing() as captured:
        data: dict[str, Any] = {"items": [1], "n": 1}
        captured.client.collector.track("e", data)
        data["n"] = 2
        data["items"].append(2)
        assert captured.events[0]["metadata"] == {"items": [1], "n": 1}


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.collector.track(None),
        lambda c: c.collector.track({}),
        lambda c: c.collector.track({"type": Hostile(), "data": Hostile()}),
        lambda c: c.collector.track("e", Hostile()),
        lambda c: c.collector.track("e", 5),
        lambda c: c.collector.track("e", {"a": 1}, timestamp=Hostile(), duration="long", user_id=Hostile()),
        lambda c: c.collector.track_performance({}),
        lambda c: c.errors.capture_error(Hostile()),
        lambda c: c.errors.capture_error(ValueError(Hostile()), context={"a": Hostile()}, user={"id": 5}),
        lambda c: c.errors.add_breadcrumb({"message": Hostile()}),
        lambda c: c.performance.measure("a", "never set"),
        lambda c: c.usage.end_conversation("never started"),
        lambda c: c.resilience.signal("s", "c", value=Hostile()),
    ],
)
def test_nothing_is_raised(call: Any) -> None:
    """Nonsense in any place raises nothing, and the next event is recorded."""
    import holdfast
    from holdfast._client import Client
    from holdfast.testing import CaptureTransport

    sent = CaptureTransport()
    client = Client(
        holdfast.TelemetryCollector(transport="custom", custom_transport=sent), capture_unhandled=False
    )
    call(client)
    client.collector.track("next")
    assert client.flush(5)
    client.close()
    assert sent.events[-1]["type"] == "next"


ANY_VALUE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.binary(),
        st.decimals(),
        st.datetimes(),
        st.uuids(),
        st.complex_numbers(),
        st.builds(object),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner, inner), st.dictionaries(st.one_of(st.text(), st.integers()), inner)
    ),
    max_leaves=60,
)


@given(ANY_VALUE)
@settings(max_examples=200, deadline=None)
def test_any_value_becomes_bounded_json(value: Any) -> None:
    """For any value at all the settled form can be encoded and is bounded."""
    import msgspec

    assert len(msgspec.json.encode(settle(value))) < 8 * MAX_CHARACTERS


PLAIN_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=10), PLAIN_JSON, max_size=5))
@settings(max_examples=200, deadline=None)
def test_small_plain_values_are_kept_as_they_are(value: dict[str, Any]) -> None:
    """What JSON can say and is small is neither cut nor changed."""
    assert snapshot(value) == value


@pytest.mark.parametrize(
    ("given_time", "expected_ms"),
    [
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000.5, 1_700_000_000_500),
        (1_700_000_000_000, 1_700_000_000_000),
        (datetime.datetime(2023, 11, 14, 22, 13, 20), 1_700_000_000_000),  # noqa: DTZ001
        (datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.UTC), 1_700_000_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
    ],
)
def test_times(given_time: Any, expected_ms: int) -> None:
    """Seconds, milliseconds, datetimes and ISO texts are one time; without a zone it is UTC."""
    with capturing() as captured:
        captured.client.collector.track("e", timestamp=given_time)
        captured.client.collector.track({"type": "e", "timestamp": given_time})
        assert [event["timestamp"] for event in captured.events] == [expected_ms] * 2
