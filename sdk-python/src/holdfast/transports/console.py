"""Prints each event as one JSON line on standard error: for development and for `docker logs`."""

from __future__ import annotations

import sys

from holdfast.transports import ACCEPTED, RETRY, Batch, Verdict


class ConsoleTransport:
    """A closed stream is a reason to try later, never to raise."""

    def send(self, batch: Batch) -> Verdict:
        import msgspec

        try:
            for event in batch.events:
                sys.stderr.write(f"holdfast {msgspec.json.encode(event).decode()}\n")
            sys.stderr.flush()
        except (OSError, ValueError) as problem:
            return Verdict(RETRY, str(problem))
        return Verdict(ACCEPTED)

    def tick(self) -> float | None:
        return None

    def forget(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        """Standard error is not ours to close."""
