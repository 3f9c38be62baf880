"""Breadcrumbs: what happened shortly before an error. One bounded trail a process, or one a request."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Crumb = dict[str, Any]

request_trail: ContextVar[deque[Crumb] | None] = ContextVar("holdfast_trail", default=None)


@contextmanager
def fresh_trail(max_breadcrumbs: int = 50) -> Iterator[None]:
    """Breadcrumbs left inside belong to this request or job alone."""
    token = request_trail.set(deque(maxlen=max_breadcrumbs))
    try:
        yield
    finally:
        request_trail.reset(token)
