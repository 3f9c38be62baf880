"""Playing the shop's stream: the past at once, the present in its own time."""

from collections.abc import Iterator

import pytest

from holdfast_server.cli.demo.play import Play
from holdfast_server.cli.demo.shop.client import Event
from holdfast_server.cli.demo.shop.rhythm import SLOT_MS
from holdfast_server.cli.demo.shop.traffic import Span
from holdfast_server.model.clock import ManualClock

NOW_MS = 100 * SLOT_MS


class Received:
    """What arrived, and when by the clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.events: list[tuple[int, int]] = []

    def send(self, event: Event) -> None:
        self.events.append((event.at_ms, self.clock.now_ms()))


class Enough(Exception):
    pass


def every_minute(from_ms: int) -> Iterator[Span]:
    """A stream with one event a minute."""
    for slot_ms in range(from_ms, NOW_MS * 2, SLOT_MS):
        yield Span(
            slot_ms,
            1.0,
            [Event(at_ms, "page_view", None, {}) for at_ms in range(slot_ms, slot_ms + SLOT_MS, 60_000)],
        )


def play() -> tuple[Play, Received, ManualClock]:
    clock = ManualClock(NOW_MS + 90_000)
    received = Received(clock)
    return Play(every_minute(NOW_MS - 2 * SLOT_MS), received, clock, clock.advance_s), received, clock


def test_the_past_is_sent_at_once() -> None:
    """Catching up sends everything up to now, nothing of the future, and takes no time of its own."""
    playing, received, clock = play()
    heard: list[Span] = []
    playing.catch_up(heard.append)
    assert [at_ms for at_ms, _ in received.events] == list(
        range(NOW_MS - 2 * SLOT_MS, NOW_MS + 90_000, 60_000)
    )
    assert clock.now_ms() == NOW_MS + 90_000
    assert [span.from_ms for span in heard] == [NOW_MS - 2 * SLOT_MS, NOW_MS - SLOT_MS]


def test_the_present_is_sent_in_time() -> None:
    """Afterwards each event is sent when its time has come: none is left out, none early, none late by more than a nap."""
    playing, received, _ = play()
    playing.catch_up(lambda _: None)
    received.events.clear()

    def watch() -> None:
        if len(received.events) >= 30:
            raise Enough

    with pytest.raises(Enough):
        playing.go_on(watch)
    assert [at_ms for at_ms, _ in received.events] == [NOW_MS + 120_000 + 60_000 * n for n in range(30)]
    assert all(0 <= sent_ms - at_ms <= 1_000 for at_ms, sent_ms in received.events)


def test_it_is_known_how_far_it_came() -> None:
    """The time of the last event sent is where the next run takes the stream up."""
    playing, received, _ = play()
    playing.catch_up(lambda _: None)
    assert playing.sent_to_ms == received.events[-1][0]
    assert playing.sent == len(received.events)
