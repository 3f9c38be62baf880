"""Durable ingest: events acknowledged, drained and queryable a second, its CPU an event against the floor's, in one run."""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

from bench.load.server import BenchServer

RELAXED = 40_000


def generate(server: BenchServer, seconds: float, rate: float = 0, connections: int = 32) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "bench.load.generator",
        "--port",
        str(server.port),
        "--key",
        server.public_key,
        "--seconds",
        str(seconds),
        "--rate",
        str(rate),
        "--connections",
        str(connections),
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # type: ignore[no-any-return]


def floors(count: int) -> float:
    """CPU µs an event of the floor, with `count` of them at once: two fill both cores, as the server does at saturation."""
    command = [sys.executable, "-m", "bench.load.floor", "--events", "1000000"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    found = [json.loads(process.communicate()[0]) for process in running]
    return sum(one["cpu_s"] / one["events"] for one in found) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=32)
    asked = parser.parse_args()
    floor_us, crowded_us = floors(1), floors(2)
    with BenchServer() as server:
        idle = server.rss_mb()
        generate(server, 2)
        server.wait_drained()
        before, count_before = server.cpu_s(), server.ask("SELECT count() FROM events")[0][0]
        began = time.perf_counter()
        load = generate(server, asked.seconds, connections=asked.connections)
        acknowledged_s = time.perf_counter() - began
        backlog = server.pending
        server.wait_drained()
        drained_s = time.perf_counter() - began
        stored = server.ask("SELECT count() FROM events")[0][0] - count_before
        time.sleep(3)
        after, rss = server.cpu_s(), {server.part(pid): value for pid, value in server.rss_mb().items()}
        used = {server.part(pid): after[pid] - before.get(pid, 0) for pid in after}
        rows, size = server.disk_bytes()
        before = server.cpu_s()
        relaxed = generate(server, 15, rate=RELAXED)
        server.wait_drained()
        after = server.cpu_s()
        relaxed_us = sum(after[pid] - before.get(pid, 0) for pid in after) / relaxed["events"] * 1e6
    server_us = sum(used.values()) / stored * 1e6
    shares = ", ".join(f"{part} {seconds / stored * 1e6:.2f}" for part, seconds in used.items())
    print(
        f"load             {load['events']:>12,} events acknowledged in {load['seconds']:.1f} s: {load['events'] / load['seconds']:>9,.0f} a second, {load['refused_batches']} batches refused"
    )
    print(
        f"durable          {stored:>12,} events stored and queryable in {drained_s:.1f} s: {stored / drained_s:>9,.0f} a second (backlog at the end of the load: {backlog:,}, {acknowledged_s:.1f} s)"
    )
    print(f"lost or doubled  {load['events'] - stored:>12,}")
    print(
        f"server CPU       {server_us:>12.2f} µs an event: {shares} (merges included); {server_us:.2f} CPU-seconds a million"
    )
    print(
        f"floor CPU        {floor_us:>12.2f} µs an event alone, {crowded_us:.2f} with two at once (decode and insert, same table and rollups)"
    )
    print(
        f"ratio            {server_us / crowded_us:>12.2f} × the floor at saturation, both cores full in both (target ≤2)"
    )
    print(
        f"ratio            {relaxed_us / floor_us:>12.2f} × the lone floor at {RELAXED:,} events a second ({relaxed_us:.2f} µs an event)"
    )
    print(
        f"answers          p50 {load['p50_ms']:.1f} ms, p99 {load['p99_ms']:.1f} ms at saturation; p50 {relaxed['p50_ms']:.1f} ms, p99 {relaxed['p99_ms']:.1f} ms at {RELAXED:,} events a second"
    )
    print(
        f"memory           idle {sum(idle.values()):.0f} MB {[round(v) for v in idle.values()]}, after the load {sum(rss.values()):.0f} MB { ({part: round(value) for part, value in rss.items()}) }"
    )
    print(
        f"disk             {size / rows:.1f} bytes an event, rollups included; generator {load['cpu_s'] / load['events'] * 1e6:.2f} µs CPU an event"
    )


if __name__ == "__main__":
    main()
