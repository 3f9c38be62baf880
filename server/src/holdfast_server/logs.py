"""How log lines look: one structlog set-up for the server and its drainer."""

import logging
import sys
from typing import Any

import structlog


def set_up_logging(style: str, stream: Any = None) -> None:
    """Log lines go to standard error, so that standard output stays for people and scripts."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    # Its errors reach us as exceptions, and are logged where they are understood.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
