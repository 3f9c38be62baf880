"""Answers "whose key is this?" on the hot path, from memory, without keeping any key.

When the state store is away, keys that were known go on working for an hour; a key never seen raises StoreAway.
"""

import hashlib
import threading
from enum import Enum
from typing import Final, Literal, TypeVar

from holdfast_server.errors import StoreAway
from holdfast_server.model.clock import Clock
from holdfast_server.model.project import ApiKey
from holdfast_server.state_store import keys
from holdfast_server.state_store.connect import StateStore

KEY_LENGTH_MAX = 100
KEY_PREFIX = "hf_"
FOUND_FOR_S = 30.0
MISSED_FOR_S = 5.0
STALE_FOR_S = 3600.0
RETRY_AWAY_S = 5.0
USED_EVERY_S = 60.0


T = TypeVar("T")


class Memory(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = Memory.UNKNOWN
"""What `peek` answers when memory does not say; `lookup` then asks the store."""


class Entry:
    __slots__ = ("fresh_until_s", "key", "read_at_s")

    def __init__(self, key: ApiKey, read_at_s: float) -> None:
        self.key = key
        self.read_at_s = read_at_s
        self.fresh_until_s = read_at_s + FOUND_FOR_S


class KeyRing:
    """Safe to use from many threads. Found keys are remembered for 30 s, unknown ones for 5 s.

    The two memories are apart and bounded, so that a flood of wrong keys can't push out the good ones.
    """

    def __init__(self, store: StateStore, clock: Clock, *, size: int = 10_000) -> None:
        self.store = store
        self.clock = clock
        self.size = size
        self.found: dict[bytes, Entry] = {}
        self.missed: dict[bytes, float] = {}
        self.used_at_s: dict[int, float] = {}
        self.written: dict[int, tuple[float, float]] = {}  # by key id: when written, and the use that it was
        self.forgotten = 0
        self.lock = threading.Lock()

    def peek(self, key: str) -> ApiKey | Literal[Memory.UNKNOWN] | None:
        """What memory says, without ever waiting: for event loops, which ask `lookup` in a thread on UNKNOWN."""
        # 1 µs in all; the digest (0.4 µs) is the price of holding no key in memory
        if len(key) > KEY_LENGTH_MAX:
            return None
        digest = hashlib.sha256(key.encode("ascii", "replace")).digest()
        entry = self.found.get(digest)
        now_s = self.clock.monotonic_s()
        if entry is not None and now_s < entry.fresh_until_s:
            self.used_at_s[entry.key.id] = now_s
            return entry.key
        return None if now_s < self.missed.get(digest, now_s) else UNKNOWN

    def lookup(self, key: str) -> ApiKey | None:
        """The key's project and kind; None for a key that we never gave out, or that was revoked."""
        known = self.peek(key)
        if known is not UNKNOWN:
            return known
        if not key.startswith(KEY_PREFIX) or not key.isascii():
            return None
        return self._load(hashlib.sha256(key.encode()).digest())

    def forget(self, key_id: int) -> None:
        """Drops a revoked key at once."""
        with self.lock:
            self.forgotten += 1
            self.found = {digest: entry for digest, entry in self.found.items() if entry.key.id != key_id}

    def write_used(self) -> int:
        """Writes when keys were last used, each at most once a minute; for a scheduler. Answers how many."""
        now_s, now_ms = self.clock.monotonic_s(), self.clock.now_ms()
        never = (-USED_EVERY_S, -1.0)
        due = {
            key_id: at_s
            for key_id, at_s in self.used_at_s.copy().items()
            for written_at_s, written_use_s in [self.written.get(key_id, never)]
            if at_s != written_use_s and now_s - written_at_s >= USED_EVERY_S
        }
        keys.mark_used(
            self.store, {key_id: now_ms - round((now_s - at_s) * 1000) for key_id, at_s in due.items()}
        )
        self.written.update({key_id: (now_s, at_s) for key_id, at_s in due.items()})
        return len(due)

    def _load(self, digest: bytes) -> ApiKey | None:
        now_s, forgotten = self.clock.monotonic_s(), self.forgotten
        try:
            key = keys.by_hash(self.store, digest.hex())
        except StoreAway:
            if (kept := self._stale(digest, now_s)) is None:
                raise
            return kept
        with self.lock:
            if key is None:
                self.found.pop(digest, None)
                _bounded(self.missed, self.size)[digest] = now_s + MISSED_FOR_S
            elif forgotten == self.forgotten:  # else it may have been revoked while we read
                _bounded(self.found, self.size)[digest] = Entry(key, now_s)
                self.missed.pop(digest, None)
        if key is not None:
            self.used_at_s[key.id] = now_s
        return key

    def _stale(self, digest: bytes, now_s: float) -> ApiKey | None:
        """A key that was good within the hour; trusted for a moment, so that not every call waits for the store."""
        entry = self.found.get(digest)
        if entry is None or now_s - entry.read_at_s > STALE_FOR_S:
            return None
        entry.fresh_until_s = now_s + RETRY_AWAY_S
        self.used_at_s[entry.key.id] = now_s
        return entry.key


def _bounded(memory: dict[bytes, T], size: int) -> dict[bytes, T]:
    """Makes room for one more by dropping the oldest."""
    while len(memory) >= size:
        del memory[next(iter(memory))]
    return memory
