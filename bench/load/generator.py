"""The load generator, a process of its own: sends prepared requests over kept-alive connections and times the answers.

Prints one JSON object: acknowledged events, seconds, its own CPU seconds, answer times. Raw sockets, because any HTTP
client in Python costs more CPU than the server under test.
"""

import argparse
import asyncio
import json
import resource
import time

from bench.load.bodies import AGENT, batches

BATCH = 100


class Load:
    def __init__(self, host: str, port: int, key: str, connections: int, rate: float, seconds: float) -> None:
        self.host, self.port, self.connections, self.seconds = host, port, connections, seconds
        self.gap_s = BATCH * connections / rate if rate else 0.0
        self.requests = [self._request(body, key) for body in batches(200)]
        self.took_ms: list[float] = []
        self.refused = 0

    def _request(self, body: bytes, key: str) -> bytes:
        head = f"POST /api/telemetry/batch HTTP/1.1\r\nHost: {self.host}\r\nX-Holdfast-Key: {key}\r\nUser-Agent: {AGENT}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async def run(self) -> None:
        self.end = time.perf_counter() + self.seconds
        await asyncio.gather(*(self._send(number) for number in range(self.connections)))

    async def _send(self, number: int) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        turn, due = number * 7, time.perf_counter() + self.gap_s * number / self.connections
        while (began := time.perf_counter()) < self.end:
            if self.gap_s:
                if began < due:
                    await asyncio.sleep(due - began)
                due += self.gap_s
                began = time.perf_counter()
            writer.write(self.requests[turn % len(self.requests)])
            turn += 1
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 200"):
                self.took_ms.append((time.perf_counter() - began) * 1000)
            else:
                self.refused += 1
                await asyncio.sleep(0.1)
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=0, help="events a second; 0: as many as are answered")
    asked = parser.parse_args()
    load = Load(asked.host, asked.port, asked.key, asked.connections, asked.rate, asked.seconds)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    asyncio.run(load.run())
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = sorted(load.took_ms)
    print(
        json.dumps(
            {
                "events": len(took) * BATCH,
                "refused_batches": load.refused,
                "seconds": time.perf_counter() - began,
                "cpu_s": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
                "p50_ms": took[len(took) // 2] if took else None,
                "p99_ms": took[len(took) * 99 // 100] if took else None,
            }
        )
    )


if __name__ == "__main__":
    main()
