"""Lists the benchmarks, or runs those that are named: `python -m bench ingest query`."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARKS = {
    "ingest": ("-m", "bench.load.ingest"),
    "query": ("-m", "bench.load.query"),
    "errors": ("-m", "bench.load.errors"),
    "scrub": (str(HERE / "micro" / "scrub.py"),),
    "sdk": ("-m", "bench.micro.sdk"),
}
SLOW = {"soak": ("-m", "bench.load.soak")}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Benchmarks; each prints ratios measured in one run."
    )
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *BENCHMARKS, *SLOW],
        help=f"which to run; without a name: {', '.join(BENCHMARKS)}",
    )
    wanted = parser.parse_args().names or list(BENCHMARKS)
    worst = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        worst |= subprocess.run(
            [sys.executable, *(BENCHMARKS | SLOW)[name]], cwd=HERE.parent, check=False
        ).returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
