"""The corner shop: a believable, repeatable stream of events with the troubles that its story tells."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice, takewhile
from random import Random

import msgspec
import pytest

from holdfast._config import TelemetryConfig
from holdfast._drops import DropCounts
from holdfast._packing import Packer
from holdfast._scope import Scope
from holdfast_server.cli.demo.shop import stacks
from holdfast_server.cli.demo.shop.client import Event
from holdfast_server.cli.demo.shop.faults import FAULTS, Fault, report
from holdfast_server.cli.demo.shop.rhythm import DAY_MS, HOUR_MS, SLOT_MS, VISITS_PER_SLOT, Growth, demand
from holdfast_server.cli.demo.shop.story import Story, Trouble, tell
from holdfast_server.cli.demo.shop.traffic import spans
from holdfast_server.cli.demo.shop.visit import LONGEST_MS, visit
from holdfast_server.cli.demo.shop.visitors import AGENTS, somebody
from holdfast_server.cli.demo.shop.world import REGIONS
from holdfast_server.ingest.decode.native import decode_batch
from holdfast_server.ingest.scrub import Scrubber
from holdfast_server.ingest.useragent import UserAgents
from holdfast_server.insight.catalogue import CATALOGUE, Facts
from holdfast_server.insight.grouping import group_of, parse_chain

NOW_MS = 1_795_190_400_000  # Friday, 20 November 2026, 16:00 UTC
FULL = Growth(0, 0, 0)
WORDS = {"product": 123, "order": "9f31c2ab", "cart": "0a1b2c3d", "chunk": 417, "n": 16, "country": "DE"}


def story(seed: int = 7, days: int = 14) -> Story:
    return tell(seed, NOW_MS, NOW_MS, days)


def events(told: Story, from_ms: int, to_ms: int, growth: Growth = FULL) -> list[Event]:
    """What happens in a full shop between two times."""
    stream = chain.from_iterable(span.events for span in spans(told, growth, from_ms))
    return list(takewhile(lambda event: event.at_ms < to_ms, stream))


def value(happened: Iterable[Event], metric: str, component: str = "") -> float:
    counts = Counter(
        event.kind for event in happened if not component or event.fields.get("component") == component
    )
    found = CATALOGUE[metric].compute(Facts(counts, {})).value
    assert found is not None
    return found


def p95(happened: Iterable[Event]) -> float:
    durations = sorted(event.fields["duration"] for event in happened if event.kind == "api_call")
    return float(durations[len(durations) * 95 // 100])


def trouble(told: Story, kind: str) -> Trouble:
    return next(item for item in told.troubles if item.kind == kind)


@pytest.fixture(scope="module")
def quiet() -> list[Event]:
    """Eight hours of a day on which nothing is told to go wrong."""
    begin = NOW_MS // DAY_MS * DAY_MS - 10 * DAY_MS + 10 * HOUR_MS
    return events(story(), begin, begin + 8 * HOUR_MS)


def test_the_same_seed_tells_the_same() -> None:
    """A seed and a time make one stream of events; another seed makes another."""
    begin = NOW_MS - 9 * DAY_MS
    first, again = (events(story(7), begin, begin + HOUR_MS) for _ in range(2))
    assert first == again
    assert first != events(story(8), begin, begin + HOUR_MS)


def test_the_stream_can_be_taken_up_later() -> None:
    """Stopped at any event and taken up there, the stream goes on as if it had never stopped."""
    begin, end = NOW_MS - 9 * DAY_MS, NOW_MS - 9 * DAY_MS + 3 * HOUR_MS
    whole = events(story(), begin, end)
    stopped_ms = whole[len(whole) // 2].at_ms
    assert events(story(), stopped_ms, end) == [event for event in whole if event.at_ms > stopped_ms]


def test_events_come_in_order(quiet: list[Event]) -> None:
    """The stream is in the order of time, so that history can be cut at any moment."""
    times = [event.at_ms for event in quiet]
    assert times == sorted(times)


def test_no_visit_goes_on_for_ever() -> None:
    """A visit and its orders end within the time after which a stream is taken up."""
    told, rng = story(), Random(3)
    for _ in range(300):
        at_ms = NOW_MS - rng.randrange(13 * DAY_MS)
        found = visit(told, rng, somebody(7, rng, REGIONS[0]), at_ms)
        assert at_ms <= min(event.at_ms for event in found)
        assert max(event.at_ms for event in found) < at_ms + LONGEST_MS


def test_the_server_takes_every_event(quiet: list[Event]) -> None:
    """As the Python client packs them, no event is refused, and none holds anything that looks personal."""
    packer = Packer(TelemetryConfig(endpoint="http://127.0.0.1", max_payload_bytes=1_000_000), DropCounts())
    scrubber = Scrubber()
    bad_release = events(story(), NOW_MS - 6 * DAY_MS, NOW_MS - 6 * DAY_MS + HOUR_MS)
    for batch in _batches([*quiet[:20_000], *bad_release]):
        records = [
            (event.kind, 0.0, Scope(), event.data, {"timestamp": event.at_ms, **event.fields})
            for event in batch
        ]
        for packed in packer.pack(records):
            body = b'{"events":' + _json(packed.events) + b"}"
            decoded = decode_batch(body, max_events=100)
            assert not decoded.refused
            assert b"REDACTED" not in body
            assert scrubber.scrub_event_json(body) == body


def test_every_event_says_when_and_who(quiet: list[Event]) -> None:
    """Browser events carry a session, a person or an anonymous id, a release and a browser."""
    for event in quiet:
        if event.kind not in ("order_event", "deployment", "error"):
            assert event.fields["session_id"]
            assert event.fields["anonymous_id"]
            assert event.fields["release"]
            assert event.fields["user_agent"]


def test_a_quiet_day_is_healthy(quiet: list[Event]) -> None:
    """Without a trouble every rate is on the good side of its threshold, and errors are rare."""
    assert value(quiet, "rollback_rate") < 0.02
    assert value(quiet, "retry_success_rate") > 0.85
    assert value(quiet, "error_recovery_rate") > 0.90
    assert value(quiet, "error_rate") < 0.01


def test_the_bad_release_rolls_back_the_cart() -> None:
    """Between releases 2.3.0 and 2.3.1 more than 12 % of the additions to the cart roll back; before, hardly any."""
    told = story()
    bad_ms, mended_ms = told.releases[1].at_ms, told.releases[2].at_ms
    during = events(told, bad_ms + HOUR_MS, mended_ms)
    before = events(told, bad_ms - 5 * HOUR_MS, bad_ms)
    after = events(told, mended_ms + 3 * HOUR_MS, mended_ms + 8 * HOUR_MS)
    assert value(during, "rollback_rate", "AddToCartButton") > 0.12
    assert value(before, "rollback_rate", "AddToCartButton") < 0.03
    assert value(after, "rollback_rate", "AddToCartButton") < 0.03


def test_the_api_flaps(quiet: list[Event]) -> None:
    """While the product API flaps there are many retries, few of them succeed, and pages recover less."""
    flapping = trouble(story(), "flapping catalogue")
    during = events(story(), flapping.from_ms, flapping.to_ms)
    hours = (flapping.to_ms - flapping.from_ms) / HOUR_MS
    assert _count(during, "retry_attempt") / hours > 5 * _count(quiet, "retry_attempt") / 8
    assert value(during, "retry_success_rate") < 0.60
    assert value(during, "error_recovery_rate") < 0.90
    assert p95(during) > 1.3 * p95(quiet)


def test_the_database_is_slow(quiet: list[Event]) -> None:
    """On the evening of the slow database the slow end of the calls is three times as long."""
    slow = trouble(story(), "slow database")
    assert p95(events(story(), slow.from_ms, slow.to_ms)) > 3 * p95(quiet)


def test_something_is_wrong_now() -> None:
    """At each start of the demo a mild trouble is under way: retries fail and additions to the cart roll back."""
    later_ms = NOW_MS + 3 * DAY_MS
    for told, now_ms in ((story(), NOW_MS), (tell(7, NOW_MS, later_ms, 14), later_ms)):
        during = events(told, now_ms - 40 * 60_000, now_ms + 40 * 60_000)
        assert value(during, "retry_success_rate") < 0.80
        assert 0.05 < value(during, "rollback_rate", "AddToCartButton") < 0.25


def test_life_goes_on_after_the_story() -> None:
    """In the week after the first start new troubles come by themselves, and most hours are free of them."""
    hours = [bool(story().at(NOW_MS + DAY_MS + hour * HOUR_MS)) for hour in range(7 * 24)]
    assert 5 < sum(hours) < len(hours) / 2


@pytest.mark.parametrize("days", [1, 3, 7, 14, 28])
def test_the_story_fits_the_days(days: int) -> None:
    """However many days there are, all of the story lies within them and before now."""
    told = story(days=days)
    begin_ms = NOW_MS - days * DAY_MS
    assert all(begin_ms < item.at_ms < NOW_MS for item in told.releases[1:])
    assert all(begin_ms < item.from_ms < item.to_ms < NOW_MS for item in told.troubles[:-1])
    assert [item.at_ms for item in told.releases] == sorted(item.at_ms for item in told.releases)


def test_nobody_comes_at_four_in_the_morning() -> None:
    """A region's evening brings more than twice the visitors of its night; over a week the shop's average is kept."""
    germany = REGIONS[0]
    night, evening = NOW_MS // DAY_MS * DAY_MS + 3 * HOUR_MS, NOW_MS // DAY_MS * DAY_MS + 19 * HOUR_MS
    assert demand(germany, evening) > 2 * demand(germany, night)
    week = range(NOW_MS, NOW_MS + 7 * DAY_MS, SLOT_MS)
    assert sum(FULL.visits_expected(slot) for slot in week) / len(week) == pytest.approx(
        VISITS_PER_SLOT, rel=0.03
    )


def test_history_is_of_the_size_that_loads() -> None:
    """Two weeks hold 150,000 to 300,000 events (about 34 a visit), most of them in the last days."""
    growth = Growth(NOW_MS, NOW_MS - 14 * DAY_MS, NOW_MS)
    slots = range(NOW_MS - 14 * DAY_MS, NOW_MS, SLOT_MS)
    visits = sum(growth.visits_expected(slot) for slot in slots)
    assert 150_000 < visits * 34 < 300_000


def test_a_long_break_is_made_up_for_sparsely() -> None:
    """After ten days of standstill the gap is filled thinly, its last day fully, and what was told before is not changed."""
    stopped_ms, started_ms = NOW_MS + DAY_MS, NOW_MS + 11 * DAY_MS
    growth = Growth(NOW_MS, stopped_ms, started_ms)
    assert growth.level(stopped_ms - HOUR_MS) == 1.0
    assert growth.level(stopped_ms + HOUR_MS) < 0.2
    assert growth.level(started_ms - HOUR_MS) == 1.0


def test_there_are_25_to_40_issues() -> None:
    """The shop's faults are 25 to 40 issues: each a type and a place of its own."""
    groups = {_group(fault, AGENTS[0].engine) for fault in FAULTS}
    assert 25 <= len(groups) <= 40
    assert len(groups) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.error_type} in {fault.component}")
def test_a_fault_is_one_issue_in_every_browser(fault: Fault) -> None:
    """Chrome, Firefox and Safari print other stacks, each release has other asset names: the server sees one issue."""
    groups = {_group(fault, agent.engine, release) for agent in AGENTS for release in ("2.2.0", "2.4.0")}
    assert len(groups) == 1


def test_stacks_read_as_the_engines_print_them() -> None:
    """Chrome names the error and says `at`, Firefox and Safari say `function@address`, Python prints a traceback."""
    v8 = stacks.javascript("v8", "TypeError", "x is null", ("sum cart.js:1",), "2.4.0").splitlines()
    gecko = stacks.javascript("gecko", "TypeError", "x is null", ("sum cart.js:1",), "2.4.0").splitlines()
    python = stacks.python(
        "KeyError", "'a'", ("shop/cart.py:31 sum | return a['a']",), job=False
    ).splitlines()
    assert v8[0] == "TypeError: x is null"
    assert v8[1].startswith("    at sum (https://www.cornershop.example/assets/cart-")
    assert gecko[0].startswith("sum@https://www.cornershop.example/assets/cart-")
    assert python[0] == "Traceback (most recent call last):"
    assert python[-3:] == [
        '  File "/app/shop/cart.py", line 31, in sum',
        "    return a['a']",
        "KeyError: 'a'",
    ]


def test_people_come_with_common_browsers() -> None:
    """Chrome, Safari, Firefox and Edge, on phones and desktops, as the server reads their user agents."""
    agents = UserAgents()
    parsed = [agents.parse(agent.header) for agent in AGENTS]
    assert {"Chrome", "Safari", "Firefox", "Edge", "Mobile Safari"} <= {agent.browser for agent in parsed}
    assert {"desktop", "mobile", "tablet"} == {agent.device_type for agent in parsed}


def test_staging_tries_the_next_release() -> None:
    """On a working day some visits are the team's, on staging, with the release that is live only later."""
    told = story()
    live_ms = told.releases[3].at_ms
    seen = {
        (event.fields["environment"], event.fields["release"])
        for event in events(told, live_ms - 22 * HOUR_MS, live_ms - 18 * HOUR_MS)
    }
    assert ("staging", "2.4.0") in seen
    assert ("production", "2.4.0") not in seen


def _group(fault: Fault, engine: str, release: str = "2.3.1") -> str:
    agent = next(agent for agent in AGENTS if agent.engine == engine)
    data = report(fault, WORDS, agent, release)
    chain = parse_chain(data["stack"])
    return group_of(chain, error_type=data["errorType"], message=data["message"]).fingerprint


def _count(happened: Iterable[Event], kind: str) -> int:
    return sum(event.kind == kind for event in happened)


def _batches(happened: list[Event]) -> Iterable[list[Event]]:
    rest = iter(happened)
    while batch := list(islice(rest, 100)):
        yield batch


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
