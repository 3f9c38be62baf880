"""The composition root of the drainer's process: `python -m holdfast_server.drainer`, started by the server.

Reads its configuration from the first line of standard input and works until that input ends, which is how it learns that
the server stops or has died. Reports what it moved, and its trouble, on standard output.
"""

import gc
import os
import signal
import sys
import threading
from pathlib import Path

import msgspec
import structlog

from .errors import Busy
from .event_store.connect import Address, EventStore
from .ingest.drain import Drainer
from .ingest.drain_process import DrainConfig, DrainReport, ForwardConfig
from .ingest.enrich import Enricher
from .ingest.forward import Choice, Forwarder
from .ingest.forward.anonymous import Anonymous
from .ingest.forward.dsn import Dsn
from .ingest.forward.queue import Queue
from .ingest.forward.sender import Sender
from .ingest.noise import NoiseFilter
from .ingest.occurrences import Occurrences
from .ingest.original_names import OriginalNames
from .ingest.outlet import Outlet
from .ingest.spikes import SpikeProtection
from .ingest.symbolicate import Symbolicator
from .ingest.useragent import UserAgents
from .logs import set_up_logging
from .model.clock import Clock, SystemClock
from .model.files import Files
from .state_store import issues, noise
from .state_store.connect import StateStore

log = structlog.get_logger(__name__)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    config = msgspec.json.decode(sys.stdin.buffer.readline(), type=DrainConfig)
    set_up_logging(config.log_format)
    try:
        drainer = build(config)
    except Busy as exc:
        log.warning("drain.waiting", reason=exc.message)
        sys.exit(os.EX_TEMPFAIL)  # the server starts another after a moment
    report(DrainReport(0, ""))  # whatever troubled the one before
    signal.signal(signal.SIGTERM, lambda *_: drainer.stopping.set())
    threading.Thread(target=stop_with_input, args=(drainer,), daemon=True).start()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    drainer.run()


def stop_with_input(drainer: Drainer) -> None:
    # Unbuffered: a thread inside of a buffered read holds a lock that the interpreter wants when it ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    drainer.stopping.set()


def build(config: DrainConfig) -> Drainer:
    state = StateStore.open(config.state_url)
    address = Address(
        config.events_host,
        config.events_port,
        config.events_user,
        config.events_password,
        config.events_database,
        config.events_secure,
        config.events_cluster,
    )
    clock = SystemClock()
    enricher = Enricher(UserAgents(), node=config.node, max_age_s=config.max_age_s)
    forwarder = forwarding(config.forward, clock) if config.forward else None
    return Drainer(
        Outlet(Path(config.spool), config.boot_id),
        EventStore(address),
        enricher,
        Occurrences(
            enricher,
            before=(
                NoiseFilter(lambda: noise.everything(state), clock),
                OriginalNames(Symbolicator(state, Files(Path(config.source_maps)), clock)),
            ),
            # forwarded whole, and only then shortened
            after=(
                *([forwarder] if forwarder else []),
                SpikeProtection(per_issue=config.burst_bodies, new_issues=config.burst_new_bodies),
            ),
        ),
        lambda spool_id, last_seq, deltas: issues.apply(state, spool_id, last_seq, deltas),
        clock,
        block_rows=config.block_rows,
        interval_s=config.interval_s,
        on_drained=lambda moved: report(DrainReport(moved, "")),
        on_trouble=lambda trouble: report(DrainReport(0, trouble)),
        tap=forwarder,
    )


def forwarding(config: ForwardConfig, clock: Clock) -> Forwarder:
    """The drainer's end of the queue for Sentry; the other end is a thread that dies with the process."""
    queue = Queue(Path(config.folder), clock, quota_bytes=config.quota_bytes)
    Sender(queue, Dsn.parse(config.dsn), clock).start()
    choice = Choice(frozenset(config.environments), config.error_rate, config.performance_rate)
    return Forwarder(queue, choice, Anonymous(bytes.fromhex(config.salt)))


def report(what: DrainReport) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
