"""Lists of the newest facts: looked for in growing steps from the end of the window, so that a busy project answers from its
last hour, and a quiet one is not asked more than a few times.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...errors import BadInput
from ...model.window import Window
from ..connect import Row
from .scope import Scope

FIRST_STEP_MS = 3_600_000
GROWTH = 12
Ask = Callable[[Scope, int], list[Row]]
"""The newest rows of this part of the window, at the most so many."""


@dataclass(frozen=True)
class Page:
    """`following` is the cursor of the next page, "" at the end."""

    rows: list[Row]
    following: str = ""


def place_of(cursor: str) -> tuple[int, str]:
    """A cursor is `time:id` of the last row of its page. Raises BadInput for what is none."""
    moment, _, row_id = cursor.partition(":")
    if not moment.isascii() or not moment.isdigit() or len(moment) > 19:
        raise BadInput(
            "this cursor is not one of ours", path="cursor", hint="use the nextCursor of an answer"
        )
    return int(moment), row_id


def up_to(scope: Scope, end_ms: int) -> Scope | None:
    """The scope up to `end_ms`; None when nothing is left of it."""
    if end_ms <= scope.window.from_ms:
        return None
    return replace(scope, window=Window(scope.window.from_ms, min(end_ms, scope.window.to_ms)))


def newest_first(scope: Scope, wanted: int, ask: Ask) -> list[Row]:
    found: list[Row] = []
    end, step = scope.window.to_ms, FIRST_STEP_MS
    while end > scope.window.from_ms and len(found) < wanted:
        start = max(scope.window.from_ms, end - step)
        found += ask(replace(scope, window=Window(start, end)), wanted - len(found))
        end, step = start, step * GROWTH
    return found


def spellings(trace_id: str) -> list[str]:
    """Ids are kept in small letters, those of clients that have a form of their own as they came."""
    return [trace_id, trace_id.lower()]
