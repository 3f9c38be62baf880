"""Errors: Sentry envelopes accepted and digested a second, CPU and bytes an occurrence, beside Bugsink in the same run; and how
fast the issue list answers at a million occurrences in ten thousand issues.

Digested means: stored, counted in its issue, visible in the list. The envelopes and their generator are the same for both.
"""

import argparse
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any

from bench.load.scale import fill_issues
from bench.load.server import BenchServer
from bench.peers.bugsink import Bugsink

ROUNDS = 40
UNLIMITED = {
    "HOLDFAST_RATE_PER_S": "100000",
    # With its protection against bursts on, it would keep a sample of the bodies alone, and look faster than it is.
    "HOLDFAST_BURST_BODIES": "0",
    "HOLDFAST_BURST_NEW_BODIES": "0",
}
PAGES = {
    "API, newest first": "/api/errors?limit=50&sortBy=lastSeen",
    "API, most frequent": "/api/errors?limit=50&sortBy=frequency",
    "API, worst first": "/api/errors?limit=50&sortBy=severity",
    "API, text search": "/api/errors?limit=50&search=checkout_7",
    "page, newest first": "/admin/errors",
    "page, most users": "/admin/errors?sort=users",
    "page, text search": "/admin/errors?search=checkout_7",
}


@dataclass
class Run:
    """What one server made of the load. Times in seconds, CPU of all its processes."""

    name: str
    sent: dict[str, Any]
    digested: int
    digested_s: float
    cpu_s: float
    disk_bytes: int

    @property
    def cpu_ms_each(self) -> float:
        return self.cpu_s / self.digested * 1000

    @property
    def bytes_each(self) -> float:
        return self.disk_bytes / self.digested

    def lines(self) -> list[str]:
        return [
            f"{self.name:<12} accepted {self.sent['accepted']:>8,} in {self.sent['seconds']:>6.1f} s: {self.sent['accepted'] / self.sent['seconds']:>8,.0f} a second (answers {self.sent['answers']}, p50 {self.sent['p50_ms']:.1f} ms, p99 {self.sent['p99_ms']:.1f} ms)",
            f"{'':<12} digested {self.digested:>8,} in {self.digested_s:>6.1f} s: {self.digested / self.digested_s:>8,.0f} a second",
            f"{'':<12} CPU      {self.cpu_ms_each:>8.3f} CPU-seconds per 1,000; {self.bytes_each:,.0f} bytes on disk each",
        ]


def send(port: int, project: str, key: str, count: int, seed: int, connections: int = 16) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.load.envelope_generator", "--port", str(port), "--project", project, "--key", key, "--count", str(count), "--seed", str(seed), "--connections", str(connections)]  # fmt: skip
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # type: ignore[no-any-return]


def ours(count: int) -> Run:
    with BenchServer(**UNLIMITED) as server:
        send(server.port, "1", server.public_key, 500, seed=2)
        server.wait_drained()
        time.sleep(2)
        empty = server.folder_bytes()
        before, cpu = frequencies(server), sum(server.cpu_s().values())
        began = time.perf_counter()
        sent = send(server.port, "1", server.public_key, count, seed=1, connections=64)
        making_s = time.perf_counter() - began - sent["seconds"]
        server.wait_drained()
        while (digested := frequencies(server) - before) < sent["accepted"]:
            if time.perf_counter() - began > making_s + sent["seconds"] + 60:
                break
            time.sleep(0.1)
        digested_s = time.perf_counter() - began - making_s
        cpu_s = sum(server.cpu_s().values()) - cpu
        time.sleep(35)  # replaced parts stay on disk for 30 s
        return Run("Holdfast", sent, digested, digested_s, cpu_s, server.folder_bytes() - empty)


def frequencies(server: BenchServer) -> int:
    """All occurrences that the issue list counts."""
    return sum(issue["frequency"] for issue in server.get("/api/errors?limit=200&status=all")["errors"])


def theirs(count: int) -> Run:
    with Bugsink() as peer:
        send(peer.port, peer.project, peer.key, 20, seed=2)
        already = peer.wait_digested(20, 60)
        empty, cpu = peer.disk_bytes(), peer.cpu_s()
        began = time.perf_counter()
        sent = send(peer.port, peer.project, peer.key, count, seed=1)
        making_s = time.perf_counter() - began - sent["seconds"]
        digested = peer.wait_digested(already + sent["accepted"]) - already
        digested_s = time.perf_counter() - began - making_s
        return Run("Bugsink", sent, digested, digested_s, peer.cpu_s() - cpu, peer.disk_bytes() - empty)


def list_times(occurrences: int, issues: int) -> dict[str, float]:
    """p95 in ms of each way to look at the list, as a person or a program would ask."""
    with BenchServer(HOLDFAST_ADMIN_PASSWORD="only for this benchmark") as server:
        server.stop()
        fill_issues(server.data / "data", occurrences=occurrences, issues=issues)
        server.start()
        opener = logged_in(server)
        took: dict[str, list[float]] = {name: [] for name in PAGES}
        for turn in range(ROUNDS + 3):
            for name, path in PAGES.items():
                began = time.perf_counter()
                opener.open(server.url + path, timeout=60).read()
                if turn >= 3:
                    took[name].append((time.perf_counter() - began) * 1000)
    return {name: sorted(times)[len(times) * 95 // 100 - 1] for name, times in took.items()}


def logged_in(server: BenchServer) -> urllib.request.OpenerDirector:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    fields = {"email": "admin@localhost", "password": "only for this benchmark"}
    opener.open(server.url + "/login", urllib.parse.urlencode(fields).encode(), timeout=60)
    return opener


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000, help="envelopes for Holdfast")
    parser.add_argument(
        "--peer-count", type=int, default=1_500, help="envelopes for Bugsink; 0 leaves it out"
    )
    parser.add_argument("--occurrences", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=10_000)
    asked = parser.parse_args()
    mine = ours(asked.count)
    print(f"envelopes    {mine.sent['bytes']:,.0f} bytes on average before compression, 50 groups")
    print("\n".join(mine.lines()))
    if asked.peer_count:
        peer = theirs(asked.peer_count)
        print("\n".join(peer.lines()))
        print(
            f"ratio        {peer.cpu_ms_each / mine.cpu_ms_each:.1f} × Bugsink's digested events per CPU-second (target ≥75)"
        )
        print(f"ratio        1/{peer.bytes_each / mine.bytes_each:.1f} of its bytes on disk (target ≤1/10)")
    if asked.occurrences:
        print(
            f"\nissue list at {asked.occurrences:,} occurrences in {asked.issues:,} issues (target p95 ≤100 ms)"
        )
        for name, value in list_times(asked.occurrences, asked.issues).items():
            print(f"{name:<20} p95 {value:>7.1f} ms")


if __name__ == "__main__":
    main()
