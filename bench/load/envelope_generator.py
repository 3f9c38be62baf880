"""The error benchmark's load, a process of its own: sends envelopes to any server that speaks Sentry's protocol.

Prints one JSON object: accepted, refused, seconds, answer times, bytes an envelope. The bodies are made before the clock starts.
"""

import argparse
import asyncio
import json
import time

from bench.load.envelopes import AGENT, envelopes, packed


class Load:
    def __init__(self, port: int, project: int, key: str, bodies: list[bytes]) -> None:
        head = f"POST /api/{project}/envelope/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 127.0.0.1\r\nX-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7, sentry_client={AGENT}\r\nUser-Agent: {AGENT}\r\nContent-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
        self.requests = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
        self.port = port
        self.next = 0
        self.took_ms: list[float] = []
        self.refused = 0
        self.answers: dict[str, int] = {}

    async def run(self, connections: int) -> None:
        await asyncio.gather(*(self.send() for _ in range(connections)))

    async def send(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.next < len(self.requests):
            request = self.requests[self.next]
            self.next += 1
            began = time.perf_counter()
            if writer.is_closing():
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await skip_body(reader, head.lower())
            self.took_ms.append((time.perf_counter() - began) * 1000)
            status = head[9:12].decode()
            self.answers[status] = self.answers.get(status, 0) + 1
            if b"connection: close" in head.lower():
                writer.close()
        writer.close()


async def skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"transfer-encoding: chunked" in head:
        while (size := int(await reader.readline(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    elif b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--project", type=int, default=1)
    parser.add_argument("--key", required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    plain = envelopes(asked.count, asked.seed)
    load = Load(asked.port, asked.project, asked.key, packed(plain))
    began = time.perf_counter()
    asyncio.run(load.run(asked.connections))
    seconds = time.perf_counter() - began
    took = sorted(load.took_ms)
    print(
        json.dumps(
            {
                "accepted": load.answers.get("200", 0),
                "answers": load.answers,
                "seconds": seconds,
                "p50_ms": took[len(took) // 2],
                "p99_ms": took[len(took) * 99 // 100],
                "bytes": sum(map(len, plain)) / len(plain),
            }
        )
    )


if __name__ == "__main__":
    main()
