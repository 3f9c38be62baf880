"""The engine process: `python -m holdfast_server.event_store.engine`, its configuration one line of JSON on stdin.

Standard input stays open as the life line: "stop SECONDS" or its end means stop. Says `{"ready": port}` on standard
output once it answers. When it can't start it says why on standard error, in chDB's words and its own, and exits with 3.
"""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import TextIO

from ...errors import HoldfastError
from .config import EngineConfig, prepare_folders

EXIT_CANNOT_START = 3
PR_SET_PDEATHSIG = 1


def main() -> int:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent decides when we stop
    die_with_parent()
    line = sys.stdin.readline()
    if not line:
        return EXIT_CANNOT_START
    config = EngineConfig.from_json(line)
    report = claim_stdout()
    try:
        prepare_folders(config)
        prepare_process(config)
        return run(config, report)
    except HoldfastError as exc:
        print(f"holdfast-engine: {exc}", file=sys.stderr, flush=True)
        return EXIT_CANNOT_START


def die_with_parent() -> None:
    """Linux tells us by SIGTERM when the parent's thread that started us ends; elsewhere the end of stdin must do."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def claim_stdout() -> TextIO:
    """Keep standard output for the ready line; whatever chDB prints goes to standard error."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return report


def prepare_process(config: EngineConfig) -> None:
    """Many small parts mean many open files; temporary files belong on the data disk; chDB's HOME holds no surprises."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 500_000 if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    os.environ.update(TMPDIR=str(config.tmp_dir), HOME=str(config.tmp_dir), TZ="UTC")
    os.chdir(config.tmp_dir)


def run(config: EngineConfig, report: TextIO) -> int:
    from .execution import Engine  # chDB and the HTTP server load only when the folders are fine
    from .service import serve

    engine = Engine(config)
    try:
        engine.open()
    except (RuntimeError, ImportError) as exc:
        print(f"holdfast-engine: chDB could not open {config.store_dir}: {exc}", file=sys.stderr, flush=True)
        return EXIT_CANNOT_START
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(engine, config, report))
    engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
