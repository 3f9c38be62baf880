"""Opening, transactions and the translation of engine errors."""

import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from holdfast_server.errors import BadInput, CannotStart, Conflict, HoldfastError, StoreAway
from holdfast_server.state_store import projects, settings_kv
from holdfast_server.state_store.connect import STATEMENT_TIMEOUT_MS, StateStore
from holdfast_server.state_store.tables import api_keys
from holdfast_server.state_store.tables import settings_kv as settings_table


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def cut(connection: Connection, other: StateStore) -> None:
    """Breaks a connection of PostgreSQL from outside, then uses it."""
    end(connection.execute(text("SELECT pg_backend_pid()")).scalar_one(), other)
    connection.execute(text("SELECT 1"))


def end(process: int, other: StateStore) -> None:
    with other.read() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})


def test_ping(store: StateStore) -> None:
    """A store that answers says how long it took."""
    assert store.ping() > 0


def test_commit(store: StateStore) -> None:
    """What a finished transaction wrote is there for others."""
    settings_kv.put(store, "a", "1")
    assert settings_kv.get(store, "a") == "1"


def test_rollback(store: StateStore) -> None:
    """An error in the middle of a transaction leaves nothing of it."""

    def fail_half_way() -> None:
        with store.begin() as connection:
            connection.execute(insert(settings_table).values(key="a", value="1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert settings_kv.get(store, "a") is None


def test_reader_beside_writer(store: StateStore) -> None:
    """A reader answers, with the state before, while a writer is in the middle of its transaction."""
    with store.begin() as connection:
        connection.execute(insert(settings_table).values(key="a", value="1"))
        assert settings_kv.get(store, "a") is None


def test_unique_is_conflict(store: StateStore) -> None:
    """A second row where only one may be is a Conflict."""
    twice = insert(settings_table).values([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])
    with pytest.raises(Conflict, match="exists already"), store.begin() as connection:
        connection.execute(twice)


def test_foreign_key_is_conflict(store: StateStore) -> None:
    """A row that belongs to nothing is refused: foreign keys are on."""
    row = insert(api_keys).values(
        project_id=99, kind="public", key_hash="x", hint="", label="", created_at_ms=0
    )
    with pytest.raises(Conflict, match="belongs to something"), store.begin() as connection:
        connection.execute(row)


@pytest.mark.parametrize("value", ["\ud800", "a" * 10 + "\udfff"])
def test_unstorable_text(store: StateStore, value: str) -> None:
    """Text that no engine can hold is the caller's fault, not a fault of the store."""
    with pytest.raises(BadInput):
        settings_kv.put(store, "a", value)


def test_unstorable_number(store: StateStore) -> None:
    """A number beyond 64 bits is the caller's fault."""
    with pytest.raises(BadInput), store.begin() as connection:
        connection.execute(
            text("INSERT INTO drained (spool_id, last_seq) VALUES ('a', :number)"), {"number": 2**70}
        )


def test_refused_statement(store: StateStore) -> None:
    """A statement that the engine does not understand is our fault, and its message carries no SQL parameters."""
    with pytest.raises(HoldfastError) as caught, store.read() as connection:
        connection.execute(text("SELECT :secret FROM no_such_table"), {"secret": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_awkward_slug(store: StateStore) -> None:
    """A NUL in an address finds nothing, or is refused: it never ends as an error of the server."""
    try:
        assert projects.by_slug(store, "\x00") is None
    except BadInput:
        assert store.is_postgres


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**64])
def test_awkward_id(store: StateStore, number: int) -> None:
    """Any number may stand in an address; those that are no project's find nothing."""
    assert projects.get(store, number) is None


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a/b", "sqlite://", "sqlite:///:memory:"])
def test_bad_address(url: str) -> None:
    """An address that can't be used is refused with an example of one that can."""
    with pytest.raises(CannotStart) as caught:
        StateStore.open(url)
    assert "postgresql://" in caught.value.hint


def test_not_a_database(tmp_path: Path) -> None:
    """A file that is no database is refused at once, and left as it is."""
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"these are my holiday notes, and long enough to look like a header" * 20)
    before = path.read_bytes()
    with pytest.raises(CannotStart, match="can't be opened"):
        StateStore.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_folder_in_the_way(tmp_path: Path) -> None:
    """A path that can't be a file is refused with its name."""
    with pytest.raises(CannotStart, match=tmp_path.name):
        StateStore.open(f"sqlite:///{tmp_path}")


def test_sqlite_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine can read password hashes, the write-ahead log included."""
    with closing(StateStore.open(f"sqlite:///{tmp_path}/deep/state.sqlite")) as store:
        with store.begin() as connection:
            connection.execute(text("CREATE TABLE t (a)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}
    assert modes == {"state.sqlite": 0o600, "state.sqlite-wal": 0o600, "state.sqlite-shm": 0o600}


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_settings(tmp_path: Path, pragma: str, value: object) -> None:
    """A commit in SQLite is on disk when it returns, and every connection of the pool is set up alike."""
    with closing(StateStore.open(f"sqlite:///{tmp_path}/state.sqlite")) as store:
        with store.read() as first, store.read() as second:
            found = [connection.execute(text(f"PRAGMA {pragma}")).scalar() for connection in (first, second)]
        assert found == [value, value]


def test_postgres_away() -> None:
    """A PostgreSQL that is not there is StoreAway, which is worth another try; the password is not in the message."""
    url = f"postgresql://someone:hunter2@127.0.0.1:{free_port()}/nothing"
    with closing(StateStore.open(url)) as store:
        with pytest.raises(StoreAway) as caught:
            store.ping()
        assert caught.value.temporary
        assert "hunter2" not in str(caught.value) + store.where


@pytest.mark.postgres
def test_postgres_reconnects(migrated_postgres_url: str) -> None:
    """After the server cut all connections, the next call works."""
    with (
        closing(StateStore.open(migrated_postgres_url)) as store,
        closing(StateStore.open(migrated_postgres_url)) as other,
    ):
        with store.read() as connection:
            process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        end(process, other)
        assert store.ping() > 0


@pytest.mark.postgres
def test_postgres_cut_in_the_middle(migrated_postgres_url: str) -> None:
    """A connection that breaks inside a transaction is StoreAway, and the store works again afterwards."""
    with (
        closing(StateStore.open(migrated_postgres_url)) as store,
        closing(StateStore.open(migrated_postgres_url)) as other,
    ):
        with pytest.raises(StoreAway), store.begin() as connection:
            cut(connection, other)
        assert store.ping() > 0


@pytest.mark.postgres
def test_postgres_gives_up(migrated_postgres_url: str) -> None:
    """A statement that takes too long is ended by the server and is StoreAway."""
    with closing(StateStore.open(migrated_postgres_url)) as store:
        with store.read() as connection:
            timeout = connection.execute(text("SHOW statement_timeout")).scalar()
        assert timeout == f"{STATEMENT_TIMEOUT_MS // 1000}s"
    short = f"{migrated_postgres_url}?options=-c%20statement_timeout%3D20"
    with (
        closing(StateStore.open(short)) as store,
        pytest.raises(StoreAway, match="timeout"),
        store.read() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(10)"))


@pytest.mark.postgres
def test_postgres_short_scheme(migrated_postgres_url: str) -> None:
    """Hosting platforms hand out postgres:// addresses; they work, and what the address asks for wins."""
    url = migrated_postgres_url.replace("postgresql://", "postgres://") + "?application_name=mine"
    with closing(StateStore.open(url)) as store, store.read() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "mine"
