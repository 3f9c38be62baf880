"""A real engine process for the suite, and plain HTTP and clickhouse-connect clients on it."""

import base64
import http.client
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from holdfast_server.event_store.engine import EngineConfig, EngineSupervisor

PASSWORD = "writer's pass: wörd"
READER_PASSWORD = "only reads"
DURABLE = (
    "fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, "
    "min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 30, non_replicated_deduplication_window = 1000"
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Http:
    """The engine as any HTTP client sees it, one connection a request."""

    port: int
    login: str = "holdfast"
    password: str = PASSWORD
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        sql: str | bytes = "",
        method: str = "POST",
        headers: dict[str, str] | None = None,
        path: str = "/",
        **parameters: Any,
    ) -> Answer:
        basic = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {"Authorization": f"Basic {basic}", **self.headers, **(headers or {})}
            body = sql.encode() if isinstance(sql, str) else sql
            connection.request(
                method,
                f"{path}?{urlencode(parameters)}",
                body,
                {name: value for name, value in sent.items() if value},
            )
            response = connection.getresponse()
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def text(self, sql: str, **parameters: Any) -> str:
        answer = self(sql, **parameters)
        assert answer.status == 200, answer.body
        return answer.body.decode().rstrip("\n")


@pytest.fixture(scope="session")
def engine_config() -> Callable[[Path], EngineConfig]:
    return lambda folder: EngineConfig(folder, PASSWORD, READER_PASSWORD, memory_bytes=2_000_000_000)


@pytest.fixture(scope="session")
def engine(
    tmp_path_factory: pytest.TempPathFactory, engine_config: Callable[[Path], EngineConfig]
) -> Iterator[EngineSupervisor]:
    supervisor = EngineSupervisor(engine_config(tmp_path_factory.mktemp("engine")))
    supervisor.start()
    yield supervisor
    supervisor.stop()


@pytest.fixture
def http_client(engine: EngineSupervisor) -> Http:
    return Http(engine.config.port)


@pytest.fixture
def reader(engine: EngineSupervisor) -> Http:
    return Http(engine.config.port, "reader", READER_PASSWORD)


@pytest.fixture
def table(http_client: Http) -> Iterator[str]:
    """A durable table of its own for one test: (id, name, at)."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    http_client.text(
        f"CREATE TABLE {name} (id UInt64, name String, at DateTime64(3, 'UTC') DEFAULT now64()) "
        f"ENGINE = MergeTree ORDER BY id SETTINGS {DURABLE}"
    )
    yield name
    http_client.text(f"DROP TABLE {name}")


@pytest.fixture
def client(engine: EngineSupervisor) -> Iterator[Client]:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=engine.config.port, username="holdfast", password=PASSWORD, database="holdfast"
    )
    yield client
    client.close()
