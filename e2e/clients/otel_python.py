"""A program with opentelemetry-sdk as its documentation sets it up, sending to where OTEL_EXPORTER_OTLP_ENDPOINT says.

It prints what it made, as JSON, so that the test can hold the server's answers to it.
"""

import json
import logging
import warnings

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = Resource.create(
    {"service.name": "checkout", "service.version": "2.3.1", "deployment.environment.name": "staging"}
)


class OrderError(Exception):
    pass


def main() -> None:
    tracing = TracerProvider(resource=RESOURCE)
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracing)
    views = [View(instrument_name="queue.wait", aggregation=ExponentialBucketHistogramAggregation())]
    measuring = MeterProvider(
        [PeriodicExportingMetricReader(OTLPMetricExporter())], resource=RESOURCE, views=views
    )
    metrics.set_meter_provider(measuring)
    logging_provider = LoggerProvider(resource=RESOURCE)
    logging_provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the handler has moved to a package of its own; this one still works
        logging.getLogger("shop").addHandler(LoggingHandler(logger_provider=logging_provider))
    logging.getLogger("shop").setLevel(logging.INFO)

    made = work()
    measure()
    tracing.shutdown()
    measuring.shutdown()
    logging_provider.shutdown()
    print(json.dumps(made))


def work() -> dict[str, str]:
    """A request that asks a model, then another service, and then fails; the failure is logged as well."""
    tracer = trace.get_tracer("shop.web", "1.0")
    attributes = {
        "http.request.method": "POST",
        "http.route": "/orders/{id}",
        "url.path": "/orders/17",
        "http.response.status_code": 500,
        "enduser.id": "u-17",
        "session.id": "s-17",
        "tags": ["a", "b"],
        "share": 0.5,
        "is.first": True,
    }
    made: dict[str, str] = {}
    try:
        with tracer.start_as_current_span(
            "POST /orders/{id}", kind=trace.SpanKind.SERVER, attributes=attributes
        ) as root:
            made = {
                "trace": f"{root.get_span_context().trace_id:032x}",
                "root": f"{root.get_span_context().span_id:016x}",
            }
            root.add_event("cart loaded", {"items": 3})
            ask_a_model(tracer)
            call(tracer)
            logging.getLogger("shop").warning("stock is low: %s left", 2, extra={"sku": "A-1"})
            try:
                fail(tracer)
            except OrderError:
                logging.getLogger("shop").exception("the order failed")
                raise
    except OrderError:
        pass
    return made


def ask_a_model(tracer: trace.Tracer) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
    }
    with tracer.start_as_current_span("chat claude", kind=trace.SpanKind.CLIENT, attributes=attributes):
        pass


def call(tracer: trace.Tracer) -> None:
    attributes = {
        "http.request.method": "GET",
        "url.full": "http://stock.example.org/items/8841",
        "server.address": "stock.example.org",
        "http.response.status_code": 200,
    }
    with tracer.start_as_current_span("GET", kind=trace.SpanKind.CLIENT, attributes=attributes):
        pass


def fail(tracer: trace.Tracer) -> None:
    with tracer.start_as_current_span("reserve stock"):
        raise OrderError("item A-1 is sold out")


def measure() -> None:
    meter = metrics.get_meter("shop.metrics", "3.0")
    orders = meter.create_counter("orders", unit="1", description="orders placed")
    orders.add(2, {"plan": "pro"})
    orders.add(3, {"plan": "free"})
    meter.create_gauge("queue.length").set(7.5)
    latency = meter.create_histogram("order.value", unit="EUR", explicit_bucket_boundaries_advisory=[10, 100])
    for value in (5, 50, 500):
        latency.record(value)
    meter.create_histogram("queue.wait", unit="ms").record(4)


if __name__ == "__main__":
    main()
