"""The small chart of a row: how often an error happened over the last day or the page's range, as an SVG of a few bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ....event_store.connect import EventStore
from ....event_store.queries import issues as counted
from ....event_store.queries.scope import Scope
from ....model.window import Window
from ...components.format import exact_count

STEPS_S = ((2 * 86_400, 3_600), (45 * 86_400, 86_400))
"""How wide a bar is, up to which window; beyond, weeks."""
WEEK_S = 604_800
STEP_WORDS = {3_600: "hour", 86_400: "day", WEEK_S: "week"}
HEIGHT = 20
WIDTH = 100


@dataclass(frozen=True)
class Spark:
    """`path` draws bars of equal width in a box of `width` by HEIGHT; `title` says the same in words."""

    path: str
    width: int
    title: str
    n: int


def sparks(
    store: EventStore, scope: Scope, owners: Mapping[str, Sequence[str]], words: str
) -> dict[str, Spark]:
    """For each issue the spark of all its fingerprints, by one question. `owners` maps issues to fingerprint ids."""
    step_s = next((step for span, step in STEPS_S if scope.window.span_s <= span), WEEK_S)
    starts = scope.window.buckets(step_s)
    # from the start of the first bar: a row of the rollup that began before the window is part of it
    whole = replace(scope, window=Window(starts[0] * 1000, scope.window.to_ms))
    ids = [each for fingerprints in owners.values() for each in fingerprints]
    found = counted.sparklines(store, whole, ids, step_s) if ids else {}
    made: dict[str, Spark] = {}
    for issue_id, fingerprints in owners.items():
        values = [sum(found.get(each, {}).get(start, 0) for each in fingerprints) for start in starts]
        made[issue_id] = spark(values, words, STEP_WORDS[step_s])
    return made


def spark(values: Sequence[int], words: str, step: str) -> Spark:
    total, most = sum(values), max(values, default=0)
    bar = max(1, WIDTH // max(1, len(values)) - 1)
    parts = []
    for place, value in enumerate(values):
        if value:
            high = max(1.0, round(value / most * HEIGHT, 1))
            parts.append(f"M{place * (bar + 1)} {HEIGHT - high:g}h{bar}v{high:g}h-{bar}z")
    times = "time" if total == 1 else "times"
    title = (
        f"{exact_count(total)} {times} in the {words}, at the most {exact_count(most)} in one {step}"
        if total
        else f"Not seen in the {words}"
    )
    return Spark("".join(parts), max(1, len(values)) * (bar + 1) - 1, title, total)
