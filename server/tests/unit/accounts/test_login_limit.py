"""The pause between attempts to log in."""

import pytest

from holdfast_server.accounts.login_limit import ENTRIES_MAX, FREE, LoginLimit
from holdfast_server.errors import TooMany
from holdfast_server.model.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def limit(clock: ManualClock) -> LoginLimit:
    return LoginLimit(clock)


def refused_for_s(limit: LoginLimit, email: str = "ann@example.org", address: str = "10.0.0.1") -> int:
    """0 when the attempt may be made."""
    try:
        limit.take(email, address)
    except TooMany as exc:
        return exc.retry_after_s
    return 0


def test_free_attempts(limit: LoginLimit) -> None:
    """A few attempts may follow each other at once; then there is a pause."""
    assert [refused_for_s(limit) for _ in range(FREE)] == [0] * FREE
    assert refused_for_s(limit) > 0


def test_growing_pause(limit: LoginLimit, clock: ManualClock) -> None:
    """Each further attempt doubles the pause, up to a quarter of an hour."""
    for _ in range(FREE):
        limit.take("ann@example.org", "10.0.0.1")
    pauses = []
    for _ in range(12):
        pauses.append(refused_for_s(limit) - 1)
        clock.advance_s(pauses[-1])
        assert refused_for_s(limit) == 0
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_trying_in_a_pause(limit: LoginLimit, clock: ManualClock) -> None:
    """Attempts that were refused don't make the pause longer."""
    for _ in range(FREE):
        limit.take("ann@example.org", "10.0.0.1")
    for _ in range(100):
        assert refused_for_s(limit) > 0
    clock.advance_s(1)
    assert refused_for_s(limit) == 0


def test_others_are_free(limit: LoginLimit) -> None:
    """The pause holds for one person from one address: a guesser elsewhere does not lock them out."""
    while refused_for_s(limit) == 0:
        pass
    assert refused_for_s(limit, address="10.0.0.2") == 0
    assert refused_for_s(limit, email="bob@example.org") == 0
    assert refused_for_s(limit, email="ANN@example.org") > 0


def test_clear(limit: LoginLimit) -> None:
    """A login that worked forgets the failures."""
    while refused_for_s(limit) == 0:
        pass
    limit.clear("Ann@Example.org", "10.0.0.1")
    assert refused_for_s(limit) == 0


def test_forgotten_with_time(limit: LoginLimit, clock: ManualClock) -> None:
    """After an hour of peace the count starts again."""
    while refused_for_s(limit) == 0:
        pass
    clock.advance_s(3600)
    assert [refused_for_s(limit) for _ in range(FREE)] == [0] * FREE


def test_bounded(limit: LoginLimit) -> None:
    """Guessing with ever new names does not fill the memory."""
    for number in range(ENTRIES_MAX + 50):
        limit.take(f"{number}@example.org", "10.0.0.1" * 1000)
    assert len(limit.tried) == ENTRIES_MAX
    assert max(len(address) for _, address in limit.tried) == 64
