"""From events to columns: times, ids, subjects, lifted timings, attributes, people's devices."""

import math
from array import array
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.event_store.write import EVENT_COLUMNS
from holdfast_server.ingest.decode.native import decode_one
from holdfast_server.ingest.enrich import LARGEST, Arrival, Enricher, bounded, clamp, epoch_ms
from holdfast_server.ingest.useragent import UserAgents

NOW = 1_790_000_000_000
DAY = 86_400_000
EARLY, LATE = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2100-01-01")
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1"


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher(UserAgents(), node=0, max_age_s=7 * 86_400)


def columns(
    enricher: Enricher, *events: dict[str, Any], agent: str = "", seq: int = 1
) -> dict[str, list[Any]]:
    decoded = [decode_one(msgspec.json.encode({"type": "t"} | event)) for event in events]
    return enricher.columns([(Arrival(seq, 7, NOW, agent, "DE"), decoded)])


def one(enricher: Enricher, agent: str = "", **event: Any) -> dict[str, Any]:
    return {name: values[0] for name, values in columns(enricher, event, agent=agent).items()}


def test_columns_are_the_tables(enricher: Enricher) -> None:
    """Every column of the table is made, each as long as there are events."""
    found = columns(enricher, {}, {"type": "page_view", "page": "/x"})
    assert set(found) == set(EVENT_COLUMNS)
    assert {len(values) for values in found.values()} == {2}


@pytest.mark.parametrize(
    ("sent", "flag"),
    [
        (NOW - 7 * DAY, ""),
        (NOW - 7 * DAY - 1, "too_old"),
        (NOW + 600_000, ""),
        (NOW + 600_001, "ahead"),
        (0, "too_old"),
        (-5, "too_old"),
        (-(10**16), "too_old"),
        (10**18, "invalid"),
        ("never", "invalid"),
        ("", "invalid"),
        (True, "too_old"),
        (1e300, "invalid"),
    ],
)
def test_time_limits(enricher: Enricher, sent: Any, flag: str) -> None:
    """Up to seven days back and ten minutes ahead a client is believed; beyond, the received time stands, with a flag."""
    [at], [found] = enricher.times(NOW, [sent])
    assert found == flag
    assert at == (NOW if flag else sent)


def test_doubted_time_is_kept_aside(enricher: Enricher) -> None:
    """A time that was not believed is in the attributes as it came."""
    row = one(enricher, timestamp="1999-01-01", metadata={"a": 1})
    assert (row["at"], row["time_flag"]) == (NOW, "too_old")
    assert msgspec.json.decode(row["attributes"]) == {"a": 1, "clientTime": "1999-01-01"}


@pytest.mark.parametrize(
    "sent",
    [
        "2026-09-21T13:33:20Z",
        "2026-09-21T13:33:20",
        "2026-09-21 13:33:20.000",
        "2026-09-21T15:33:20+02:00",
        1_789_997_600,
        1_789_997_600_000,
        1_789_997_600.0,
    ],
)
def test_spellings_of_one_moment(sent: Any) -> None:
    """ISO with zone, offset or none (which is UTC), epoch seconds and milliseconds all mean the same moment."""
    assert epoch_ms(sent) == 1_789_997_600_000


@given(
    st.datetimes(min_value=EARLY, max_value=LATE),
    st.sampled_from(["Z", "", "+00:00"]),
)
def test_iso_without_zone_is_utc(moment: datetime, zone: str) -> None:
    """A time without a zone is UTC."""
    assert epoch_ms(moment.isoformat() + zone) == round(moment.replace(tzinfo=UTC).timestamp() * 1000)


@given(st.text(max_size=30) | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_no_time_breaks_the_clamp(value: Any) -> None:
    """Whatever is sent as a time, the event gets one that may be stored."""
    at, flag = clamp(value, NOW, NOW - 7 * DAY, NOW + 600_000)
    assert NOW - 7 * DAY <= at <= NOW + 600_000
    assert flag in ("", "too_old", "ahead", "invalid")


@given(
    st.integers(0, 63),
    st.lists(
        st.tuples(st.integers(1, 2**46), st.integers(1, 1000)), max_size=5, unique_by=lambda item: item[0]
    ),
)
def test_ids_never_meet(node: int, entries: list[tuple[int, int]]) -> None:
    """Ids of different nodes, entries and places differ, fit into 63 bits, and grow with the entry."""
    enricher = Enricher.__new__(Enricher)
    enricher.node = node
    ids = [enricher.event_id(seq, index) for seq, count in sorted(entries) for index in (0, count - 1)]
    assert ids == sorted(ids)
    assert len({enricher.event_id(seq, index) for seq, count in entries for index in range(count)}) == sum(
        count for _, count in entries
    )
    assert all(0 < item < 2**63 and item >> 57 == node for item in ids)


def test_subject(enricher: Enricher) -> None:
    """What an event is about: its name, its page's route, its endpoint without ids, or its action."""
    assert one(enricher, name="N", action="a")["name"] == "N"
    assert one(enricher, type="page_view", page="https://x.org/orders/8841?q=1")["name"] == "/orders/[id]"
    assert one(enricher, endpoint="/api/orders/8841", method="GET")["name"] == "GET /api/orders/[id]"
    assert one(enricher, endpoint="orders.select")["name"] == "orders.select"
    assert one(enricher, action="buy")["name"] == "buy"


LIFTED: list[Any] = [
    ({"duration_ms": 5}, "duration_ms", 5.0),
    ({"total_duration_ms": 6}, "duration_ms", 6.0),
    ({"recovery_time_ms": 7}, "duration_ms", 7.0),
    ({"latency_ms": 8}, "duration_ms", 8.0),
    ({"execution_time_ms": 9}, "duration_ms", 9.0),
    ({"status_code": 503}, "status", 503),
    ({"status": 200}, "status", 200),
    ({"status": 99_999}, "status", None),
    ({"endpoint": "/api/x/77123", "method": "GET"}, "name", "GET /api/x/[id]"),
    ({"metric": "LCP", "value": 2.5}, "name", "LCP"),
    ({"metric": "LCP", "value": 2.5}, "value", 2.5),
    ({"duration_ms": "fast"}, "duration_ms", None),
]


@pytest.mark.parametrize(("data", "column", "expected"), LIFTED)
@pytest.mark.parametrize("place", ["data", "metadata"])
def test_lift(enricher: Enricher, place: str, data: dict[str, Any], column: str, expected: Any) -> None:
    """The documents' timings, states and subjects inside the free data become columns; another shape is left alone."""
    row = one(enricher, type="api_latency", **{place: data})
    assert row[column] == expected
    assert msgspec.json.decode(row["attributes"]) == data


def test_own_fields_win_over_lifted_ones(enricher: Enricher) -> None:
    """What the event itself says is not overwritten by its data."""
    row = one(
        enricher,
        type="api_call",
        duration=1,
        status=200,
        method="PUT",
        endpoint="/a",
        metadata={"duration_ms": 9, "status": 500, "method": "GET", "endpoint": "/b"},
    )
    assert (row["duration_ms"], row["status"], row["name"]) == (1, 200, "PUT /a")


def test_data_and_metadata_are_merged(enricher: Enricher) -> None:
    """An event with both keeps both; metadata wins where they meet."""
    assert msgspec.json.decode(one(enricher, data={"a": 1, "b": 1}, metadata={"b": 2})["attributes"]) == {
        "a": 1,
        "b": 2,
    }


def test_devices(enricher: Enricher) -> None:
    """Device and browser come from the event's agent, else the request's; a device type that was sent wins."""
    assert one(enricher, agent=IPHONE)["device_type"] == "mobile"
    assert one(enricher, userAgent=IPHONE)["browser"] == "Mobile Safari"
    assert one(enricher, agent=IPHONE, deviceType="tv")["device_type"] == "tv"
    assert one(enricher)["region"] == "DE"
    assert one(enricher, region="FR")["region"] == "FR"


@given(st.lists(st.none() | st.floats(allow_nan=False), max_size=20))
def test_bounded_numbers_fit_the_columns(numbers: list[float | None]) -> None:
    """No duration is infinite as Float32 and no sum of a billion of them as Float64; the usual ones are untouched."""
    for limit in LARGEST.values():
        found = bounded(numbers, limit)
        assert [value is None for value in found] == [value is None for value in numbers]
        for before, after in zip(numbers, found, strict=True):
            if before is not None and after is not None:
                assert after == before or abs(before) > limit
                assert math.isfinite(after * 1e9)
    durations = [value for value in bounded(numbers, LARGEST["duration_ms"]) if value is not None]
    assert all(map(math.isfinite, array("f", durations)))
