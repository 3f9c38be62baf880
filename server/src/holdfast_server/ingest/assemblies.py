"""Bundles being put together: one at a time in a thread, asked about by clients that poll.

Nothing here is kept: after a crash the client's next question starts the work anew, and what was done already is replaced
by itself.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import structlog

from ..errors import Busy, HoldfastError
from ..model.artifact import Received
from .artifacts import Artifacts

log = structlog.get_logger(__name__)

MAX_WAITING = 100


class Phase(StrEnum):
    """The words of Sentry's protocol."""

    NOT_FOUND = "not_found"
    CREATED = "created"
    ASSEMBLING = "assembling"
    OK = "ok"
    ERROR = "error"


@dataclass(frozen=True)
class Progress:
    phase: Phase
    missing: tuple[str, ...] = ()
    detail: str | None = None


@dataclass(frozen=True)
class Order:
    """What a client asks for; the same order is worked on once."""

    project_id: int
    checksum: str
    chunks: tuple[str, ...]
    release: str
    dist: str


class Assemblies:
    def __init__(self, artifacts: Artifacts) -> None:
        self.artifacts = artifacts
        self.worker = ThreadPoolExecutor(1, thread_name_prefix="bundles")
        self.lock = threading.Lock()
        self.running: dict[Order, Future[Received]] = {}

    def ask(self, order: Order, *, wait_s: float) -> Progress:
        """How far the order is; starts it when its chunks are all here. Waits a moment, so that small bundles are done
        with the first question. Blocking."""
        with self.lock:
            work = self.running.get(order)
        if work is None:
            if self.artifacts.has_bundle(order.project_id, order.checksum, order.release, order.dist):
                return Progress(Phase.OK)
            missing = self.artifacts.missing_chunks(order.project_id, order.chunks)
            if missing or not order.chunks:
                return Progress(Phase.NOT_FOUND, tuple(missing))
            work = self._start(order)
        wait([work], timeout=wait_s)
        if not work.done():
            return Progress(Phase.ASSEMBLING if work.running() else Phase.CREATED)
        with self.lock:
            self.running.pop(order, None)
        return outcome(order, work)

    def close(self) -> None:
        self.worker.shutdown(wait=True, cancel_futures=True)

    def _start(self, order: Order) -> "Future[Received]":
        with self.lock:
            if order in self.running:
                return self.running[order]
            if len(self.running) >= MAX_WAITING:
                self._forget_finished()
            if len(self.running) >= MAX_WAITING:
                raise Busy("too many uploads are being taken in", retry_after_s=30)
            make = partial(self.artifacts.assemble, order.project_id, order.checksum, order.chunks)
            work = self.worker.submit(make, order.release, order.dist)
            self.running[order] = work
            return work

    def _forget_finished(self) -> None:
        """Of clients that did not come back for their answer."""
        self.running = {order: work for order, work in self.running.items() if not work.done()}


def outcome(order: Order, work: "Future[Received]") -> Progress:
    """Temporary faults are raised, so that the client tries again."""
    try:
        received = work.result()
    except Busy:
        raise
    except HoldfastError as exc:
        return Progress(Phase.ERROR, detail=f"{exc.message}; {exc.hint}" if exc.hint else exc.message)
    except Exception:
        log.exception("bundle.failed", project_id=order.project_id, checksum=order.checksum)
        return Progress(Phase.ERROR, detail="something went wrong on our side; it is in the server's log")
    if received.problems:
        log.info(
            "bundle.problems", project_id=order.project_id, release=order.release, problems=received.problems
        )
    return Progress(Phase.OK)
