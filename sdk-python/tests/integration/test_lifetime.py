"""Forks, threads, event loops and ends of processes: what was flushed arrived, nothing hangs, exits are on time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast import TelemetryCollector

HEAD = """
import holdfast, os, sys, time, threading, signal
URL = sys.argv[1]
def collector(**settings):
    return holdfast.TelemetryCollector(endpoint=URL, retry_base_ms=20, **settings)
"""


def run(
    code: str, url: str, timeout_s: float = 30, **env: str
) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a program; returns it and how long it took."""
    started_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code, url],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env={**os.environ, **env},
        check=False,
    )
    return done, time.monotonic() - started_s


def test_exit_sends_what_is_left(wire: Any) -> None:
    """A program that just ends loses nothing."""
    done, _ = run("c = collector(); c.track('last')", wire.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["type"] for event in wire.events] == ["last"]


def test_a_forgotten_collector_still_sends(wire: Any) -> None:
    """Events of a collector that was dropped without `destroy` arrive, and its thread ends."""
    code = """
def work():
    c = collector()
    c.track('forgotten')
work()
end = time.monotonic() + 5
while threading.active_count() > 1 and time.monotonic() < end: time.sleep(0.01)
print(threading.active_count())
def late():
    collector().track('late')
late()
"""
    done, _ = run(code, wire.url)
    assert done.stdout.split() == ["1"], done.stderr
    assert sorted(event["type"] for event in wire.events) == ["forgotten", "late"]


def test_exit_after_an_exception(wire: Any) -> None:
    """An unhandled exception is recorded, printed as always, and sent at exit; the exit code stays."""
    done, _ = run("holdfast.init(endpoint=URL); holdfast.track('before'); 1 / 0", wire.url)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    (error,) = wire.of_type("error")
    assert error["metadata"]["severity"] == "critical"
    assert error["metadata"]["handled"] is False


def test_exit_with_a_dead_server_is_quick(dead_url: str) -> None:
    """A server that refuses connections delays the exit by one attempt, well under the configured time."""
    done, elapsed_s = run("c = collector(shutdown_timeout_ms=30_000); c.track('lost')", dead_url)
    assert done.returncode == 0
    assert elapsed_s < 20


def test_exit_with_a_hanging_server_keeps_the_time(wire: Any) -> None:
    """A server that takes the batch and never answers delays the exit by the configured time, for all together."""
    wire.always = wire.fault("slow:8")
    code = "a, b = collector(shutdown_timeout_ms=700), collector(shutdown_timeout_ms=700); a.track('x'); b.track('y')"
    done, elapsed_s = run(code, wire.url)
    assert done.returncode == 0
    assert 0.7 <= elapsed_s < 7


def test_hard_exit_keeps_what_was_flushed(wire: Any) -> None:
    """After `os._exit` what was flushed has arrived, and the rest is gone; a crash is not our promise."""
    run(
        "c = collector(); c.track('flushed'); ok = c.flush(5); c.track('lost'); os._exit(0 if ok else 3)",
        wire.url,
    )
    assert [event["type"] for event in wire.events] == ["flushed"]


@pytest.mark.parametrize("own_handler", [False, True])
def test_sigterm(wire: Any, own_handler: bool) -> None:
    """With flush_on_sigterm a terminated program sends what is left; the host's own handler still runs."""
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));" if own_handler else ""
    code = f"{handler}holdfast.init(endpoint=URL, flush_on_sigterm=True); holdfast.track('last'); print('up', flush=True); time.sleep(30)"
    with subprocess.Popen(
        [sys.executable, "-c", HEAD + code, wire.url], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == (7 if own_handler else -signal.SIGTERM)
    assert [event["type"] for event in wire.events] == ["last"]


def test_fork(wire: Any) -> None:
    """Parent and child send their own events, each once; what was buffered at the fork is the parent's."""
    code = """
c = collector()
c.track('before', {'pid': os.getpid()})
pid = os.fork()
c.track('after', {'pid': os.getpid()})
assert c.flush(5)
if pid:
    assert os.waitpid(pid, 0)[1] == 0
else:
    os._exit(0)
"""
    done, _ = run(code, wire.url)
    assert done.returncode == 0, done.stderr
    assert len(wire.of_type("before")) == 1
    assert len({event["metadata"]["pid"] for event in wire.of_type("after")}) == 2
    assert len({event["sessionId"] for event in wire.events}) == 2


def test_fork_while_busy(wire: Any) -> None:
    """Forks amid tracking threads and a working sender neither hang nor lose what the children track."""
    code = """
c = collector(max_events=100_000)
stop = threading.Event()
def busy():
    while not stop.is_set():
        c.track('noise'); time.sleep(0.0005)
threads = [threading.Thread(target=busy) for _ in range(3)]
for t in threads: t.start()
pids = []
for n in range(20):
    pid = os.fork()
    if pid == 0:
        c.track('child', {'n': n})
        os._exit(0 if c.flush(10) else 1)
    pids.append(pid)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in pids)
stop.set()
for t in threads: t.join()
assert c.flush(10)
"""
    done, _ = run(code, wire.url, timeout_s=60)
    assert done.returncode == 0, done.stderr
    assert sorted(event["metadata"]["n"] for event in wire.of_type("child")) == list(range(20))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(wire: Any, tmp_path: Path, method: str) -> None:
    """Children of multiprocessing send what they tracked when they end, without being asked."""
    script = tmp_path / "program.py"
    script.write_text(
        HEAD
        + f"""
import multiprocessing
c = collector()
def work(n):
    c.track('work', {{'n': n}})
if __name__ == '__main__':
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work, args=(n,)) for n in range(3)]
    for child in children: child.start()
    for child in children: child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
""",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script, wire.url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(event["metadata"]["n"] for event in wire.of_type("work")) == [0, 1, 2]


def test_gunicorn_prefork(wire: Any, tmp_path: Path) -> None:
    """Workers forked from a preloaded application each send their requests, at the latest when they are stopped."""
    (tmp_path / "shop.py").write_text(
        f"""
import holdfast, os
from holdfast.integrations.wsgi import HoldfastMiddleware
holdfast.init(endpoint={wire.url!r})
holdfast.track('preloaded')
def app(environ, start_response):
    holdfast.track('work', {{'pid': os.getpid()}})
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']
app = HoldfastMiddleware(app)
""",
        encoding="utf-8",
    )
    import socket
    import urllib.request

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--preload",
        "-w",
        "2",
        "-b",
        f"127.0.0.1:{port}",
        "shop:app",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            for _ in range(19):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/orders/7", timeout=5).close()
        finally:
            server.terminate()
            _, log = server.communicate(timeout=20)
    assert len(wire.of_type("work")) == 20, log
    assert len(wire.of_type("api_call")) == 20
    assert len(wire.of_type("preloaded")) == 1


def test_threads(wire: Any) -> None:
    """Eight threads track at once: everything arrives once, none is lost or torn."""
    collector = TelemetryCollector(endpoint=wire.url, max_events=100_000)

    def work(thread: int) -> None:
        for n in range(500):
            collector.track("e", {"thread": thread, "n": n})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collector.flush(30)
    collector.destroy()
    seen = {(event["metadata"]["thread"], event["metadata"]["n"]) for event in wire.events}
    assert len(wire.events) == len(seen) == 4_000


async def test_asyncio_loop_is_never_blocked(wire: Any) -> None:
    """While the server is slow, tracking and `aflush` leave the event loop free."""
    wire.always = wire.fault("slow:1.5")
    collector = TelemetryCollector(endpoint=wire.url)
    longest_s = 0.0

    async def heartbeat() -> None:
        nonlocal longest_s
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.01)
            longest_s = max(longest_s, time.monotonic() - before_s)

    beating = asyncio.create_task(heartbeat())
    for n in range(60):
        collector.track("e", {"n": n})
    assert await collector.aflush(30)
    beating.cancel()
    collector.destroy()
    assert len(wire.events) == 60
    assert longest_s < 1.0


async def test_asyncio_scopes_do_not_mix(wire: Any) -> None:
    """Each task's scope is its own."""
    from holdfast import scope

    collector = TelemetryCollector(endpoint=wire.url)

    async def request(user: str) -> None:
        with scope(user_id=user, session_id=f"s-{user}"):
            await asyncio.sleep(0.001)
            collector.track("e", {"user": user})

    await asyncio.gather(*(request(str(n)) for n in range(20)))
    assert await collector.aflush(5)
    collector.destroy()
    assert all(event["userId"] == event["metadata"]["user"] for event in wire.events)


def test_track_in_signal_handlers_and_destructors(wire: Any) -> None:
    """Tracking from a signal handler and from `__del__` while tracking does not deadlock."""
    code = """
import gc
c = collector(max_events=50, max_buffer_size=5)
hits = 0
def on_signal(*_):
    global hits
    hits += 1
    c.track('signal')
signal.signal(signal.SIGALRM, on_signal)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
class Dying:
    def __init__(self): self.me = self
    def __del__(self): c.track('del')
end = time.monotonic() + 1
while time.monotonic() < end:
    Dying(); c.track('e')
signal.setitimer(signal.ITIMER_REAL, 0)
assert hits > 20
gc.collect()  # what dies from here on must not push the next event out
signal.raise_signal(signal.SIGALRM)  # the newest event stays, however full the buffer was
Dying(); gc.collect()
assert c.destroy(20)
"""
    done, _ = run(code, wire.url, timeout_s=60)
    assert done.returncode == 0, done.stderr
    assert wire.of_type("signal")
    assert wire.of_type("del")


def test_unhandled_errors_of_threads_and_tasks(wire: Any) -> None:
    """An exception that ends a thread, and one of a task that nobody awaits, are recorded."""
    code = """
holdfast.init(endpoint=URL)
import asyncio, gc
def thread(): raise RuntimeError('thread')
t = threading.Thread(target=thread); t.start(); t.join()
async def main():
    async def task(): raise RuntimeError('task')
    asyncio.create_task(task()); await asyncio.sleep(0.01); gc.collect()
asyncio.run(main())
"""
    done, _ = run(code, wire.url)
    assert done.returncode == 0
    assert sorted(event["metadata"]["message"] for event in wire.of_type("error")) == ["task", "thread"]
