"""What this process uses, read from the operating system; fields that it does not tell are None."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import NamedTuple


class ResourceMetrics(NamedTuple):
    """`memory_usage` is resident memory in bytes; CPU times are seconds since the start."""

    memory_usage: int | None
    cpu_user_s: float
    cpu_system_s: float
    thread_count: int
    open_file_count: int | None


def read_resources() -> ResourceMetrics:
    times = os.times()
    return ResourceMetrics(
        _resident_bytes(), times.user, times.system, threading.active_count(), _open_file_count()
    )


def _resident_bytes() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except (OSError, ValueError, AttributeError):
        return _peak_bytes()


def _peak_bytes() -> int | None:
    """Without /proc the highest value so far is the best there is. macOS counts bytes, others kilobytes."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _open_file_count() -> int | None:
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count needs no Path objects
    except OSError:
        return None
