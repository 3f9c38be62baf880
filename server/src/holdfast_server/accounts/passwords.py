"""Passwords: the policy, and argon2 hashes. A hash made with older parameters still verifies, and says so."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from holdfast_server.errors import BadInput, TooMany

LENGTH_MIN = 10
LENGTH_MAX = 1024
AT_ONCE = 2
"""Hashes computed at the same moment: each takes 32 MiB, and a flood of logins must not take the memory."""
WAIT_MAX_S = 10.0
"""Nor all threads: who would wait longer is sent away."""


def usual_hasher() -> PasswordHasher:
    """More than OWASP's least for argon2id (19 MiB, 2 passes); about 75 ms on the machine it was chosen on."""
    return PasswordHasher(time_cost=3, memory_cost=32_768, parallelism=1)


def refuse_weak(password: str, email: str) -> None:
    """Raises BadInput for a password that is too short, too long, or the address itself."""
    if len(password) < LENGTH_MIN:
        raise BadInput(
            f"the password is shorter than {LENGTH_MIN} characters",
            path="password",
            hint="take a longer one: four unrelated words do well",
        )
    if len(password) > LENGTH_MAX:
        raise BadInput(f"the password is longer than {LENGTH_MAX} characters", path="password")
    if password.lower() == email.lower():
        raise BadInput("the password is the e-mail address", path="password", hint="take another one")


class Passwords:
    """Raises TooMany when so many are being checked that the wait would be long."""

    def __init__(self, hasher: PasswordHasher | None = None, *, wait_max_s: float = WAIT_MAX_S) -> None:
        self.hasher = hasher or usual_hasher()
        self.wait_max_s = wait_max_s
        self.seats = threading.Semaphore(AT_ONCE)
        self.nobody: str | None = None

    def hash(self, password: str) -> str:
        with self._seat():
            return self.hasher.hash(_normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one kept. `None` (no such person) takes as long, and never matches."""
        against = kept if kept is not None else self._hash_of_nobody()
        try:
            with self._seat():
                self.hasher.verify(against, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        return self.hasher.check_needs_rehash(kept)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self.seats.acquire(timeout=self.wait_max_s):
            raise TooMany("too many people are logging in at this moment")
        try:
            yield
        finally:
            self.seats.release()

    def _hash_of_nobody(self) -> str:
        # Made with the same parameters on first use: a constant would betray itself when they change.
        if self.nobody is None:
            self.nobody = self.hash("nobody has this password")
        return self.nobody


def _normal(password: str) -> bytes:
    """The same letters typed on another keyboard are the same password; lone surrogates stay what they are."""
    return unicodedata.normalize("NFKC", password[: LENGTH_MAX + 1]).encode("utf-8", "surrogatepass")
