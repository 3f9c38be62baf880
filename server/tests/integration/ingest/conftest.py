"""A real engine, a real state store and real spools, one project a rig."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from server.tests.integration.ingest.rig import NOW_MS, PLENTY, Rig

from holdfast_server.event_store.connect import Address, EventStore
from holdfast_server.event_store.engine.config import EngineConfig
from holdfast_server.event_store.engine.supervisor import EngineSupervisor
from holdfast_server.event_store.migrate import migrate
from holdfast_server.ingest.spool import Spool
from holdfast_server.model.clock import ManualClock
from holdfast_server.state_store import projects
from holdfast_server.state_store.connect import StateStore
from holdfast_server.state_store.migrations import migrate as migrate_state


@pytest.fixture(scope="session")
def facts() -> Iterator[EventStore]:
    """In memory where that can be had: what a disk does is not these tests' matter, and syncing takes most of their time."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="holdfast-", dir=memory if memory.is_dir() else None) as folder:
        yield from running(Path(folder))


def running(folder: Path) -> Iterator[EventStore]:
    engine = EngineSupervisor(EngineConfig(folder, "writer", "reader", memory_bytes=2_000_000_000))
    engine.start()
    store = EventStore(Address("127.0.0.1", engine.config.port, "holdfast", "writer", "holdfast"))
    migrate(store)
    yield store
    store.close()
    engine.stop()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateStore]:
    with closing(StateStore.open(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")) as store:
        migrate_state(store)
        yield store


@pytest.fixture
def new_rig(facts: EventStore, state: StateStore, tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Makes rigs; `block_rows` bounds what one block holds."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def make(block_rows: int = 100_000) -> Rig:
            project, _ = projects.create(state, name="tested", slug="tested", created_at_ms=NOW_MS)
            folder = tmp_path / f"spool-{next(numbers)}"
            # Event ids begin at the second in which a spool is made: each rig has one of its own.
            clock = ManualClock(NOW_MS + project.id * 1000)
            spool = Spool(folder, clock, quota_bytes=PLENTY, reserve_bytes=0)
            stack.callback(spool.close)
            rig = Rig(folder, facts, state, project.id, clock, spool, block_rows=block_rows)
            stack.callback(lambda: rig.outlet.close())
            return rig

        yield make


@pytest.fixture
def rig(new_rig: Callable[..., Rig]) -> Rig:
    return new_rig()
