"""The ledger's front end: what is counted, what clients may say, and counts that a full spool gives back."""

from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.errors import SpoolFull
from holdfast_server.ingest.decode.native import ClientDrop, Refusal
from holdfast_server.ingest.ledger import Ledger, client_outcome, decode, encode, of_batch, stable_word
from holdfast_server.ingest.spool import Entry, Receipt
from holdfast_server.model.clock import ManualClock
from holdfast_server.model.outcome import Outcome, OutcomeCount

MINUTE_MS = 60_000


class FakeSpool:
    """Takes entries, or is full."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.full = False

    def put(self, entry: Entry) -> "Future[Receipt]":
        done: Future[Receipt] = Future()
        if self.full:
            done.set_exception(SpoolFull("full"))
        else:
            self.entries.append(entry)
            done.set_result(Receipt(0, 0, False))
        return done


@pytest.fixture
def spool() -> FakeSpool:
    return FakeSpool()


@pytest.fixture
def ledger(spool: Any) -> Ledger:
    return Ledger(spool, ManualClock(10 * MINUTE_MS + 5))


def written(spool: FakeSpool) -> list[OutcomeCount]:
    return [row for entry in spool.entries for row in decode(entry.outcomes or b"[]")]


def test_counts_are_summed_by_minute(ledger: Ledger, spool: FakeSpool) -> None:
    """The same fate in the same minute is one row."""
    for _ in range(3):
        ledger.count(1, Outcome.INVALID, "bad_input")
    ledger.count(1, Outcome.LIMITED, "rate", 20)
    ledger.flush()
    assert written(spool) == [
        OutcomeCount(1, 10 * MINUTE_MS, Outcome.INVALID, "bad_input", "event", 3),
        OutcomeCount(1, 10 * MINUTE_MS, Outcome.LIMITED, "rate", "event", 20),
    ]


def test_nothing_counted_is_nothing_written(ledger: Ledger, spool: FakeSpool) -> None:
    """An idle second puts nothing into the spool."""
    assert ledger.flush() is None
    assert spool.entries == []


def test_full_spool_gives_counts_back(ledger: Ledger, spool: FakeSpool) -> None:
    """Counts that the spool has no room for wait for the next flush, and are there once."""
    ledger.count(1, Outcome.LIMITED, "spool_full", 7)
    spool.full = True
    ledger.flush()
    spool.full = False
    ledger.count(1, Outcome.LIMITED, "spool_full", 1)
    ledger.flush()
    ledger.flush()
    assert [row.quantity for row in written(spool)] == [8]


def test_totals_leave_out_what_clients_say(ledger: Ledger) -> None:
    """/metrics counts what the server did; a client's words would be endless labels."""
    rows = of_batch(1, 0, [Refusal(0, "too_large", "m", "p")], [ClientDrop("anything", 5)], filtered=2)
    ledger.note(rows)
    assert dict(ledger.totals) == {(Outcome.INVALID, "too_large"): 1, (Outcome.FILTERED, "analytics_off"): 2}


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("sample_rate", "sampled"),
        ("ratelimit", "limited"),
        ("buffer_full", "limited"),
        ("before_send", "filtered"),
        ("consent_denied", "filtered"),
        ("invalid_event", "invalid"),
        ("whatever", "limited"),
    ],
)
def test_client_reasons(reason: str, outcome: str) -> None:
    """A client's reason stands for one of the outcomes; a word that we don't know was a limit of its own."""
    assert client_outcome(reason) == outcome


@pytest.mark.parametrize(
    "text", ["Joe", "a b", "", "x" * 65, "a@b.org", "s.123-45-6789", "c.4242424242424242", "t.201-555-0123"]
)
def test_words_that_are_none(text: str) -> None:
    """Text that may be personal is not kept as a reason."""
    assert stable_word(text, "other") == "other"


@given(
    st.lists(
        st.builds(ClientDrop, st.text(max_size=64), st.integers(0, 10**9), st.text(max_size=32)), max_size=8
    ),
    st.integers(0, 100),
)
def test_nothing_is_lost(dropped: list[ClientDrop], filtered: int) -> None:
    """Whatever a client says it dropped adds up to the rows, and they survive the way to the disk."""
    rows = of_batch(3, 125_000, [], dropped, filtered=filtered)
    assert sum(row.quantity for row in rows) == sum(drop.quantity for drop in dropped) + filtered
    assert {row.minute_ms for row in rows} <= {120_000}
    assert decode(encode(rows)) == rows
