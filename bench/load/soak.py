"""Ten minutes at 20,000 events a second: the memory of server, drainer and engine after each minute. It must stay flat."""

import argparse
import json
import subprocess
import sys
import time

from bench.load.server import BenchServer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rate", type=int, default=20_000)
    asked = parser.parse_args()
    with BenchServer() as server:
        print(f"idle        {sum(server.rss_mb().values()):6.0f} MB", flush=True)
        command = [
            sys.executable,
            "-m",
            "bench.load.generator",
            "--port",
            str(server.port),
            "--key",
            server.public_key,
            "--seconds",
            str(asked.minutes * 60),
            "--rate",
            str(asked.rate),
        ]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        first = 0.0
        for minute in range(1, asked.minutes + 1):
            time.sleep(60)
            rss = server.rss_mb()
            first = first or sum(rss.values())
            print(
                f"minute {minute:<4} {sum(rss.values()):6.0f} MB {[round(value) for value in rss.values()]}  pending {server.pending}",
                flush=True,
            )
        out = json.loads(load.communicate()[0])
        server.wait_drained()
        stored = server.ask("SELECT count() FROM events")[0][0]
        last = sum(server.rss_mb().values())
    print(
        f"sent {out['events']:,}, stored {stored:,}; p99 {out['p99_ms']:.1f} ms; memory at the end ÷ after the first minute: {last / first:.2f}"
    )


if __name__ == "__main__":
    main()
