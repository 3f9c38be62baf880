-- What Sentry and OpenTelemetry clients send besides errors: spans, log records, metric points, application sessions.
-- Latency and AI usage out of spans are events as well (ingest/decode/records.py): pages read those.
CREATE TABLE IF NOT EXISTS ${db}.spans${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_id String CODEC(ZSTD(1)),
  name String CODEC(ZSTD(1)),
  op LowCardinality(String),
  kind LowCardinality(String),
  status LowCardinality(String),
  start_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  end_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  duration_ms Float64 CODEC(ZSTD(1)),
  service LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  environment LowCardinality(String),
  release LowCardinality(String),
  sdk LowCardinality(String),
  is_segment Bool,
  attributes String CODEC(ZSTD(3)),
  resource String CODEC(ZSTD(3)),
  scope LowCardinality(String),
  events String CODEC(ZSTD(3)),
  links String CODEC(ZSTD(3)),
  INDEX by_id id TYPE minmax GRANULARITY 1,
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ${merge_tree} PARTITION BY toDate(at) ORDER BY (project_id, service, at)
SETTINGS ttl_only_drop_parts = 1, ${durable}, ${large_blocks};

CREATE TABLE IF NOT EXISTS ${db}.logs${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  at_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  severity LowCardinality(String),
  severity_number UInt8,
  body String CODEC(ZSTD(3)),
  event_name LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  service LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  environment LowCardinality(String),
  release LowCardinality(String),
  sdk LowCardinality(String),
  attributes String CODEC(ZSTD(3)),
  resource String CODEC(ZSTD(3)),
  scope LowCardinality(String),
  INDEX by_id id TYPE minmax GRANULARITY 1,
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ${merge_tree} PARTITION BY toDate(at) ORDER BY (project_id, service, at)
SETTINGS ttl_only_drop_parts = 1, ${durable}, ${large_blocks};

-- Exporters send the same cumulative point twice at shutdown: a point is the same by series and time.
CREATE TABLE IF NOT EXISTS ${db}.points${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  at_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  start_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  name LowCardinality(String),
  kind LowCardinality(String),
  unit LowCardinality(String),
  description LowCardinality(String),
  temporality LowCardinality(String),
  is_monotonic Bool,
  value Float64 CODEC(ZSTD(1)),
  count UInt64 CODEC(T64, ZSTD(1)),
  sum Float64 CODEC(ZSTD(1)),
  min Nullable(Float64) CODEC(ZSTD(1)),
  max Nullable(Float64) CODEC(ZSTD(1)),
  buckets String CODEC(ZSTD(3)),
  series UInt64,
  trace_id String CODEC(ZSTD(1)),
  service LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  attributes String CODEC(ZSTD(3)),
  resource String CODEC(ZSTD(3)),
  scope LowCardinality(String),
  INDEX by_id id TYPE minmax GRANULARITY 1
) ENGINE = ${replacing_merge_tree} PARTITION BY toDate(at) ORDER BY (project_id, name, series, at_ns)
SETTINGS ttl_only_drop_parts = 1, ${durable};

-- Application sessions of Sentry clients: the update with the highest `version` stands for its session.
CREATE TABLE IF NOT EXISTS ${db}.app_sessions${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  status LowCardinality(String),
  errors UInt32,
  quantity UInt64,
  duration_ms Nullable(Float64) CODEC(ZSTD(1)),
  version UInt64,
  environment LowCardinality(String),
  release LowCardinality(String),
  sdk LowCardinality(String),
  INDEX by_id id TYPE minmax GRANULARITY 1
) ENGINE = ${replacing_by_version} PARTITION BY toDate(at) ORDER BY (project_id, session_id)
SETTINGS ttl_only_drop_parts = 1, ${durable}
