"""Login sessions: a random token in the browser's cookie, its SHA-256 in the store, an end that moves with use."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress

from holdfast_server.errors import StoreAway
from holdfast_server.model.clock import Clock
from holdfast_server.model.project import LoginSession, User
from holdfast_server.state_store import login_sessions, settings_kv
from holdfast_server.state_store.connect import StateStore

DAY_MS = 86_400_000
IDLE_MS = 14 * DAY_MS
LONGEST_MS = 90 * DAY_MS
SEEN_EVERY_MS = 60_000
TOKEN_LENGTH_MAX = 200


class Sessions:
    """`random` makes that many random bytes as hex digits; tests give their own."""

    def __init__(
        self, store: StateStore, clock: Clock, *, random: Callable[[int], str] = secrets.token_hex
    ) -> None:
        self.store = store
        self.clock = clock
        self.random = random

    def open(self, user: User, user_agent: str = "") -> str:
        """Logs somebody in and answers the token, which is kept nowhere else."""
        token, now_ms = self.random(32), self.clock.now_ms()
        login_sessions.create(
            self.store,
            token_hash=token_hash(token),
            user_id=user.id,
            at_ms=now_ms,
            expires_at_ms=_expires_at_ms(now_ms, now_ms),
            user_agent=user_agent,
        )
        return token

    def find(self, token: str) -> tuple[LoginSession, User] | None:
        """Who this is; None when the session has ended. Its end moves, written at most once a minute."""
        if not token or len(token) > TOKEN_LENGTH_MAX:
            return None
        now_ms = self.clock.now_ms()
        found = login_sessions.find(self.store, token_hash(token), now_ms)
        if found is not None and now_ms - found[0].last_seen_at_ms >= SEEN_EVERY_MS:
            with suppress(StoreAway):  # a page that can be read is shown; the next one notes the visit
                login_sessions.touch(
                    self.store,
                    found[0].id,
                    at_ms=now_ms,
                    expires_at_ms=_expires_at_ms(found[0].created_at_ms, now_ms),
                )
        return found

    def of_user(self, user_id: int) -> list[LoginSession]:
        """The person's open sessions, the latest used first."""
        return login_sessions.list_of_user(self.store, user_id, self.clock.now_ms())

    def close(self, token: str) -> bool:
        return login_sessions.revoke(self.store, token_hash(token))

    def close_all(self, user_id: int, *, keep_token: str | None = None) -> int:
        """Logs a person out everywhere, but for the session with `keep_token`; answers how many ended."""
        keep = None if keep_token is None else token_hash(keep_token)
        return login_sessions.revoke_user(self.store, user_id, keep=keep)

    def sweep(self) -> int:
        """Forgets sessions that have ended; for a scheduler."""
        return login_sessions.forget_expired(self.store, self.clock.now_ms())


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_secret(store: StateStore, random: Callable[[int], str] = secrets.token_hex) -> str:
    """The server's own secret for CSRF tokens, made once and kept."""
    return settings_kv.get_or_make(store, "csrf_secret", lambda: random(32))


def csrf_token(token: str, secret: str) -> str:
    """What a form of this session carries: of no use in another session, and nothing to store."""
    message = token.encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def csrf_matches(token: str, secret: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(token, secret).encode(), given.encode("utf-8", "surrogatepass"))


def _expires_at_ms(created_at_ms: int, now_ms: int) -> int:
    return min(now_ms + IDLE_MS, created_at_ms + LONGEST_MS)
