"""A real engine of this folder's own, and databases on it: one empty for each test that asks, one migrated for all."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from holdfast_server.event_store.connect import Address, EventStore
from holdfast_server.event_store.engine import EngineConfig, EngineSupervisor
from holdfast_server.event_store.migrate import migrate


@pytest.fixture(scope="session")
def store_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineSupervisor]:
    supervisor = EngineSupervisor(
        EngineConfig(tmp_path_factory.mktemp("engine"), "writes", "reads", memory_bytes=2_000_000_000)
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


@pytest.fixture(scope="session")
def new_store(store_engine: EngineSupervisor) -> Iterator[Callable[..., EventStore]]:
    made: list[EventStore] = []

    def make(database: str = "") -> EventStore:
        name = database or f"t_{uuid.uuid4().hex[:12]}"
        store = EventStore(Address("127.0.0.1", store_engine.config.port, "holdfast", "writes", name))
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture(scope="session")
def store(new_store: Callable[..., EventStore]) -> EventStore:
    """The migrated store, under the name that people's SQL uses."""
    store = new_store("holdfast")
    migrate(store)
    return store
