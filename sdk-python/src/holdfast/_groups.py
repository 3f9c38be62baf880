"""What errors this process saw, grouped by type and place, in bounded memory.

The server groups by its own, better fingerprint; this is for the host's own questions at run time.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from time import time

from msgspec import Struct

from holdfast._exceptions import CapturedError
from holdfast._lifetime import renew_lock

MAX_GROUPS = 200


class ErrorGroup(Struct, frozen=True):
    """Occurrences of one fault; times in epoch ms."""

    error_type: str
    message: str
    location: str
    severity: str
    count: int
    first_seen_ms: int
    last_seen_ms: int
    last_error_id: str


class _Tally:
    __slots__ = ("count", "first_s", "last", "last_s")

    def __init__(self, now_s: float) -> None:
        self.count = 0
        self.first_s = now_s
        self.last_s = now_s
        self.last: CapturedError | None = None


class Groups:
    """Tallies by (type, module, function); the group not seen for longest is forgotten first."""

    def __init__(self) -> None:
        self._lock = RLock()
        renew_lock(self)
        self._tallies: OrderedDict[tuple[str, str, str, str], _Tally] = OrderedDict()
        self._seen: set[int] = set()
        self.total = 0
        self.unique = 0
        self.duplicates = 0
        self.recoveries = 0
        self.failures = 0
        self.by_severity: dict[str, int] = {}

    def add(self, captured: CapturedError) -> None:
        first = captured.chain[0]
        code, _, module, _ = first.frames[-1] if first.frames else (None, 0, "", None)
        key = (first.module, first.name, module, code.co_qualname if code else first.message)
        with self._lock:
            now_s = time()
            tally = self._tallies.get(key)
            if tally is None:
                self.unique += 1
                tally = self._tallies[key] = _Tally(now_s)
                if len(self._tallies) > MAX_GROUPS:
                    self._tallies.popitem(last=False)
            else:
                self._tallies.move_to_end(key)
            tally.count += 1
            tally.last_s = now_s
            tally.last = captured
            self.total += 1
            self.by_severity[captured.severity] = self.by_severity.get(captured.severity, 0) + 1

    def duplicate(self) -> None:
        with self._lock:
            self.duplicates += 1

    def recovered(self, success: bool) -> None:
        with self._lock:
            if success:
                self.recoveries += 1
            else:
                self.failures += 1

    def ordered(self) -> list[ErrorGroup]:
        with self._lock:
            items = list(self._tallies.items())
        groups = [_group(key, tally) for key, tally in items]
        return sorted(groups, key=lambda group: group.count, reverse=True)


def _group(key: tuple[str, str, str, str], tally: _Tally) -> ErrorGroup:
    module, name, place, function = key
    last = tally.last
    assert last is not None
    return ErrorGroup(
        error_type=name if module in ("builtins", "") else f"{module}.{name}",
        message=last.chain[0].message,
        location=f"{place}.{function}" if place else "",
        severity=last.severity,
        count=tally.count,
        first_seen_ms=int(tally.first_s * 1000),
        last_seen_ms=int(tally.last_s * 1000),
        last_error_id=last.error_id,
    )
