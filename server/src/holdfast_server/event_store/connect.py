"""The one client of the event store: ClickHouse's HTTP interface, whether our own engine, a server or a cluster answers.

Every engine error is translated here: away → StoreAway (temporary), refused or failed → QueryFailed.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import clickhouse_connect
import msgspec
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from clickhouse_connect.driver.exceptions import Error as ClientError

from ..errors import CannotStart, QueryFailed, StoreAway

Row = dict[str, Any]

READ_LIMITS: dict[str, Any] = {"max_execution_time": 30, "max_memory_usage": 1_000_000_000}
"""What any question of ours may cost; people's SQL gets tighter ones in sql_guard's caller."""

ANSWER_S = 300
"""How long an answer may take: an insert of a large block on a slow disk."""
PING_S = 5
"""The same for a ping: whoever asks whether the store is well must hear of one that hangs."""

AWAY_CODES = frozenset({159, 202, 209, 210, 241, 242, 243, 252, 279, 999})
"""ClickHouse error numbers that pass by themselves: timeouts, too many queries or parts, memory, disk space, read-only, no keeper."""


@dataclass(frozen=True)
class Address:
    """Where the event store is. `cluster` is empty for a single server."""

    host: str
    port: int
    user: str
    password: str
    database: str
    secure: bool = False
    cluster: str = ""

    @classmethod
    def parse(cls, url: str, cluster: str = "") -> "Address":
        """Read `clickhouse[s]://user:password@host:port/database`. Raises CannotStart when it is not one."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
            raise CannotStart(
                "HOLDFAST_EVENTS is not an address of ClickHouse",
                hint="for example clickhouse://user:password@host:8123/holdfast",
            )
        secure = parts.scheme == "clickhouses" or options.get("secure") in ("1", "true")
        return cls(
            host=parts.hostname,
            port=parts.port or (8443 if secure else 8123),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=parts.path.strip("/") or "holdfast",
            secure=secure,
            cluster=cluster,
        )


class EventStore:
    """Asks and writes. Safe to share between threads; blocks, so async callers run it in a thread.

    Connects lazily and again after the store was away, so that it may be built before the store is up.
    """

    def __init__(self, address: Address, *, answer_s: int = ANSWER_S) -> None:
        self.address = address
        self.answer_s = answer_s
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.prober: EventStore | None = None

    @property
    def database(self) -> str:
        return self.address.database

    def rows(
        self, sql: str, parameters: dict[str, Any] | None = None, settings: dict[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT and return its rows as dicts. `{name:Type}` in `sql` is bound from `parameters` by the server."""
        body = self.raw(sql, parameters, settings, fmt="JSONCompact")
        answer = msgspec.json.decode(body)
        names = [column["name"] for column in answer["meta"]]
        return [dict(zip(names, row, strict=True)) for row in answer["data"]]

    def value(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None when there is no row."""
        rows = self.rows(sql, parameters)
        return next(iter(rows[0].values())) if rows else None

    def raw(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
        *,
        fmt: str,
    ) -> bytes:
        """The answer's bytes in one of ClickHouse's formats."""
        merged = READ_LIMITS | (settings or {})
        answer: bytes = self._call(
            lambda client: client.raw_query(sql, parameters=parameters, settings=merged, fmt=fmt)
        )
        return answer

    def command(self, sql: str, settings: dict[str, Any] | None = None) -> None:
        self._call(lambda client: client.command(sql, settings=settings))

    def insert(
        self, table: str, columns: list[str], body: bytes, *, fmt: str, settings: dict[str, Any]
    ) -> None:
        """Insert one encoded block. Returning means that it is durable (the tables fsync on insert)."""
        name = f"{self.database}.{table}"
        self._call(lambda client: client.raw_insert(name, columns, body, settings=settings, fmt=fmt))

    def ping(self) -> float:
        """Milliseconds that one trivial question took. Raises StoreAway."""
        if self.prober is None:
            self.prober = EventStore(self.address, answer_s=PING_S)
        began = time.perf_counter()
        self.prober.rows("SELECT 1 AS one")
        return (time.perf_counter() - began) * 1000

    def create_database(self) -> None:
        on_cluster = f" ON CLUSTER `{self.address.cluster}`" if self.address.cluster else ""
        bare = Address(
            **{
                **{f: getattr(self.address, f) for f in self.address.__dataclass_fields__},
                "database": "default",
            }
        )
        EventStore(bare).command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`{on_cluster}")

    def close(self) -> None:
        with self.lock:
            client, self.client = self.client, None
        if client is not None:
            client.close()
        if self.prober is not None:
            self.prober.close()

    def _call(self, work: Any) -> Any:
        try:
            return work(self._connected())
        except DatabaseError as exc:
            # OperationalError is one of these: without a number the engine never answered.
            if isinstance(exc, OperationalError) and not error_number(exc):
                self.close()
                raise StoreAway("event store", _reason(exc)) from exc
            raise self._translated(exc) from exc
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            self.close()
            raise StoreAway("event store", _reason(exc)) from exc
        except ClientError as exc:
            raise QueryFailed(_short(exc)) from exc

    def _connected(self) -> Client:
        with self.lock:
            if self.client is None:
                self.client = self._connect()
            return self.client

    def _connect(self) -> Client:
        return clickhouse_connect.get_client(
            host=self.address.host,
            port=self.address.port,
            username=self.address.user,
            password=self.address.password,
            database=self.address.database,
            secure=self.address.secure,
            autogenerate_session_id=False,
            query_retries=0,
            connect_timeout=3,
            send_receive_timeout=self.answer_s,
            compress=self.address.host not in ("127.0.0.1", "localhost"),
            dedicated_pool=True,
        )

    def _translated(self, exc: DatabaseError) -> QueryFailed | StoreAway:
        number = error_number(exc)
        if number in AWAY_CODES:
            return StoreAway("event store", _short(exc))
        return QueryFailed(_short(exc), number=number)


def error_number(exc: Exception) -> int:
    """ClickHouse's code out of "Code: 241. DB::Exception…"; 0 when there is none."""
    _, found, rest = str(exc).partition("ode: ")
    digits = rest.split(".")[0].split(",")[0].strip() if found else ""
    return int(digits) if digits.isdigit() else 0


def _reason(exc: BaseException) -> str:
    """Why there was no answer, without the address and the question that were in the request."""
    cause = exc.__cause__ or exc
    reason = getattr(cause, "reason", None) or cause
    text = _short(reason)
    return text.rpartition("): ")[2] or text


def _short(exc: Any) -> str:
    return " ".join(str(exc).split())[:500]
