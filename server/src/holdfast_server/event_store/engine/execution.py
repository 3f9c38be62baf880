"""Runs requests on chDB and gives their answers piece by piece: whole, bounded, spilled to disk, streamed, inserted, killed.

All calls block and must come from a worker thread. Failures are raised as `Fault`.
"""

import contextlib
import re
import time
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from .config import EngineConfig
from .faults import Code, Fault
from .handles import MARK, Handles, Ready, engine_faults, quote, quote_name
from .statement import Kind, Statement, visible

CHUNK_BYTES = 1 << 20
HELD = {"max_result_bytes": 16 << 20, "max_result_rows": 200_000}
"""A buffered answer up to this size is held in memory; a larger one is asked for again, into a temporary file.
Rows count too, because the engine counts a constant column as one value."""

STREAMED = frozenset(
    {"Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "JSONEachRow", "JSONLines", "NDJSON",
     "JSONStringsEachRow", "JSONCompactEachRow", "JSONCompactStringsEachRow", "RowBinary", "LineAsString", "RawBLOB"}
)  # fmt: skip
"""Formats without head and foot: chDB encodes each block on its own, and these can be put one behind the other."""


@dataclass(frozen=True)
class Stats:
    """What a query did, in the words of X-ClickHouse-Summary."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    elapsed_ns: int = 0


@dataclass(frozen=True)
class Head:
    """Comes before the answer's bytes. `format` is empty when there is no result; stats are None while streaming."""

    format: str
    stats: Stats | None


Answer = Generator[Head | bytes, None, None]


@dataclass(frozen=True)
class Query:
    """One request to the engine. `held` asks for the whole answer before the first byte goes out."""

    statement: Statement
    query_id: str
    database: str
    settings: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    default_format: str = "TabSeparated"
    data: Iterable[bytes] = ()
    held: bool = False
    before: tuple[bytes, ...] = ()  # what the session has SET so far

    @property
    def format(self) -> str:
        return self.statement.format or self.default_format


class Engine:
    """One chDB engine on one folder, for as long as it is open."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self.handles = Handles(config)
        self.formats: frozenset[str] = frozenset()

    def open(self) -> None:
        """Start chDB and make the database. Its reason for failing is on stderr; the exception says nothing."""
        self.handles.open()
        # Left by a killed predecessor; the folder is ours by now.
        for leftover in (*self.config.tmp_dir.glob("answer-*"), *self.config.tmp_dir.glob("insert-*")):
            leftover.unlink(missing_ok=True)
        with self.handles.bare() as handle:
            handle.query(f"CREATE DATABASE IF NOT EXISTS {quote_name(self.config.database)}")
        self.formats = frozenset(self.column("SELECT name FROM system.formats"))

    def close(self) -> None:
        self.handles.close()

    def run(self, query: Query) -> Answer:
        """Do one request: a Head, then the answer's bytes. Closing the iterator cancels the query."""
        if query.statement.kind is Kind.INSERT_DATA:
            return self.insert(query)
        if query.statement.kind is Kind.KILL:
            return self.kill(query)
        if query.statement.kind is not Kind.QUERY:
            return self.whole(query)
        if query.format in STREAMED and not query.held:
            return self.stream(query)
        return self.bounded(query)

    def whole(self, query: Query) -> Answer:
        """The answer in one piece."""
        with self.handle(query) as handle, engine_faults():
            began = time.perf_counter_ns()
            result = handle.query(query.statement.sql, query.format, params=dict(query.params))
            stats = stats_of(result, began)
            body = result.bytes() or b""
            del result
        yield Head(
            query.format if query.statement.answers_rows else "", replace(stats, result_bytes=len(body))
        )
        yield body

    def bounded(self, query: Query) -> Answer:
        """A SELECT's answer held in memory while it is small, and on disk when it is large."""
        if query.settings.get("result_overflow_mode") == "break":
            yield from self.spilled(query)  # the caller wants a cut answer where ours would be an error
            return
        ours = {
            name: str(cap) for name, cap in HELD.items() if not tighter(query.settings.get(name, ""), cap)
        }
        try:
            yield from self.whole(
                replace(query, settings={**query.settings, **ours, "result_overflow_mode": "throw"})
            )
        except Fault as fault:
            exceeded = "max_result_bytes" if "max bytes" in fault.text else "max_result_rows"
            if fault.number != Code.TOO_MANY_ROWS_OR_BYTES or exceeded not in ours:
                raise
            yield from self.spilled(query)

    def spilled(self, query: Query) -> Answer:
        """The answer written to a temporary file by the engine, and read from there piece by piece."""
        path = self.config.tmp_dir / f"answer-{uuid.uuid4().hex}"
        statement = query.statement
        at = statement.format_at if statement.format_at >= 0 else len(statement.sql)
        clause = f"\nINTO OUTFILE {quote(str(path))} ".encode()
        tail = statement.sql[at:] or f"FORMAT {query.format}".encode()
        try:
            with self.handle(query) as handle, engine_faults():
                began = time.perf_counter_ns()
                result = handle.query(
                    statement.sql[:at] + clause + tail, query.format, params=dict(query.params)
                )
                stats = stats_of(result, began)
            yield Head(query.format, replace(stats, result_bytes=path.stat().st_size))
            yield from pieces(path)
        finally:
            path.unlink(missing_ok=True)

    def stream(self, query: Query) -> Answer:
        """A SELECT's answer block by block, while the query runs."""
        with self.handle(query) as handle:
            with engine_faults():
                running = handle.send_query(query.statement.sql, query.format, params=dict(query.params))
            done = False
            try:
                began = True
                while True:
                    with engine_faults():
                        part = handle.streaming_fetch_result(running)
                    done = part is None or part.rows_read() == 0
                    if began:
                        yield Head(query.format, None)
                        began = False
                    if done:
                        return
                    yield part.bytes()
                    del part
            finally:
                if not done:
                    with contextlib.suppress(RuntimeError):
                        handle.streaming_cancel_query(running)

    def insert(self, query: Query) -> Answer:
        """Rows by way of a temporary file, for the same CPU as pushing them into the parser.

        chDB's push (`send_insert`) swallows whatever fails after parsing: a full disk, a view that throws. It reports the rows
        as written, and they are nowhere.
        """
        path = self.config.tmp_dir / f"insert-{uuid.uuid4().hex}"
        try:
            with path.open("wb") as file:
                for chunk in query.data:
                    file.write(chunk)
            with self.handle(query) as handle, engine_faults():
                began = time.perf_counter_ns()
                result = handle.query(
                    from_file(query.statement.sql, path, query.format), "Null", params=dict(query.params)
                )
                stats = stats_of(result, began)
                del result
        except OSError as exc:
            raise Fault(
                Code.NOT_ENOUGH_SPACE, f"The rows can't be kept for inserting: {exc.strerror}"
            ) from exc
        finally:
            path.unlink(missing_ok=True)
        rows, size = stats.written_rows, stats.written_bytes
        yield Head("", replace(stats, read_rows=rows, read_bytes=size, result_rows=rows, result_bytes=size))

    def kill(self, query: Query) -> Answer:
        """KILL QUERY by the clients' own query ids. Answers the rows that ClickHouse would."""
        condition, mode = kill_parts(query.statement)
        named = f"if(startsWith(Settings['log_comment'], {quote(MARK)}), substring(Settings['log_comment'], {len(MARK) + 1}), query_id)"
        inner = f"SELECT * REPLACE ({named} AS query_id) FROM (SELECT *, query_id AS engine_id FROM system.processes)"
        with self.handle(query) as handle, engine_faults():
            asked = f"SELECT engine_id FROM ({inner}) WHERE ({condition}\n) AND engine_id != queryID()"
            found = handle.query(asked, "TabSeparated", params=dict(query.params)).bytes().decode().split()
            ids = ", ".join(quote(each) for each in found) or "''"
            status = "waiting" if mode != "SYNC" else "finished"
            rows = f"SELECT {quote(status)} AS kill_status, query_id, user, query FROM ({inner}) WHERE engine_id IN ({ids})"
            answer = handle.query(rows, query.format).bytes()
            if found and mode != "TEST":
                handle.query(f"KILL QUERY WHERE query_id IN ({ids}) {mode}")
        yield Head(query.format, Stats())
        yield answer

    def column(self, sql: str) -> list[str]:
        """One column of names, for the engine's own questions."""
        with self.handles.bare() as handle:
            return [line for line in handle.query(sql, "TabSeparated").bytes().decode().splitlines() if line]

    def cancel(self, query_id: str) -> None:
        """Stop a query whose client went away. A query that has ended meanwhile is no error."""
        self.kill_where(f"Settings['log_comment'] = {quote(MARK + query_id)}")

    def cancel_all(self) -> None:
        self.kill_where("query_id != queryID()")

    def kill_where(self, condition: str) -> None:
        with contextlib.suppress(Fault), self.handles.bare() as handle:
            handle.query(f"KILL QUERY WHERE {condition} ASYNC")

    @contextlib.contextmanager
    def handle(self, query: Query) -> Iterator[Any]:
        """A handle for this request. Reads leave no trace in it, so the next one like it may use it too."""
        ready = Ready(query.database, query.before, frozenset(query.settings.items()))
        with self.handles.prepared(
            ready, query.query_id, keep=query.statement.kind in (Kind.QUERY, Kind.SHOW)
        ) as handle:
            yield handle


def tighter(asked: str, cap: int) -> bool:
    """Whether the caller set a limit of its own below the cap: exceeding that is an error, not a large answer."""
    return asked.isascii() and asked.isdigit() and 0 < int(asked) <= cap


def stats_of(result: Any, began_ns: int) -> Stats:
    return Stats(
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
        elapsed_ns=time.perf_counter_ns() - began_ns,
    )


def kill_parts(statement: Statement) -> tuple[str, str]:
    """The condition of KILL QUERY WHERE …, and its mode."""
    text = statement.sql[: statement.format_at] if statement.format_at >= 0 else statement.sql
    found = re.fullmatch(
        r"\s*KILL\s+QUERY\s+WHERE\s+(.*?)(?:\s+(SYNC|ASYNC|TEST))?\s*",
        text.decode(),
        re.IGNORECASE | re.DOTALL,
    )
    if found is None:
        raise Fault(
            Code.SYNTAX_ERROR,
            "Syntax error: expected KILL QUERY WHERE condition [SYNC|ASYNC|TEST]",
        )
    return found[1], (found[2] or "ASYNC").upper()


def from_file(sql: bytes, path: Path, format_name: str) -> bytes:
    """An INSERT's head with its rows in a file; SETTINGS stand behind the file in ClickHouse's grammar."""
    depth, at = 0, len(sql)
    for before, token in pairwise(visible(sql)):
        depth += (token.text == b"(") - (token.text == b")")
        if (
            depth == 0
            and token.word == "SETTINGS"
            and before.word not in ("INTO", "TABLE")
            and before.text != b"."
        ):
            at = token.start
    clause = f" FROM INFILE {quote(str(path))} ".encode()
    return sql[:at] + clause + sql[at:] + f" FORMAT {format_name}".encode()


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
