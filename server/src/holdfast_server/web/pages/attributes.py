"""Attributes of spans and log records as text, for lists of names and values."""

from typing import Any


def pairs(values: Any) -> list[tuple[str, str]]:
    """Attributes as text, by name."""
    if not isinstance(values, dict):
        return []
    return [(str(name), said(value)) for name, value in sorted(values.items())]


def said(value: Any) -> str:
    """A value as it would stand in JSON, text without its quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return ", ".join(said(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {said(item)}" for name, item in value.items())
    return str(value)
