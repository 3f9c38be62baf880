"""OTLP metric points as records, kept as they came: bounds, counts and quantiles beside the number that charts draw."""

import math
from collections.abc import Iterable
from typing import Any

from ...model.limits import MAX_NAME_CHARS
from .otlp_shapes import Buckets, Exemplar, Metric, MetricData, Metrics, Number, WirePoint
from .otlp_taken import Taken
from .otlp_values import (
    Origin,
    finite_or_word,
    id_of,
    line_of,
    origin_of,
    real,
    record_attributes,
    scoped,
    signed,
    whole,
    word_of,
)
from .records import Point

TEMPORALITIES = {1: "delta", 2: "cumulative"}
NO_VALUE = 1
"""The flag of a point that says only that its series has ended."""
MAX_BUCKETS = 2_048
MAX_EXEMPLARS = 10
EXACT_UP_TO = 2**53


def points_of(request: Metrics, now_ns: int) -> Taken[Point]:
    taken: Taken[Point] = Taken([])
    for group in request.resource_metrics or ():
        origin = origin_of(group.resource)
        for scope_metrics in group.scope_metrics or ():
            own = scoped(origin, scope_metrics.scope)
            for metric in scope_metrics.metrics or ():
                _add(taken, metric, own, now_ns)
    return taken


def _add(taken: Taken[Point], metric: Metric, origin: Origin, now_ns: int) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data: MetricData = getattr(metric, kind)
    shared: dict[str, Any] = {
        "name": line_of(metric.name, MAX_NAME_CHARS),
        "kind": kind,
        "unit": line_of(metric.unit, MAX_NAME_CHARS),
        "description": line_of(metric.description),
        "temporality": ""
        if kind in ("gauge", "summary")
        else word_of(data.aggregation_temporality, TEMPORALITIES, "aggregation_temporality_"),
        "is_monotonic": bool(kind == "sum" and data.is_monotonic),
        **origin.fields,
    }
    for point in data.data_points or ():
        if whole(point.flags) & NO_VALUE:
            taken.empty += 1
            continue
        found = None if not shared["name"] else _point(point, origin, shared, now_ns)
        if found is None:
            taken.reject("bad_point", WHY)
        else:
            taken.is_timeless |= found.at_ns == now_ns
            taken.add(found, origin.size)


WHY = f"a point needs a metric with a name, finite numbers and at most {MAX_BUCKETS} buckets"


def _point(point: WirePoint, origin: Origin, shared: dict[str, Any], now_ns: int) -> Point | None:
    """None for numbers that can't be kept as they came."""
    kind = shared["kind"]
    numbers = _single(point) if kind in ("gauge", "sum") else _distribution(point, kind)
    if numbers is None:
        return None
    exemplars = () if kind == "summary" else list(point.exemplars or ())[:MAX_EXEMPLARS]
    traces = [_exemplar(each) for each in exemplars]
    if traces:
        numbers["buckets"] = numbers.get("buckets", {}) | {"exemplars": traces}
    return Point(
        at_ns=whole(point.time_unix_nano) or now_ns,
        start_ns=whole(point.start_time_unix_nano),
        trace_id=next((each["traceId"] for each in traces if each["traceId"]), ""),
        attributes=record_attributes(origin, point.attributes, 0),
        **shared,
        **numbers,
    )


def _single(point: WirePoint) -> dict[str, Any] | None:
    which = point.WhichOneof("value")
    if which == "as_int":
        exact = signed(point.as_int)
        return {"value": float(exact)} | (
            {"buckets": {"asInt": str(exact)}} if abs(exact) > EXACT_UP_TO else {}
        )
    value = real(point.as_double) if which == "as_double" else math.nan
    return {"value": value} if math.isfinite(value) else None


def _distribution(point: WirePoint, kind: str) -> dict[str, Any] | None:
    total = real(point.sum) if kind == "summary" or point.HasField("sum") else 0.0
    buckets = READERS[kind](point)
    if buckets is None or not math.isfinite(total):
        return None
    found: dict[str, Any] = {"count": whole(point.count), "sum": total, "buckets": buckets}
    if kind != "summary":
        found |= {name: _optional(point, name) for name in ("min", "max")}
    return found


def _optional(point: WirePoint, name: str) -> float | None:
    number = real(getattr(point, name)) if point.HasField(name) else math.nan
    return number if math.isfinite(number) else None


def _explicit(point: WirePoint) -> dict[str, Any] | None:
    counts, bounds = _counts(point.bucket_counts), [real(each) for each in point.explicit_bounds or ()]
    if counts is None or len(bounds) > MAX_BUCKETS or not all(map(math.isfinite, bounds)):
        return None
    return {"bounds": bounds, "counts": counts} if counts or bounds else {}


def _exponential(point: WirePoint) -> dict[str, Any] | None:
    sides = {"positive": _side(point.positive), "negative": _side(point.negative)}
    if any(side is None for side in sides.values()):
        return None
    threshold = real(point.zero_threshold)
    return {
        "scale": signed(point.scale),
        "zeroCount": whole(point.zero_count),
        "zeroThreshold": threshold if math.isfinite(threshold) else 0.0,
        **sides,
    }


def _side(buckets: Buckets | None) -> dict[str, Any] | None:
    if buckets is None:
        return {"offset": 0, "counts": []}
    counts = _counts(buckets.bucket_counts)
    return None if counts is None else {"offset": signed(buckets.offset), "counts": counts}


def _quantiles(point: WirePoint) -> dict[str, Any] | None:
    found = list(point.quantile_values or ())
    if len(found) > MAX_BUCKETS:
        return None
    return {"quantiles": [[finite_or_word(each.quantile), finite_or_word(each.value)] for each in found]}


READERS = {"histogram": _explicit, "exponential_histogram": _exponential, "summary": _quantiles}


def _counts(counts: Iterable[Number] | None) -> list[int] | None:
    found = list(counts or ())
    return None if len(found) > MAX_BUCKETS else [whole(each) for each in found]


def _exemplar(exemplar: Exemplar) -> dict[str, Any]:
    """A measured value and the trace it came from; its other attributes are not kept."""
    which = exemplar.WhichOneof("value")
    value = signed(exemplar.as_int) if which == "as_int" else finite_or_word(exemplar.as_double)
    return {
        "value": value,
        "timeUnixNano": str(whole(exemplar.time_unix_nano)),
        "traceId": id_of(exemplar.trace_id, 32),
        "spanId": id_of(exemplar.span_id, 16),
    }
