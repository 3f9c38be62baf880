"""Measures the Python client against its peers: `python bench/micro/sdk/run.py`.

Makes an environment under build/ with the peers of peers.lock and this repository's client, runs `measure.py`,
`memory.py` and `imports.py` in it, and prints their tables. Exits with 1 when a target of DESIGN is missed.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENT = ROOT / "build" / "bench-sdk"


def main() -> int:
    python = environment()
    print(f"Python {platform.python_version()} on {platform.machine()}, {cpu()}\n")
    missed: list[str] = []
    for script in ("measure.py", "imports.py", "memory.py"):
        done = subprocess.run([python, HERE / script], check=True, capture_output=True, text=True)
        result = json.loads(done.stdout.splitlines()[-1])
        print("\n".join(done.stdout.splitlines()[:-1]), end="\n\n")
        missed += result["missed"]
    for sentence in missed:
        print(f"missed: {sentence}")
    print("all targets met" if not missed else f"{len(missed)} targets missed")
    return 1 if missed else 0


def environment() -> Path:
    """The benchmark's own interpreter; made once."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", HERE / "peers.lock"], check=True)
        subprocess.run([*install, "msgspec", "urllib3"], check=True)
    source = next((ENVIRONMENT / "lib").glob("python3.*")) / "site-packages" / "holdfast.pth"
    source.write_text(f"{ROOT / 'sdk-python' / 'src'}\n", encoding="utf-8")
    return python


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor"
    )


if __name__ == "__main__":
    sys.exit(main())
