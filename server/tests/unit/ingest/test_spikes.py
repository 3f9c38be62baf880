"""Spike protection: exact counts, a sample of bodies, bounded memory."""

from typing import Any

import pytest

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.enrich import Arrival, Enricher
from holdfast_server.ingest.occurrences import Occurred, Occurrences
from holdfast_server.ingest.spikes import BODY_TAG, BODY_WORD, SpikeProtection, in_sample
from holdfast_server.ingest.useragent import UserAgents
from holdfast_server.model.issue import IssueDelta

NOW = 1_795_000_020_000
MINUTE = 60_000


def report(issue: str = "i", **fields: Any) -> Report:
    whole = {
        "error_type": "E",
        "message": "m",
        "issue_id": issue,
        "stack": "E: m\n    at f (/a.js:1:1)",
        "context": {"k": 1},
    }
    return Report(**{**whole, **fields})


def has_body(protection: SpikeProtection, issue: str = "i", *, at: int = NOW, project: int = 1) -> bool:
    what = report(issue)
    assert protection(Arrival(1, project, at, "", ""), what) == ""
    assert (BODY_TAG in what.tags) != bool(what.stack and what.context)
    return bool(what.stack)


def test_the_first_of_a_minute_are_whole() -> None:
    """An issue below the rate loses nothing, and each minute begins anew."""
    protection = SpikeProtection(per_issue=5, new_issues=0)
    for minute in range(3):
        assert all(has_body(protection, at=NOW + minute * MINUTE) for _ in range(5))
    assert [has_body(protection, at=NOW + 2 * MINUTE) for _ in range(2)] == [True, False]


def test_the_sample_grows_slowly_and_never_ends() -> None:
    """Ten thousand a minute keep a few hundred bodies, the last of them near the end."""
    protection = SpikeProtection(per_issue=100, new_issues=0)
    kept = [number for number in range(1, 10_001) if has_body(protection)]
    assert kept[:100] == list(range(1, 101))
    assert len(kept) < 500
    assert 10_000 - kept[-1] < 128


@pytest.mark.parametrize(
    ("number", "kept"),
    [(10, True), (11, False), (12, True), (21, False), (22, False), (24, True), (48, True)],
)
def test_in_sample(number: int, kept: bool) -> None:
    """Beyond the first ten every 2nd, beyond twenty every 4th, beyond forty every 8th."""
    assert in_sample(number, 10) is kept


def test_issues_do_not_share_a_rate() -> None:
    """A burst of one issue takes nothing from another, nor from the same one in another project."""
    protection = SpikeProtection(per_issue=2, new_issues=0)
    for _ in range(50):
        has_body(protection, "loud")
    assert has_body(protection, "quiet")
    assert has_body(protection, "loud", project=2)


def test_new_issues_share_a_rate() -> None:
    """Ten thousand issues that nobody saw before keep a thousand bodies; those known before keep theirs."""
    protection = SpikeProtection(per_issue=100, new_issues=1_000)
    assert has_body(protection, "known", at=NOW - MINUTE)
    kept = sum(has_body(protection, f"new {number}") for number in range(10_000))
    assert kept == 1_000
    assert has_body(protection, "known")
    assert has_body(protection, "another", project=2)
    assert has_body(protection, "next minute", at=NOW + MINUTE)


def test_memory_is_bounded() -> None:
    """However many issues come, so many are remembered: those seen longest ago go first."""
    protection = SpikeProtection(per_issue=2, new_issues=0, remembered=1_000)
    for number in range(50_000):
        has_body(protection, f"new {number}")
    assert len(protection.seen) == 1_000
    assert [has_body(protection, "new 49999") for _ in range(3)] == [True, False, True]


def test_no_limit() -> None:
    """0 keeps every body."""
    protection = SpikeProtection(per_issue=0, new_issues=0)
    assert all(has_body(protection) for _ in range(1_000))


def test_feedback_keeps_its_words() -> None:
    """What people wrote is no burst."""
    protection = SpikeProtection(per_issue=1, new_issues=1)
    for _ in range(3):
        what = report(tags={"feedbackId": "f"})
        protection(Arrival(1, 1, NOW, "", ""), what)
        assert what.context


class Block:
    """What the drainer fills."""

    def __init__(self) -> None:
        self.deltas: dict[str, IssueDelta] = {}
        self.rows: list[dict[str, Any]] = []

    def add(self, table: str, columns: dict[str, list[Any]]) -> None:
        assert table == "errors"
        count = len(columns["id"])
        self.rows += [{name: values[row] for name, values in columns.items()} for row in range(count)]

    def filtered(self, arrival: Arrival, category: str, reason: str) -> None:
        raise AssertionError(reason)


def test_a_burst_is_counted_exactly() -> None:
    """Every occurrence is a row and counts; a stripped one keeps what it is listed by, and says why its body is missing."""
    enricher = Enricher(UserAgents(), node=0, max_age_s=86_400)
    occurrences = Occurrences(enricher, after=[SpikeProtection(per_issue=10, new_issues=0)])
    block = Block()
    for number in range(1, 1_001):
        fresh = report(user_id=f"u{number}", release="1.0", at=NOW + number)
        occurrences.add(block, [Occurred(Arrival(number, 1, NOW, "", ""), number, fresh)], "error")
    assert len(block.rows) == 1_000
    assert block.deltas["i"].count == 1_000
    whole = [row for row in block.rows if row["stack"]]
    stripped = [row for row in block.rows if not row["stack"]]
    assert 10 < len(whole) < 100
    assert all(BODY_WORD in row["tags"].decode() for row in stripped)
    last = stripped[-1]
    assert (last["error_type"], last["user_id"], last["release"], last["context"]) == (
        "E",
        "u1000",
        "1.0",
        b"{}",
    )


def test_the_issue_shows_the_newest_whole_one() -> None:
    """A stripped occurrence does not take the stack from the issue's sample, nor its words from the search."""
    enricher = Enricher(UserAgents(), node=0, max_age_s=86_400)
    occurrences = Occurrences(enricher, after=[SpikeProtection(per_issue=1, new_issues=0)])
    block = Block()
    for number, message in enumerate(("first", "second", "third"), start=1):
        what = report(message=message, at=NOW + number)
        occurrences.add(block, [Occurred(Arrival(number, 1, NOW, "", ""), number, what)], "error")
    found = block.deltas["i"]
    assert (found.message, found.last_seen_ms) == ("third", NOW + 3)
    assert "/a.js" in found.sample
    assert "/a.js" in found.search_text
