"""Releases that appeared in a window: seen in it, and not in the window of the same length just before."""

from dataclasses import dataclass

from ..event_store.connect import EventStore
from ..event_store.queries import activity
from ..event_store.queries.scope import Scope
from ..model.window import STEP_S, Window

SHOWN_MAX = 8
"""More markers than this on a chart hide what they mark: the newest stay."""


@dataclass(frozen=True)
class Appeared:
    """`at_ms` is when it was first seen, as exact as the rollup's step."""

    name: str
    at_ms: int


def appeared(store: EventStore, scope: Scope) -> list[Appeared]:
    """Oldest first."""
    window = scope.window
    both = Window(window.before.from_ms, window.to_ms)
    first = activity.first_seen(store, Scope(scope.project_id, both, scope.environment), "release")
    start_s = window.from_row_s
    step_s = STEP_S[both.resolution]
    known_before = min(first.values(), default=0)
    found = [
        Appeared(name, at_s * 1000)
        for name, at_s in first.items()
        if at_s >= start_s and at_s >= known_before + step_s
    ]
    return sorted(found, key=lambda item: item.at_ms)[-SHOWN_MAX:]
