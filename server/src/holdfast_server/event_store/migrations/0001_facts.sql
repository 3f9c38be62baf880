-- Facts as they arrive. Partitioned by day so that a block of the drainer is one part and TTL drops whole parts;
-- ordered by type before time because every question that reads raw facts names a type or a short window.
CREATE TABLE IF NOT EXISTS ${db}.events${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  type LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  page String CODEC(ZSTD(1)),
  route LowCardinality(String),
  component LowCardinality(String),
  action LowCardinality(String),
  name LowCardinality(String),
  method LowCardinality(String),
  status UInt16 CODEC(T64, ZSTD(1)),
  duration_ms Nullable(Float32) CODEC(ZSTD(1)),
  value Nullable(Float64) CODEC(ZSTD(1)),
  unit LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  anonymous_id String CODEC(ZSTD(1)),
  device_type LowCardinality(String),
  platform LowCardinality(String),
  browser LowCardinality(String),
  os LowCardinality(String),
  region LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  time_flag LowCardinality(String),
  attributes String CODEC(ZSTD(3)),
  INDEX by_id id TYPE minmax GRANULARITY 1,
  INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ${merge_tree} PARTITION BY toDate(at) ORDER BY (project_id, type, at)
SETTINGS ttl_only_drop_parts = 1, ${durable}, ${large_blocks};

-- Error occurrences: wide rows, read by issue, a hundredth as many. Level 1, because rows of one issue lie side by side and
-- shrink 20 times anyway: level 6 made them a third smaller and cost 40 µs of CPU a row more.
CREATE TABLE IF NOT EXISTS ${db}.errors${local} ${on_cluster} (
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  project_id UInt32,
  issue_id String CODEC(ZSTD(1)),
  fingerprint_version UInt8,
  at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  error_type LowCardinality(String),
  message String CODEC(ZSTD(1)),
  culprit String CODEC(ZSTD(1)),
  severity LowCardinality(String),
  handled Bool,
  page String CODEC(ZSTD(1)),
  route LowCardinality(String),
  component LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  anonymous_id String CODEC(ZSTD(1)),
  device_type LowCardinality(String),
  platform LowCardinality(String),
  browser LowCardinality(String),
  os LowCardinality(String),
  region LowCardinality(String),
  environment LowCardinality(String),
  release LowCardinality(String),
  time_flag LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  transaction LowCardinality(String),
  sdk LowCardinality(String),
  stack String CODEC(ZSTD(1)),
  exceptions String CODEC(ZSTD(1)),
  tags String CODEC(ZSTD(1)),
  files String CODEC(ZSTD(3)),
  breadcrumbs String CODEC(ZSTD(1)),
  context String CODEC(ZSTD(1)),
  INDEX by_id id TYPE minmax GRANULARITY 1,
  INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ${merge_tree} PARTITION BY toMonday(at) ORDER BY (project_id, issue_id, at)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 1024, ${durable}, ${large_blocks};

-- The ledger: what became of everything sent, by minute.
CREATE TABLE IF NOT EXISTS ${db}.outcomes${local} ${on_cluster} (
  project_id UInt32,
  at DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  outcome LowCardinality(String),
  reason LowCardinality(String),
  category LowCardinality(String),
  source LowCardinality(String),
  quantity UInt64
) ENGINE = ${summing_merge_tree} PARTITION BY toYYYYMM(at) ORDER BY (project_id, at, outcome, reason, category, source)
SETTINGS ${durable};
