"""Memory after 100,000 events against a dead server, over an empty interpreter and over one that has urllib3 loaded.

The second is what a back-end program pays: urllib3 and ssl are there already, in almost all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

RUNS = 5
MEASURE = """
import gc; gc.collect()
with open("/proc/self/statm") as f: print(int(f.read().split()[1]) * 4096)
import os; os._exit(0)
"""
EVENTS = """
import holdfast, time
c = holdfast.TelemetryCollector(endpoint="http://127.0.0.1:9", key="k")
for n in range(100_000): c.track("order.paid", {"plan": "pro", "items": n}, user_id="u-1")
time.sleep(0.5)
"""
LIBRARIES = """
import urllib3, msgspec
try: urllib3.PoolManager().request("POST", "http://127.0.0.1:9", body=b"x", retries=False)
except Exception: pass
"""
CODE = {
    "empty interpreter": "",
    "urllib3 and msgspec, one failed request": LIBRARIES,
    "import holdfast, a collector": "import holdfast; c = holdfast.TelemetryCollector(enabled=False)",
    "holdfast, 100,000 events, dead server": EVENTS,
    "the same in a program that has urllib3": LIBRARIES + EVENTS,
}


def main() -> None:
    samples: dict[str, list[float]] = {name: [] for name in CODE}
    for _ in range(RUNS):
        for name, code in CODE.items():
            done = subprocess.run(
                [sys.executable, "-c", code + MEASURE], check=True, capture_output=True, text=True
            )
            samples[name].append(int(done.stdout.split()[-1]) / 1e6)
    mb = {name: median(values) for name, values in samples.items()}
    empty = mb["empty interpreter"]
    print(f"Resident memory in MB above the empty interpreter ({empty:.1f} MB), median of {RUNS} runs")
    for name, value in mb.items():
        print(f"{name:45} {value - empty:9.2f}")
    own = mb["the same in a program that has urllib3"] - mb["urllib3 and msgspec, one failed request"]
    print(f"{'our own, urllib3 and msgspec not counted':45} {own:9.2f}")
    print(json.dumps({"missed": [f"memory of our own is {own:.2f} MB, target 2"] if own > 2 else []}))


if __name__ == "__main__":
    main()
