"""How the client speaks of its own troubles: through the logger `holdfast`, each sentence at most once a minute.

`logging` is imported at the first sentence only. Quiet sentences appear in debug mode alone.
"""

from __future__ import annotations

from time import monotonic

_EVERY_S = 60.0
_said_at_s: dict[str, float] = {}


def report(sentence: str, debug: bool = False, *, quiet: bool = False) -> None:
    """Say it as a warning, or as debug output; never raise."""
    if quiet and not debug:
        return
    now_s = monotonic()
    start = sentence[:40]
    if not debug and now_s - _said_at_s.get(start, -_EVERY_S) < _EVERY_S:
        return
    if len(_said_at_s) > 100:
        _said_at_s.clear()
    _said_at_s[start] = now_s
    try:
        import logging

        logger = logging.getLogger("holdfast")
        if debug and quiet:
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.DEBUG)
            logger.debug(sentence)
        else:
            logger.warning(sentence)
    except Exception:  # noqa: BLE001, S110 - a broken logging set-up is the host's; we stay silent
        pass
