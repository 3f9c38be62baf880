// A program with @opentelemetry/sdk-node, sending to where OTEL_EXPORTER_OTLP_ENDPOINT says: as JSON, or as protobuf with
// the argument "proto". It prints what it made.
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';

const isProto = process.argv[2] === 'proto';
const sdk = new NodeSDK({
  traceExporter: isProto ? new ProtoTraces() : new JsonTraces(),
  logRecordProcessors: [new BatchLogRecordProcessor({ exporter: isProto ? new ProtoLogs() : new JsonLogs() })],
  metricReaders: [new PeriodicExportingMetricReader({ exporter: isProto ? new ProtoMetrics() : new JsonMetrics() })],
});
sdk.start();

const made = {};
const tracer = trace.getTracer('shop.web', '1.0');
tracer.startActiveSpan('POST /orders/{id}', { kind: SpanKind.SERVER }, (span) => {
  Object.assign(made, { trace: span.spanContext().traceId, root: span.spanContext().spanId });
  span.setAttributes({
    'http.request.method': 'POST', 'http.route': '/orders/{id}', 'http.response.status_code': 500, 'user.id': 'u-17',
    'session.id': 's-17', tags: ['a', 'b'], share: 0.5, 'is.first': true,
  });
  span.addEvent('cart loaded', { items: 3 });
  logs.getLogger('shop').emit({
    severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: { message: 'stock is low', left: [2, null] },
    attributes: { sku: 'A-1' },
  });
  const error = new TypeError("item 'A-1' is sold out");
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.end();
});
const meter = metrics.getMeter('shop.metrics', '3.0');
meter.createCounter('orders', { unit: '1', description: 'orders placed' }).add(2, { plan: 'pro' });
const values = meter.createHistogram('order.value', { unit: 'EUR', advice: { explicitBucketBoundaries: [10, 100] } });
for (const value of [5, 50, 500]) values.record(value);
await sdk.shutdown();
console.log(JSON.stringify(made));
