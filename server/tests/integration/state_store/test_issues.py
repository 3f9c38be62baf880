"""Applying drained blocks to issues, and what people do with them."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from holdfast_server.model.issue import SEVERITIES, Issue, IssueCounts, IssueDelta
from holdfast_server.state_store import fingerprints, issue_actions, issues, projects
from holdfast_server.state_store.connect import StateStore


@pytest.fixture
def project_id(store: StateStore) -> int:
    return projects.create(store, name="Shop", slug="shop", created_at_ms=1)[0].id


def delta(project_id: int, issue_id: str = "a", **changes: object) -> IssueDelta:
    values: dict[str, object] = {
        "issue_id": issue_id,
        "project_id": project_id,
        "fingerprint_version": 1,
        "error_type": "TypeError",
        "message": "x is undefined",
        "culprit": "cart.js in add",
        "severity": "error",
        "count": 1,
        "first_seen_ms": 100,
        "last_seen_ms": 100,
        "release": "1.0",
        "environment": "production",
        "sample": "{}",
    }
    return IssueDelta(**(values | changes))  # type: ignore[arg-type]


def found(store: StateStore, project_id: int, issue_id: str = "a") -> Issue:
    issue = issues.get(store, project_id, issue_id)
    assert issue is not None
    return issue


def test_first_occurrence(store: StateStore, project_id: int) -> None:
    """A first delta makes an issue with all that it says."""
    one = delta(project_id, count=3, first_seen_ms=90, sample='{"stack":[]}', severity="critical")
    assert issues.apply(store, "spool", 1, [one]).new == ["a"]
    assert found(store, project_id) == Issue(
        id="a",
        project_id=project_id,
        fingerprint_version=1,
        error_type="TypeError",
        message="x is undefined",
        culprit="cart.js in add",
        severity="critical",
        status="new",
        resolved=False,
        frequency=3,
        first_seen_ms=90,
        last_seen_ms=100,
        first_release="1.0",
        last_release="1.0",
        environment="production",
        sample='{"stack":[]}',
    )


def test_newer_occurrence(store: StateStore, project_id: int) -> None:
    """A newer delta brings message, release and sample; the count adds up, and the first release stays."""
    issues.apply(store, "spool", 1, [delta(project_id)])
    newer = delta(project_id, count=2, last_seen_ms=200, message="y", release="2.0", sample="[2]")
    assert issues.apply(store, "spool", 2, [newer]).new == []
    issue = found(store, project_id)
    assert (issue.frequency, issue.first_seen_ms, issue.last_seen_ms) == (3, 100, 200)
    assert (issue.message, issue.first_release, issue.last_release, issue.sample) == (
        "y",
        "1.0",
        "2.0",
        "[2]",
    )


def test_late_occurrence(store: StateStore, project_id: int) -> None:
    """A delta that comes late moves first seen and first release back, and leaves the newest facts alone."""
    issues.apply(store, "spool", 1, [delta(project_id, sample="[1]")])
    late = delta(project_id, first_seen_ms=50, last_seen_ms=60, release="0.9", sample="[0]", message="old")
    issues.apply(store, "spool", 2, [late])
    issue = found(store, project_id)
    assert (issue.first_seen_ms, issue.last_seen_ms, issue.frequency) == (50, 100, 2)
    assert (issue.first_release, issue.last_release, issue.sample) == ("0.9", "1.0", "[1]")
    assert issue.message == "x is undefined"


@pytest.mark.parametrize("order", [("info", "critical", "warning"), ("critical", "info", "warning")])
def test_worst_severity(store: StateStore, project_id: int, order: tuple[str, ...]) -> None:
    """An issue is as severe as its worst occurrence, in whatever order they come."""
    for seq, severity in enumerate(order, start=1):
        issues.apply(store, "spool", seq, [delta(project_id, severity=severity)])
    assert found(store, project_id).severity == "critical"


def test_same_issue_twice_in_a_block(store: StateStore, project_id: int) -> None:
    """Two deltas of one issue in one block count both, and the issue is new once."""
    newer = delta(project_id, count=5, last_seen_ms=300, release="2.0", severity="critical")
    assert issues.apply(store, "spool", 1, [newer, delta(project_id, first_seen_ms=20)]).new == ["a"]
    issue = found(store, project_id)
    assert (issue.frequency, issue.first_seen_ms, issue.last_seen_ms) == (6, 20, 300)
    assert (issue.first_release, issue.last_release, issue.severity) == ("1.0", "2.0", "critical")


def test_same_block_again(store: StateStore, project_id: int) -> None:
    """A block that was applied already changes nothing, nor does an older one."""
    for seq in (5, 5, 4):
        issues.apply(store, "spool", seq, [delta(project_id)])
    assert found(store, project_id).frequency == 1
    assert issues.watermark(store, "spool") == 5


def test_spools_are_apart(store: StateStore, project_id: int) -> None:
    """Each spool has its own watermark."""
    for spool in ("one", "two"):
        issues.apply(store, spool, 5, [delta(project_id)])
    assert found(store, project_id).frequency == 2
    assert issues.watermark(store, "three") is None


def test_block_without_issues(store: StateStore) -> None:
    """A block without errors moves the watermark all the same."""
    assert issues.apply(store, "spool", 9, []).new == []
    assert issues.watermark(store, "spool") == 9


def test_unknown_project(store: StateStore, project_id: int) -> None:
    """A delta of a project that does not exist is left out; the others and the watermark go on."""
    assert issues.apply(store, "spool", 1, [delta(999, "lost"), delta(project_id)]).new == ["a"]
    assert issues.watermark(store, "spool") == 1


def test_hostile_text(store: StateStore, project_id: int) -> None:
    """No text that a client can send stops the drainer: it is made storable and cut."""
    bad = "\x00\ud800" * 5_000
    hostile = delta(project_id, message=bad, error_type=bad, culprit=bad, release=bad, environment=bad)
    issues.apply(store, "spool", 1, [hostile])
    issue = found(store, project_id)
    assert set(issue.message + issue.error_type + issue.culprit) == {"\ufffd"}
    assert (len(issue.message), len(issue.error_type), len(issue.last_release)) == (2000, 200, 200)


def test_huge_sample(store: StateStore, project_id: int) -> None:
    """A sample over the limit is left out whole: half of a JSON text is none."""
    issues.apply(store, "spool", 1, [delta(project_id, sample='"' + "a" * fingerprints.SAMPLE_LIMIT + '"')])
    assert found(store, project_id).sample == "{}"


def test_unknown_severity(store: StateStore, project_id: int) -> None:
    """A severity that is none of ours counts as an error."""
    issues.apply(store, "spool", 1, [delta(project_id, severity="catastrophic")])
    assert found(store, project_id).severity == "error"


def test_ten_thousand(store: StateStore, project_id: int) -> None:
    """Ten thousand issues fit into one block; none of them is new the second time."""
    many = [delta(project_id, f"{number:032x}") for number in range(10_000)]
    assert issues.apply(store, "spool", 1, many).new == [one.issue_id for one in many]
    assert issues.apply(store, "spool", 2, many).new == []
    assert issues.counts(store, project_id).unresolved == 10_000
    assert len(issues.known(store, project_id, [one.issue_id for one in many])) == 10_000


def test_known_and_get_stay_in_the_project(store: StateStore, project_id: int) -> None:
    """An issue is not found by way of another project."""
    issues.apply(store, "spool", 1, [delta(project_id, "a")])
    assert issues.known(store, project_id, ["a", "b"]) == {"a"}
    assert issues.known(store, project_id, []) == set()
    assert issues.known(store, project_id + 1, ["a"]) == set()
    assert issues.get(store, project_id + 1, "a") is None


def test_counts(store: StateStore, project_id: int) -> None:
    """Counts tell open from resolved, and the open ones by severity, zeros included."""
    block = [
        delta(project_id, name, severity=s) for name, s in (("a", "critical"), ("b", "info"), ("c", "info"))
    ]
    issues.apply(store, "spool", 1, block)
    issue_actions.resolve(store, project_id, ["c"], actor="a@b.c", at_ms=1)
    by_status = {"new": 2, "ongoing": 0, "regressed": 0, "resolved": 1, "ignored": 0}
    by_severity = {"critical": 1, "error": 0, "warning": 0, "info": 1}
    assert issues.counts(store, project_id) == IssueCounts(
        unresolved=2, resolved=1, by_severity=by_severity, by_status=by_status
    )


def test_two_drainers(store: StateStore, project_id: int) -> None:
    """Two drainers at the same time lose nothing, and each issue is called new by one of them only."""
    blocks = [[delta(project_id, f"{(seq * 7 + n) % 40}") for n in range(20)] for seq in range(15)]

    def drain(spool: str) -> list[str]:
        return [new for seq, block in enumerate(blocks) for new in issues.apply(store, spool, seq, block).new]

    with ThreadPoolExecutor(2) as pool:
        new = [issue_id for ids in pool.map(drain, ["one", "two"]) for issue_id in ids]
    assert sorted(new) == sorted({one.issue_id for block in blocks for one in block})
    assert sum(found(store, project_id, issue_id).frequency for issue_id in new) == 2 * 15 * 20


def test_two_drainers_of_one_spool(store: StateStore, project_id: int) -> None:
    """Two that drain the same spool by mistake count each block once."""

    def drain(_drainer: int) -> None:
        for seq in range(15):
            issues.apply(store, "spool", seq, [delta(project_id)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(drain, range(2)))
    assert found(store, project_id).frequency == 15


def test_resolving_while_draining(store: StateStore, project_id: int) -> None:
    """Somebody who resolves issues in any order while they are drained neither fails nor stops the drainer."""
    ids = [f"{number}" for number in range(50)]
    block = [delta(project_id, issue_id) for issue_id in ids]
    issues.apply(store, "spool", 0, block)

    def drain() -> None:
        for seq in range(1, 15):
            issues.apply(store, "spool", seq, block[::-1])

    def resolve() -> None:
        for turn in range(15):
            act = issue_actions.reopen if turn % 2 else issue_actions.resolve
            act(store, project_id, ids[::-1], actor="a@b.c", at_ms=turn)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(drain), pool.submit(resolve)]:
            done.result()
    assert {found(store, project_id, issue_id).frequency for issue_id in ids} == {15}


class CrashError(Exception):
    """The process dies."""


class Crashing(StateStore):
    """The same store for a process that dies after its statements and before its commit."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as connection:
            yield connection
            raise CrashError


@dataclass(frozen=True)
class Attempt:
    """One way in which the drainer may get a block applied: deaths before the commit, repetitions after it."""

    deaths: int
    repeats: int
    stale_repeat: bool


DELTAS = st.builds(
    lambda issue, amount, first, length, severity, sample: (
        issue,
        amount,
        first,
        first + length,
        severity,
        sample,
    ),
    st.sampled_from("abc"),
    st.integers(1, 1000),
    st.integers(0, 50),
    st.integers(0, 10),
    st.sampled_from(SEVERITIES),
    st.integers(0, 9),
)
ATTEMPTS = st.builds(Attempt, st.integers(0, 2), st.integers(0, 2), st.booleans())
RUNS = st.lists(st.tuples(st.lists(DELTAS, max_size=6), ATTEMPTS), max_size=6)
EXAMPLE = count()

Drawn = tuple[str, int, int, int, str, int]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(run=RUNS)
def test_exactly_once(store: StateStore, project_id: int, run: list[tuple[list[Drawn], Attempt]]) -> None:
    """However often the drainer dies and repeats itself, the totals are those of one pass over the deltas."""
    name = f"run{next(EXAMPLE)}-{time.monotonic_ns()}"
    dying = Crashing(store.engine)
    new: list[str] = []
    applied: list[list[IssueDelta]] = []
    for seq, (drawn, attempt) in enumerate(run, start=1):
        block = [made(project_id, name, one) for one in drawn]
        for _ in range(attempt.deaths):
            with pytest.raises(CrashError):
                issues.apply(dying, name, seq, block)
        new += issues.apply(store, name, seq, block).new
        applied.append(block)
        for _ in range(attempt.repeats):
            assert issues.apply(store, name, seq, block).new == []
        if attempt.stale_repeat:
            assert issues.apply(store, name, max(1, seq - 1), applied[max(0, seq - 2)]).new == []
    everything = [one for block in applied for one in block]
    assert sorted(new) == sorted({one.issue_id for one in everything})
    for issue_id in new:
        assert totals(found(store, project_id, issue_id)) == expected(
            [one for one in everything if one.issue_id == issue_id]
        )


def made(project_id: int, run: str, drawn: Drawn) -> IssueDelta:
    issue, amount, first, last, severity, sample = drawn
    return delta(
        project_id,
        f"{run}-{issue}",
        count=amount,
        first_seen_ms=first,
        last_seen_ms=last,
        severity=severity,
        sample=f"[{sample}]",
        release=f"{sample}",
    )


def totals(issue: Issue) -> tuple[object, ...]:
    return (
        issue.frequency,
        issue.first_seen_ms,
        issue.last_seen_ms,
        issue.severity,
        issue.sample,
        issue.last_release,
    )


def expected(deltas: Sequence[IssueDelta]) -> tuple[object, ...]:
    latest_ms = max(one.last_seen_ms for one in deltas)
    newest = [one for one in deltas if one.last_seen_ms == latest_ms][-1]
    return (
        sum(one.count for one in deltas),
        min(one.first_seen_ms for one in deltas),
        latest_ms,
        next(severity for severity in SEVERITIES if severity in {one.severity for one in deltas}),
        newest.sample,
        newest.release,
    )


def test_a_burst_keeps_the_whole_sample(store: StateStore, project_id: int) -> None:
    """An occurrence without a body counts and is the newest, but the sample and the searched text stay those of a whole one."""
    whole = delta(project_id, sample='{"stack":"whole"}', search_text="checkout")
    stripped = delta(
        project_id, sample='{"stack":""}', last_seen_ms=200_000_000, message="newest", whole=False
    )
    issues.apply(store, "spool", 1, [whole])
    issues.apply(store, "spool", 2, [stripped])
    issue = found(store, project_id)
    assert (issue.frequency, issue.message, issue.sample) == (2, "newest", '{"stack":"whole"}')


def test_a_burst_of_new_issues_has_samples(store: StateStore, project_id: int) -> None:
    """What came without a body only still says where it happened, and gives way to a whole one, also in one block."""
    stripped = delta(project_id, sample='{"page":"/x"}', whole=False)
    issues.apply(store, "spool", 1, [stripped])
    assert found(store, project_id).sample == '{"page":"/x"}'
    later = delta(project_id, sample='{"page":"/y"}', last_seen_ms=300, whole=False)
    issues.apply(store, "spool", 2, [delta(project_id, sample='{"stack":"w"}', last_seen_ms=200), later])
    assert found(store, project_id).sample == '{"stack":"w"}'
