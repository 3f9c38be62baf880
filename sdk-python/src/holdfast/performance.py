"""PerformanceMetrics: marks and measures, AI operations, resource use, and percentiles in bounded memory.

Times are milliseconds. Summaries are of this process since the start; the server has those of all processes.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from holdfast._resources import ResourceMetrics, read_resources
from holdfast._sketch import Sketch, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from holdfast._periodic import Periodic
    from holdfast.collector import TelemetryCollector

_MAX_NAMES = 200

_AI_FIELDS = {
    "totalMs": "total_ms",
    "contextGatheringMs": "context_gathering_ms",
    "contextCompressionMs": "context_compression_ms",
    "apiCallMs": "api_call_ms",
    "contextSizeBytes": "context_size_bytes",
}


class CoreWebVitals(NamedTuple):
    """The last value of each, as a page told it; None is unknown. Milliseconds, but for `cls`."""

    lcp: float | None = None
    fid: float | None = None
    cls: float | None = None
    ttfb: float | None = None
    inp: float | None = None
    fcp: float | None = None


class AIOperationsSummary(Struct, frozen=True):
    """Of all AI operations: latency in ms, tokens in total and a call on average, the share of failures (0 to 1)."""

    count: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    total_tokens: int
    mean_tokens: float | None
    failure_rate: float | None


class PerformanceMetrics:
    """`max_timings` bounds the marks that are open at once; the oldest goes first."""

    def __init__(
        self,
        collector: TelemetryCollector,
        *,
        track_core_web_vitals: bool = True,
        track_resources: bool = False,
        max_timings: int = 1000,
        resource_interval_ms: int = 60_000,
    ) -> None:
        self._collector = collector
        self._track_vitals = track_core_web_vitals
        self._max_timings = max_timings
        self._marks: OrderedDict[str, float] = OrderedDict()
        self._sketches: OrderedDict[str, Sketch] = OrderedDict()
        self._ai = Sketch()
        self._ai_tokens = 0
        self._ai_failures = 0
        self._vitals: dict[str, float] = {}
        self._sampling: Periodic | None = None
        if track_resources:
            from holdfast._periodic import Periodic

            self._sampling = Periodic("resources", resource_interval_ms / 1000, self._send_resources)

    def mark(self, name: str) -> None:
        """Remember this moment."""
        marks = self._marks
        marks[name] = perf_counter()
        if len(marks) > self._max_timings:
            marks.popitem(last=False)

    def measure(self, name: str, start: str, end: str | None = None) -> float:
        """Milliseconds from mark to mark (or to now), recorded under `name`. 0.0 when a mark is missing."""
        started_s = self._marks.get(start)
        ended_s = perf_counter() if end is None else self._marks.get(end)
        if started_s is None or ended_s is None:
            missing = start if started_s is None else end
            self._collector.mishap(LookupError(f"mark {missing!r} is not set; call mark({missing!r}) first"))
            return 0.0
        duration_ms = (ended_s - started_s) * 1000
        self.observe(name, duration_ms)
        return duration_ms

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure the block, or with `@metrics.timed("name")` each call of a function."""
        started_s = perf_counter()
        try:
            yield
        finally:
            self.observe(name, (perf_counter() - started_s) * 1000)

    def observe(self, name: str, value: float, unit: str = "ms") -> None:
        """Record a measurement taken elsewhere."""
        sketch = self._sketches.get(name)
        if sketch is None:
            sketch = self._sketches[name] = Sketch()
            if len(self._sketches) > _MAX_NAMES:
                self._sketches.popitem(last=False)
        sketch.add(value)
        self._collector.record("performance", None, {"name": name, "value": value, "unit": unit})

    def track_ai_operation(self, operation: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Record a call of a model: `total_ms`, `tokens`, and what else is known (provider, model, error …)."""
        data = {_AI_FIELDS.get(key, key): value for key, value in {**(operation or {}), **more}.items()}
        total_ms = data.get("total_ms")
        tokens = data.get("tokens")
        if isinstance(total_ms, (int, float)):
            self._ai.add(total_ms)
        if isinstance(tokens, int):
            self._ai_tokens += tokens
        self._ai_failures += bool(data.get("error"))
        self._collector.record("ai_operation", data, {"name": "ai.operation", "duration": total_ms})

    def get_ai_operations_summary(self) -> AIOperationsSummary:
        latency = self._ai.summary()
        count = latency.count
        return AIOperationsSummary(
            count,
            latency.mean,
            latency.p50,
            latency.p95,
            latency.p99,
            self._ai_tokens,
            self._ai_tokens / count if count else None,
            self._ai_failures / count if count else None,
        )

    def get_summary(self, name: str) -> Summary:
        """Count, mean, extremes and percentiles of the measurements of this name."""
        sketch = self._sketches.get(name)
        return sketch.summary() if sketch is not None else Sketch().summary()

    def record_web_vital(self, name: str, value: float) -> None:
        """A Core Web Vital that a page reported to this program: `LCP`, `FID`, `CLS`, `TTFB`, `INP`, `FCP`."""
        if self._track_vitals and name.lower() in CoreWebVitals._fields:
            self._vitals[name.lower()] = value
            unit = "" if name.lower() == "cls" else "ms"
            self._collector.record("web_vital", None, {"name": name.upper(), "value": value, "unit": unit})

    def get_core_web_vitals(self) -> CoreWebVitals:
        return CoreWebVitals(**self._vitals)

    def get_resource_metrics(self) -> ResourceMetrics:
        """Memory, CPU time, threads and open files of this process, now."""
        return read_resources()

    def destroy(self) -> None:
        """Stop sampling and forget marks and summaries."""
        if self._sampling is not None:
            self._sampling.stop()
        self._marks.clear()
        self._sketches.clear()

    def _send_resources(self) -> None:
        now = read_resources()
        fields = {"name": "process.memory", "value": now.memory_usage, "unit": "bytes"}
        self._collector.record("resource", now._asdict(), fields)
