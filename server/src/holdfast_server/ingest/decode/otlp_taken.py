"""What one OTLP request brought: records, what was rejected and why, what is left out by its own word."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ...errors import TooLarge

T = TypeVar("T")
MAX_RECORDS = 100_000
"""In one request: 20 MiB of real ones are fewer, and empty ones cost as much time as they."""
MAX_SHARED_CHARS = 128 * 1024 * 1024
"""Every record carries its resource: a large one on very many small records would be a bomb."""


@dataclass
class Taken(Generic[T]):
    """`rejected` counts by reason; `message` says in a sentence what was wrong with the first one. `empty` points say only
    that their series has ended. `is_timeless` when a record had no time of its own."""

    records: list[T]
    rejected: Counter[str] = field(default_factory=Counter)
    message: str = ""
    empty: int = 0
    is_timeless: bool = False
    shared_chars: int = 0

    def add(self, record: T, shared_chars: int) -> None:
        self.records.append(record)
        self.shared_chars += shared_chars
        if len(self.records) > MAX_RECORDS:
            raise TooLarge("the number of records in the request", f"{MAX_RECORDS}")
        if self.shared_chars > MAX_SHARED_CHARS:
            raise TooLarge(
                "the request with its resource on each of its records",
                f"{MAX_SHARED_CHARS} characters",
                hint="send fewer records at once, or a smaller resource",
            )

    def reject(self, reason: str, message: str) -> None:
        self.rejected[reason] += 1
        self.message = self.message or message
