"""Hashing and the policy."""

from typing import Any, Literal

import pytest
from argon2 import PasswordHasher

from holdfast_server.accounts.passwords import AT_ONCE, Passwords, refuse_weak, usual_hasher
from holdfast_server.errors import BadInput, TooMany


class CountingHasher(PasswordHasher):
    """Cheap, and remembers against which hashes it verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[Any] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's own name
        self.verified.append(hash)
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def passwords(hasher: CountingHasher) -> Passwords:
    return Passwords(hasher)


def test_round_trip(passwords: Passwords) -> None:
    """A password matches its hash, another one does not, and two hashes of one password differ."""
    kept = passwords.hash("correct horse")
    assert passwords.matches(kept, "correct horse")
    assert not passwords.matches(kept, "correct hors")
    assert kept != passwords.hash("correct horse")


def test_nobody_takes_as_long(passwords: Passwords, hasher: CountingHasher) -> None:
    """An unknown person costs one verification with the same parameters, and never matches."""
    assert not passwords.matches(None, "nobody has this password")
    assert len(hasher.verified) == 1
    assert not passwords.outdated(hasher.verified[0])


@pytest.mark.parametrize("kept", ["", "no hash", "$argon2id$v=19$broken"])
def test_broken_hash(passwords: Passwords, kept: str) -> None:
    """A hash that can't be read matches nothing, and does not fail."""
    assert not passwords.matches(kept, "correct horse")


def test_older_parameters(passwords: Passwords) -> None:
    """A hash made with older parameters verifies, and is called outdated."""
    old = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).hash("correct horse")
    assert passwords.matches(old, "correct horse")
    assert passwords.outdated(old)
    assert not passwords.outdated(passwords.hash("correct horse"))


def test_same_letters(passwords: Passwords) -> None:
    """An accent typed as one sign or as two is the same password."""
    assert passwords.matches(passwords.hash("cafe\u0301 au lait"), "caf\u00e9 au lait")


def test_odd_text(passwords: Passwords) -> None:
    """Any text can be tried: lone surrogates, NUL, or far too much of it."""
    kept = passwords.hash("correct horse")
    for odd in ("\ud800", "\x00", "a" * 1_000_000, ""):
        assert not passwords.matches(kept, odd)


def test_flood(hasher: CountingHasher) -> None:
    """When all seats are taken, the next one is sent away instead of waiting for ever; a free seat is used again."""
    passwords = Passwords(hasher, wait_max_s=0.01)
    for _ in range(AT_ONCE):
        passwords.seats.acquire()
    with pytest.raises(TooMany):
        passwords.hash("correct horse")
    passwords.seats.release()
    for _ in range(3):
        assert not passwords.matches(passwords.hash("correct horse"), "wrong")


def test_usual_cost() -> None:
    """The server's own hashes are argon2id, at least as hard as OWASP asks for."""
    hasher = usual_hasher()
    assert hasher.type.name == "ID"
    assert hasher.memory_cost >= 19_456
    assert hasher.time_cost >= 2


@pytest.mark.parametrize("weak", ["", "ninechars", "a" * 1025, "Ann@Example.org"])
def test_weak(weak: str) -> None:
    """Too short, too long and the address itself are refused, and the field is named."""
    with pytest.raises(BadInput) as caught:
        refuse_weak(weak, "ann@example.org")
    assert caught.value.path == "password"


@pytest.mark.parametrize("good", ["tencharact", "a" * 1024])
def test_good(good: str) -> None:
    """From ten characters on a password will do."""
    refuse_weak(good, "ann@example.org")
