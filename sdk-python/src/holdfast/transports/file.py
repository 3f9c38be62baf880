"""A spool on disk: each batch is a file, written and synced before it counts as delivered, forwarded when it can be.

With an endpoint the files are posted oldest first, those of an earlier run too; a batch keeps its id, so the server
counts it once even when two processes share a folder. Over `spool_max_bytes` the oldest files go, and are counted.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import time_ns

from holdfast import _drops
from holdfast._config import TelemetryConfig
from holdfast._drops import DropCounts
from holdfast.transports import ACCEPTED, RETRY, Batch, Verdict
from holdfast.transports.http import HttpTransport

_FILES_A_TICK = 100
_SUFFIX = ".batch.gz"


class FileTransport:
    """File names carry time, batch id and event count: `<ns>_<id>_<count>.batch.gz`."""

    def __init__(self, config: TelemetryConfig, drops: DropCounts) -> None:
        self._folder = Path(config.spool_dir)
        self._limit_bytes = config.spool_max_bytes
        self._interval_s = config.flush_interval_ms / 1000
        self._retry_base_s = config.retry_base_ms / 1000
        self._retry_max_s = config.retry_max_ms / 1000
        self._drops = drops
        self._failures = 0
        self._http = HttpTransport(config) if config.endpoint else None

    def send(self, batch: Batch) -> Verdict:
        name = f"{time_ns():020d}_{batch.id}_{len(batch.events)}{_SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(batch.body))
            _write_durably(self._folder / name, batch.body)
        except OSError as problem:
            return Verdict(RETRY, f"spool {self._folder}: {problem}")
        return Verdict(ACCEPTED, f"spooled as {name}")

    def tick(self) -> float | None:
        """Forward what lies here. None: nothing to forward, or nowhere to."""
        if self._http is None:
            return None
        for path in self._files()[:_FILES_A_TICK]:
            verdict = self._forward(path, self._http)
            if verdict is not None and verdict.kind == RETRY:
                self._failures += 1
                delay_s = min(self._retry_max_s, self._retry_base_s * 2.0 ** min(self._failures - 1, 20))
                return max(delay_s, verdict.retry_after_s or 0.0)
            if verdict is not None and verdict.pause_s:
                return verdict.pause_s
            self._failures = 0
        return 0.0 if self._files() else None

    def forget(self) -> None:
        for path in self._files():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def _forward(self, path: Path, http: HttpTransport) -> Verdict | None:
        """Post one file and delete it unless it is to be tried again. None: another process was quicker."""
        _, batch_id, count = path.name.removesuffix(_SUFFIX).split("_")
        try:
            body = path.read_bytes()
        except OSError:
            return None
        verdict = http.send(Batch(batch_id, body, [], {}))
        if verdict.kind != RETRY and not verdict.pause_s:
            path.unlink(missing_ok=True)
            if verdict.kind != ACCEPTED:
                self._drops.add(_drops.REFUSED, quantity=int(count))
        return verdict

    def _make_room(self, needed_bytes: int) -> None:
        sizes = [(path, path.stat().st_size) for path in self._files()]
        total = sum(size for _, size in sizes)
        for path, size in sizes:
            if total + needed_bytes <= self._limit_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size
            self._drops.add(_drops.SPOOL_FULL, quantity=int(path.name.removesuffix(_SUFFIX).split("_")[2]))

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.name.endswith(_SUFFIX))
        except OSError:
            return []


def _write_durably(path: Path, body: bytes) -> None:
    """The file exists whole, or not at all, even after a power cut."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
