"""What `import holdfast` adds to the interpreter's start, in CPU time, so that a busy machine does not count."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

RUNS = 15
CODE = {
    "interpreter alone": "",
    "import holdfast": "import holdfast; holdfast.TelemetryCollector",
    "import holdfast, init, first event": "import holdfast; holdfast.init('http://k@127.0.0.1:9/1', shutdown_timeout_ms=1); holdfast.track('e'); import os; os._exit(0)",
    "import sentry_sdk": "import sentry_sdk",
    "import opentelemetry log and trace SDKs": "import opentelemetry.sdk._logs, opentelemetry.sdk.trace",
    "import posthog": "import posthog",
}
CHILD = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""


def main() -> None:
    samples: dict[str, list[float]] = {name: [] for name in CODE}
    for _ in range(RUNS):
        for name, code in CODE.items():
            done = subprocess.run(
                [sys.executable, "-c", CHILD, code], check=True, capture_output=True, text=True
            )
            samples[name].append(float(done.stdout) * 1000)
    base = median(samples["interpreter alone"])
    print(
        f"Milliseconds of CPU above the interpreter's start ({base:.0f} ms), median of {RUNS} interleaved runs"
    )
    for name, values in samples.items():
        print(f"{name:45} {median(values) - base:9.1f}")
    added = median(samples["import holdfast"]) - base
    print(json.dumps({"missed": [f"import adds {added:.1f} ms, target 30"] if added > 30 else []}))


if __name__ == "__main__":
    main()
