"""OTLP's messages as their JSON says them (proto3 JSON with hex ids), named as protobuf's own classes name them.

What maps records reads either kind: these structs answer `WhichOneof` and `HasField` as a message does. Unknown fields are
ignored, numbers may be strings, and null stands for "not there".
"""

from typing import ClassVar

import msgspec

Number = int | float | str | None
"""Integers and doubles come as JSON numbers or as strings, "NaN" and "Infinity" among them."""


class Shape(msgspec.Struct, rename="camel", gc=False):
    """`ONE_OF` names the fields of which at the most one is set."""

    ONE_OF: ClassVar[tuple[str, ...]] = ()

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802 - protobuf's own name
        return next((name for name in self.ONE_OF if getattr(self, name) is not None), None)

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's own name
        return getattr(self, name) is not None


class AnyValue(Shape):
    ONE_OF: ClassVar[tuple[str, ...]] = (
        "string_value", "int_value", "bool_value", "double_value", "array_value", "kvlist_value", "bytes_value",
    )  # fmt: skip
    string_value: str | None = None
    int_value: Number = None
    bool_value: bool | None = None
    double_value: Number = None
    array_value: "ArrayValue | None" = None
    kvlist_value: "KeyValueList | None" = None
    bytes_value: str | None = None


class ArrayValue(Shape):
    values: list[AnyValue | None] | None = None


class KeyValue(Shape):
    key: str | None = None
    value: AnyValue | None = None


Pairs = list[KeyValue] | None


class KeyValueList(Shape):
    values: Pairs = None


class Resource(Shape):
    attributes: Pairs = None


class Scope(Shape):
    name: str | None = None
    version: str | None = None
    attributes: Pairs = None


class SpanEvent(Shape):
    time_unix_nano: Number = None
    name: str | None = None
    attributes: Pairs = None


class SpanLink(Shape):
    trace_id: str | None = None
    span_id: str | None = None
    attributes: Pairs = None


class SpanStatus(Shape):
    message: str | None = None
    code: Number = None


class WireSpan(Shape):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    parent_span_id: str | None = None
    flags: Number = None
    name: str | None = None
    kind: Number = None
    start_time_unix_nano: Number = None
    end_time_unix_nano: Number = None
    attributes: Pairs = None
    dropped_attributes_count: Number = None
    events: list[SpanEvent] | None = None
    dropped_events_count: Number = None
    links: list[SpanLink] | None = None
    dropped_links_count: Number = None
    status: SpanStatus | None = None


class ScopeSpans(Shape):
    scope: Scope | None = None
    spans: list[WireSpan] | None = None


class ResourceSpans(Shape):
    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


class Traces(Shape):
    resource_spans: list[ResourceSpans] | None = None


class WireLog(Shape):
    time_unix_nano: Number = None
    observed_time_unix_nano: Number = None
    severity_number: Number = None
    severity_text: str | None = None
    body: AnyValue | None = None
    attributes: Pairs = None
    dropped_attributes_count: Number = None
    trace_id: str | None = None
    span_id: str | None = None
    event_name: str | None = None


class ScopeLogs(Shape):
    scope: Scope | None = None
    log_records: list[WireLog] | None = None


class ResourceLogs(Shape):
    resource: Resource | None = None
    scope_logs: list[ScopeLogs] | None = None


class Logs(Shape):
    resource_logs: list[ResourceLogs] | None = None


class Exemplar(Shape):
    ONE_OF: ClassVar[tuple[str, ...]] = ("as_double", "as_int")
    time_unix_nano: Number = None
    as_double: Number = None
    as_int: Number = None
    trace_id: str | None = None
    span_id: str | None = None


class Buckets(Shape):
    offset: Number = None
    bucket_counts: list[Number] | None = None


class Quantile(Shape):
    quantile: Number = None
    value: Number = None


class WirePoint(Shape):
    """Every kind of data point; what a kind has not is not set."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("as_double", "as_int")
    attributes: Pairs = None
    start_time_unix_nano: Number = None
    time_unix_nano: Number = None
    flags: Number = None
    exemplars: list[Exemplar] | None = None
    as_double: Number = None
    as_int: Number = None
    count: Number = None
    sum: Number = None
    min: Number = None
    max: Number = None
    bucket_counts: list[Number] | None = None
    explicit_bounds: list[Number] | None = None
    scale: Number = None
    zero_count: Number = None
    zero_threshold: Number = None
    positive: Buckets | None = None
    negative: Buckets | None = None
    quantile_values: list[Quantile] | None = None


class MetricData(Shape):
    data_points: list[WirePoint] | None = None
    aggregation_temporality: Number = None
    is_monotonic: bool | None = None


class Metric(Shape):
    ONE_OF: ClassVar[tuple[str, ...]] = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
    name: str | None = None
    description: str | None = None
    unit: str | None = None
    gauge: MetricData | None = None
    sum: MetricData | None = None
    histogram: MetricData | None = None
    exponential_histogram: MetricData | None = None
    summary: MetricData | None = None


class ScopeMetrics(Shape):
    scope: Scope | None = None
    metrics: list[Metric] | None = None


class ResourceMetrics(Shape):
    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None


class Metrics(Shape):
    resource_metrics: list[ResourceMetrics] | None = None
