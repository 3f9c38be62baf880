"""The supervisor and its child: start, refusal, death, restart, stop, and what happens when the parent dies."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast_server.errors import CannotStart
from holdfast_server.event_store.engine import EngineConfig, EngineState, EngineSupervisor

from .conftest import Http

MakeConfig = Callable[[Path], EngineConfig]


@pytest.fixture
def own_engine(tmp_path: Path, engine_config: MakeConfig) -> Iterator[EngineSupervisor]:
    """An engine for one test, that may be killed."""
    supervisor = EngineSupervisor(engine_config(tmp_path / "data"))
    supervisor.start()
    yield supervisor
    supervisor.stop()


def wait_until(ready: Callable[[], bool], timeout_s: float = 15) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_states_are_told_in_order(tmp_path: Path, engine_config: MakeConfig) -> None:
    """on_change hears starting, up, restarting (with the reason and the count), up, stopped."""
    told: list[EngineState] = []
    supervisor = EngineSupervisor(engine_config(tmp_path), on_change=told.append)
    supervisor.start()
    assert supervisor.pid is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: len(told) == 4)
    supervisor.stop()
    assert [state.phase for state in told] == ["starting", "up", "restarting", "up", "stopped"]
    assert told[2].restarts == 1
    assert "signal 9" in told[2].last_error
    assert supervisor.state.phase == "stopped"
    assert supervisor.pid is None


def test_port_and_data_stay_over_restarts(own_engine: EngineSupervisor) -> None:
    """After a death the engine is back on the same address with the same data."""
    ask = Http(own_engine.config.port)
    ask.text("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    ask.text("INSERT INTO t VALUES (1), (2)")
    first = own_engine.pid
    assert first is not None
    url = own_engine.url
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: own_engine.state.phase == "up" and own_engine.pid not in (None, first))
    assert own_engine.url == url
    assert ask.text("SELECT sum(a) FROM t") == "3"


def test_terminated_child_ends_cleanly_and_comes_back(own_engine: EngineSupervisor) -> None:
    """SIGTERM ends the child with code 0; SIGINT, which a terminal sends to the whole group, does not end it."""
    pid = own_engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    assert Http(own_engine.config.port).text("SELECT 1") == "1"
    assert own_engine.pid == pid
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: own_engine.state.restarts == 1 and own_engine.state.phase == "up")
    assert "ended with code 0" in own_engine.state.last_error


def test_stop_lets_a_running_query_end(tmp_path: Path, engine_config: MakeConfig) -> None:
    """A query that runs when stop is called still gets its answer; afterwards the folder is free."""
    supervisor = EngineSupervisor(engine_config(tmp_path))
    supervisor.start()
    answers: list[str] = []
    ask = Http(supervisor.config.port)
    thread = threading.Thread(target=lambda: answers.append(ask.text("SELECT sleep(1)")))
    thread.start()
    assert wait_until(
        lambda: ask.text("SELECT count() FROM system.processes WHERE query LIKE '%sleep(1)%'") == "2"
    )
    supervisor.stop()
    thread.join()
    assert answers == ["0"]
    again = EngineSupervisor(engine_config(tmp_path))
    again.start()
    again.stop()


def test_stop_does_not_wait_for_ever(tmp_path: Path, engine_config: MakeConfig) -> None:
    """A query that would run on is killed, and the child still ends cleanly."""
    supervisor = EngineSupervisor(engine_config(tmp_path))
    supervisor.start()
    ask = Http(supervisor.config.port)
    statuses: list[int] = []
    thread = threading.Thread(
        target=lambda: statuses.append(ask("SELECT sum(sipHash64(number)) FROM numbers(100000000000)").status)
    )
    thread.start()
    assert wait_until(lambda: ask.text("SELECT count() FROM system.processes") == "2")
    pid = supervisor.pid
    supervisor.stop(timeout_s=6)
    thread.join(5)
    assert statuses == [500]
    assert pid is not None
    assert not alive(pid)


def test_a_second_engine_is_refused_with_a_sentence(
    own_engine: EngineSupervisor, engine_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two engines on one folder would destroy it: the second says who is in the way and what to do."""
    monkeypatch.setattr("holdfast_server.event_store.engine.supervisor.LOCKED_PATIENCE_S", 0.1)
    second = EngineSupervisor(engine_config(own_engine.config.data_dir))
    with pytest.raises(CannotStart, match="another engine uses the data folder") as caught:
        second.start()
    assert "stop the other server" in caught.value.hint
    assert second.state.phase == "stopped"
    assert Http(own_engine.config.port).text("SELECT 1") == "1"


def test_a_damaged_folder_is_told_readably(tmp_path: Path, engine_config: MakeConfig) -> None:
    """chDB's own exception carries no text; the reason comes from its standard error."""
    supervisor = EngineSupervisor(engine_config(tmp_path))
    supervisor.start()
    Http(supervisor.config.port).text("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    supervisor.stop()
    for file in (tmp_path / "store" / "metadata").rglob("*.sql"):
        file.write_bytes(b"\x00garbage")
    with pytest.raises(CannotStart) as caught:
        EngineSupervisor(engine_config(tmp_path)).start()
    assert str(tmp_path) in str(caught.value)
    assert "Syntax error" in str(caught.value)
    assert caught.value.hint


def test_a_file_in_the_folders_place_is_told(tmp_path: Path, engine_config: MakeConfig) -> None:
    """A data folder that is no folder is refused before anything starts."""
    (tmp_path / "data").write_text("x")
    with pytest.raises(CannotStart, match="can't be used"):
        EngineSupervisor(engine_config(tmp_path / "data")).start()


def test_a_taken_port_is_told(own_engine: EngineSupervisor, tmp_path: Path) -> None:
    """A named port that another program holds is refused with its number."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(CannotStart, match=str(port)):
            EngineSupervisor(EngineConfig(tmp_path / "x", "a", "b", port=port)).start()


def test_repeated_deaths_wait_longer_and_say_why(tmp_path: Path, engine_config: MakeConfig) -> None:
    """When the folder breaks while the engine is down, it keeps trying, and the state says what is wrong."""
    supervisor = EngineSupervisor(engine_config(tmp_path))
    supervisor.start()
    pid = supervisor.pid
    assert pid is not None
    store = tmp_path / "store"
    os.kill(pid, signal.SIGSTOP)
    hidden = {file: file.read_bytes() for file in (store / "metadata").rglob("*.sql")}
    for file in hidden:
        file.write_bytes(b"\x00garbage")
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: "Syntax error" in supervisor.state.last_error)
    assert supervisor.state.phase == "restarting"
    for file, content in hidden.items():
        file.write_bytes(content)
    assert wait_until(lambda: supervisor.state.phase == "up")
    supervisor.stop()


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    """When the server is killed, its engine ends by itself and lets go of the folder."""
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from holdfast_server.event_store.engine import EngineConfig, EngineSupervisor
        supervisor = EngineSupervisor(EngineConfig(Path(sys.argv[1]), "a", "b"))
        supervisor.start()
        print(supervisor.pid, flush=True)
        time.sleep(60)
        """
    )
    sources = os.pathsep.join(path for path in sys.path if path)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": sources},
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not alive(child))


def test_a_thread_that_starts_it_may_end(tmp_path: Path, engine_config: MakeConfig) -> None:
    """start() may be called from a worker thread: the child does not die when that thread does."""
    supervisor = EngineSupervisor(engine_config(tmp_path))
    thread = threading.Thread(target=supervisor.start)
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert Http(supervisor.config.port).text("SELECT 1") == "1"
    assert supervisor.state.restarts == 0
    supervisor.stop()


def test_a_stray_config_file_is_not_picked_up(
    tmp_path: Path, engine_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """chDB reads ./config.xml and ~/.clickhouse-local; the engine does not let it."""
    poison = "<clickhouse><max_server_memory_usage>1234567890</max_server_memory_usage></clickhouse>"
    (tmp_path / "home" / ".clickhouse-local").mkdir(parents=True)
    (tmp_path / "home" / ".clickhouse-local" / "config.xml").write_text(poison)
    (tmp_path / "config.xml").write_text(poison)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    supervisor = EngineSupervisor(engine_config(tmp_path / "data"))
    supervisor.start()
    ask = Http(supervisor.config.port)
    assert (
        ask.text("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'")
        == "2000000000"
    )
    assert ask.text("SELECT value FROM system.server_settings WHERE name = 'mark_cache_size'") == str(
        64 << 20
    )
    assert (
        ask.text("SELECT count() FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'")
        == "0"
    )
    supervisor.stop()


def test_secrets_are_not_on_the_command_line(own_engine: EngineSupervisor) -> None:
    """Passwords reach the child by its standard input, and its files are the owner's alone."""
    command = (
        Path(f"/proc/{own_engine.pid}/cmdline").read_text()
        + Path(f"/proc/{own_engine.pid}/environ").read_text()
    )
    assert own_engine.config.reader_password not in command
    assert own_engine.config.config_file.stat().st_mode & 0o077 == 0
    assert own_engine.config.store_dir.stat().st_mode & 0o077 == 0


def test_a_frozen_child_is_replaced(own_engine: EngineSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that lives but answers no heartbeat is killed and started again."""
    monkeypatch.setattr("holdfast_server.event_store.engine.supervisor.PING_TIMEOUT_S", 0.2)
    monkeypatch.setattr("holdfast_server.event_store.engine.supervisor.HEARTBEAT_S", 0.1)
    pid = own_engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert wait_until(lambda: own_engine.state.restarts >= 1)
    monkeypatch.undo()
    assert "no heartbeat" in own_engine.state.last_error
    assert wait_until(lambda: own_engine.state.phase == "up")
    assert own_engine.pid != pid


def test_starting_twice_is_starting_once(own_engine: EngineSupervisor) -> None:
    """A second start changes nothing; a start after stop uses the same address."""
    pid, url = own_engine.pid, own_engine.url
    own_engine.start()
    assert own_engine.pid == pid
    own_engine.stop()
    own_engine.start()
    assert own_engine.url == url
    assert Http(own_engine.config.port).text("SELECT 1") == "1"


def test_a_listener_that_fails_does_not_end_the_supervision(
    tmp_path: Path, engine_config: MakeConfig
) -> None:
    """on_change may raise; the engine is kept alive all the same."""

    def broken(state: EngineState) -> None:
        raise ValueError(state.phase)

    supervisor = EngineSupervisor(engine_config(tmp_path), on_change=broken)
    supervisor.start()
    assert supervisor.pid is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: supervisor.state.restarts == 1 and supervisor.state.phase == "up")
    supervisor.stop()


def test_leftovers_of_a_killed_engine_are_swept(tmp_path: Path, engine_config: MakeConfig) -> None:
    """Large answers that a killed engine left on disk are gone after the next start; other files are not touched."""
    config = engine_config(tmp_path)
    config.tmp_dir.mkdir()
    (config.tmp_dir / "answer-old").write_bytes(b"x")
    (tmp_path / "mine.txt").write_text("kept")
    supervisor = EngineSupervisor(config)
    supervisor.start()
    supervisor.stop()
    assert not (config.tmp_dir / "answer-old").exists()
    assert (tmp_path / "mine.txt").read_text() == "kept"
