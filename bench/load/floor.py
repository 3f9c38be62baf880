"""The floor of ingest: a bare loop that decodes the same bodies with msgspec and inserts them into the same table, with
the same rollups, in blocks of 100,000, straight into chDB in this process. No HTTP, no spool, no checks.

Prints one JSON object: events and CPU seconds, background merges included.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import chdb.state.sqlitelike as chdb
import msgspec

from bench.load.bodies import batches
from holdfast_server.event_store import native, write
from holdfast_server.event_store.migrate import migrations, render
from holdfast_server.ingest.decode.native import BATCH, NOTHING

BLOCK = 100_000
DIRECT = {"type": "type", "page": "page", "component": "component", "action": "action", "name": "name", "method": "method", "status": "status", "duration_ms": "duration", "value": "value", "unit": "unit", "session_id": "sessionId", "user_id": "userId", "anonymous_id": "anonymousId", "device_type": "deviceType", "platform": "platform", "region": "region", "environment": "environment", "release": "release"}  # fmt: skip
SETTINGS = "deduplicate_blocks_in_dependent_materialized_views = 1, max_insert_threads = 1, max_insert_block_size = 4000000, min_insert_block_size_rows = 4000000, min_insert_block_size_bytes = 4000000000, input_format_parallel_parsing = 0"


def columns(events: list[object], first_id: int, now_ms: int) -> bytes:
    count = len(events)
    made: dict[str, list[object]] = {
        name: [getattr(event, field) for event in events] for name, field in DIRECT.items()
    }
    made |= {
        "id": list(range(first_id, first_id + count)),
        "project_id": [1] * count,
        "at": [event.timestamp for event in events],
        "received_at": [now_ms] * count,
        "attributes": [b"{}" if event.metadata is NOTHING else bytes(event.metadata) for event in events],
        "name": [event.name or event.endpoint or event.page for event in events],
        **{name: [""] * count for name in ("route", "browser", "os", "time_flag")},
    }
    return native.block(write.EVENT_COLUMNS, made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    asked = parser.parse_args()
    bodies = batches(200)
    with tempfile.TemporaryDirectory() as folder:
        base = chdb.Connection(str(Path(folder) / "floor"))
        base.query("CREATE DATABASE floor")
        for migration in migrations():
            for statement in render(migration.text, "floor"):
                base.query(statement)
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        done = turn = 0
        while done < asked.events:
            chunks: list[bytes] = []
            filled = 0
            while filled < BLOCK:
                events: list[object] = []
                for _ in range(50):
                    events += BATCH.decode(bodies[turn % len(bodies)]).events
                    turn += 1
                chunks.append(columns(events, done + filled, int(time.time() * 1000)))
                filled += len(events)
            with base.send_insert(
                f"INSERT INTO floor.events ({', '.join(write.EVENT_COLUMNS)}) SETTINGS insert_deduplication_token = '{done}', {SETTINGS}",
                "Native",
            ) as stream:
                stream.append(b"".join(chunks))
                stream.finish()
            done += filled
        inserted = time.perf_counter() - began
        time.sleep(3)  # merges that the inserts set off belong to their cost
        used = resource.getrusage(resource.RUSAGE_SELF)
        base.close()
    print(
        json.dumps(
            {
                "events": done,
                "seconds": inserted,
                "cpu_s": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
                "msgspec": msgspec.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
