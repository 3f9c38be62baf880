"""FastAPI, which is a Starlette application: the same `watch` and middleware."""

from __future__ import annotations

from holdfast.integrations.starlette import HoldfastMiddleware, watch

__all__ = ["HoldfastMiddleware", "watch"]
