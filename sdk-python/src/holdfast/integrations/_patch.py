"""Replacing a method of a library, and putting the old one back if ours is still the outermost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def patch(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """`owner.name = make(former)`; returns the undo."""
    former = owner.__dict__[name]
    ours = make(former)
    ours.__name__ = getattr(former, "__name__", name)
    ours.__doc__ = getattr(former, "__doc__", None)
    ours.__wrapped__ = former
    setattr(owner, name, ours)

    def undo() -> None:
        if owner.__dict__.get(name) is ours:
            setattr(owner, name, former)

    return undo


def undo_all(undos: list[Callable[[], None]]) -> Callable[[], None]:
    def undo() -> None:
        for one in reversed(undos):
            one()

    return undo
