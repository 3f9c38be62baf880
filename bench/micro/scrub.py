"""What scrubbing costs: the scan over clean batches, the walk over dirty events, each beside the JSON decoder.

Run with `python bench/micro/scrub.py`. Absolute times belong to one machine; the ratios carry over.
"""

import json
import random
import time
import uuid
from collections.abc import Callable

import msgspec

from holdfast_server.ingest.scrub import Scrubber

EVENTS = 100
REPEATS = 9
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


def main() -> None:
    rng = random.Random(1)
    scrubber = Scrubber()
    clean = [body(event(rng, n) for n in range(EVENTS)) for _ in range(50)]
    dirty = [[body_of(soiled(event(rng, n), rng)) for n in range(EVENTS)] for _ in range(5)]
    assert not any(map(scrubber.dirty, clean))
    assert all(scrubber.dirty(raw) for batch in dirty for raw in batch)
    size = sum(map(len, clean)) / len(clean) / EVENTS
    decode = per_event_us(lambda: [msgspec.json.decode(raw) for raw in clean], len(clean) * EVENTS)
    scan = per_event_us(lambda: [scrubber.dirty(raw) for raw in clean], len(clean) * EVENTS)
    decode_one = per_event_us(
        lambda: [msgspec.json.decode(raw) for batch in dirty for raw in batch], 5 * EVENTS
    )
    scan_one = per_event_us(lambda: [scrubber.dirty(raw) for batch in dirty for raw in batch], 5 * EVENTS)
    values = [msgspec.json.decode(raw) for batch in dirty for raw in batch]
    walk = per_event_us(lambda: [scrubber.scrub(value) for value in values], len(values))
    whole = per_event_us(
        lambda: [scrubber.scrub_event_json(raw) for batch in dirty for raw in batch], 5 * EVENTS
    )
    print(f"batches of {EVENTS} events, {size:.0f} bytes each; CPU time, best of {REPEATS}")
    line("decode (msgspec, untyped), clean batch", decode, decode)
    line("scan of a clean batch", scan, decode)
    line("decode, one dirty event", decode_one, decode_one)
    line("scan of one dirty event by itself", scan_one, decode_one)
    line("walk of a dirty event", walk, decode_one)
    line("decode, walk and encode a dirty event", whole, decode_one)


def event(rng: random.Random, n: int) -> dict[str, object]:
    return {
        "type": "page_view",
        "page": f"/orders/{rng.randrange(10**6)}",
        "duration": round(rng.uniform(1, 900), 2),
        "timestamp": 1_763_600_000_000 + n,
        "sessionId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "userId": f"user_{rng.randrange(10**5)}",
        "deviceType": "desktop",
        "metadata": {
            "referrer": "/home",
            "score": rng.random(),
            "requestId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        },
    }


def soiled(clean: dict[str, object], rng: random.Random) -> dict[str, object]:
    secrets: list[dict[str, object]] = [
        {"email": "jo@example.com", "password": "hunter2"},
        {"note": "called 415-555-2671 about 4111 1111 1111 1111"},
        {"userAgent": AGENT, "contact": {"to": ["jo@example.com"]}},
    ]
    return clean | {"metadata": rng.choice(secrets)}


def body(events: object) -> bytes:
    return body_of({"events": list(events)})  # type: ignore[call-overload]


def body_of(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def per_event_us(work: Callable[[], object], events: int) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best / events * 1e6


def line(what: str, us: float, base: float) -> None:
    print(f"{what:<44}{us:>8.3f} us an event{us / base:>8.2f} x decode")


if __name__ == "__main__":
    main()
