"""The demo's server process: `holdfast serve` that also ends when whoever started it is gone, however that went."""

import os
import signal
import sys
import threading

from ...errors import HoldfastError
from .. import serve
from ..options import settings


def main() -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        serve.run(settings())
    except HoldfastError as exc:
        sys.exit(f"{exc.message}. {exc.hint}".strip())


def _end_with_parent() -> None:
    """Standard input is a pipe from the parent: it ends when the parent closes it, or dies."""
    while os.read(
        0, 1024
    ):  # not sys.stdin: a buffered reader held by a thread upsets the interpreter's own end
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
