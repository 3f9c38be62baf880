/** The settings of a collector: the documents' names and defaults. */
import type { TelemetryEvent } from './event.js';
import type { SamplingStrategy } from './sampling.js';

export type TransportBackend = 'http' | 'localStorage' | 'console' | 'custom';
/** Receives the events of one flush. A rejected promise means "not delivered": the batch is tried again. */
export type TransportFunction = (events: TelemetryEvent[]) => void | Promise<void>;

export interface TelemetryConfig {
  /** Off means off: nothing is recorded, sent or kept. Set it to the person's consent. Default true. */
  enabled: boolean;
  /**
   * Where events go. An address that ends at its host or with a slash is a Holdfast server
   * (`https://telemetry.example.com`, `/holdfast/`); any other is the exact URL to post to.
   */
  endpoint: string;
  /** The project's public key, `hf_pub_…`. */
  key: string;
  transport: TransportBackend;
  customTransport: TransportFunction | undefined;
  sampling: SamplingStrategy;
  /** 0–1, for `probabilistic`. */
  samplingRate: number;
  /** Let sampling apply to errors too. Default false. */
  sampleErrors: boolean | undefined;
  /** Flush when this many events wait. Default 50; memory never holds more than 100. */
  maxBufferSize: number;
  flushIntervalMs: number;
  throttleWindowMs: number;
  maxEventsPerWindow: number;
  redactPII: boolean;
  /** More field names whose values become `[REDACTED]`. */
  redactFields: string[];
  /** Tell the console what happens. */
  debug: boolean | undefined;
  release: string | undefined;
  environment: string | undefined;
  userId: string | undefined;
  /** Look at an event last: change it, or return null to leave it out. */
  beforeSend: ((event: TelemetryEvent) => TelemetryEvent | null) | undefined;
}

export const DEFAULTS = {
  enabled: true,
  endpoint: '',
  key: '',
  transport: 'http',
  sampling: 'always',
  samplingRate: 1,
  maxBufferSize: 50,
  flushIntervalMs: 30_000,
  throttleWindowMs: 60_000,
  maxEventsPerWindow: 100,
  redactPII: true,
  redactFields: [],
} as unknown as TelemetryConfig;

/** Where batches are posted. */
export function batchUrl(endpoint: string, key: string): string {
  return withKey(endpoint.replace(/^((?:\w+:)?\/\/[^/]+)$|\/$/, '$1/api/telemetry/batch'), key);
}

/** Another path of the server that takes batches at `endpoint`. */
export function serverUrl(endpoint: string, path: string, key: string): string {
  return withKey(endpoint.replace(/\/?(api\/.*)?$/, '/api/' + path), key);
}

function withKey(url: string, key: string): string {
  return key ? url + (url.includes('?') ? '&key=' : '?key=') + key : url;
}
