/** One retried call: attempts, and the end that its last one brings. The adapters of the retry libraries feed it. */
import { getCollector } from '../shared-collector.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { createResilienceTelemetry } from '../resilience/create-resilience-telemetry.js';

export interface AdapterOptions {
  /** Who speaks: the part of the interface or of the code. */
  component?: string;
  /** What is called, such as `/api/orders/[id]`. */
  endpoint?: string;
  collector?: TelemetryCollector;
}

export interface RetryRecorder {
  retrying(backoffMs: number): void;
  succeeded(): void;
  failed(error: unknown): void;
}

/** A call that never had to be retried leaves no signal. */
export function createRetryRecorder({ component = 'retry', endpoint = '', collector = getCollector() }: AdapterOptions): RetryRecorder {
  const { track } = createResilienceTelemetry(collector);
  const startedAt = performance.now();
  const took = () => Math.round(performance.now() - startedAt);
  let count = 0;
  return {
    retrying: (backoffMs) => track.retryAttempt(component, endpoint, ++count, Math.round(backoffMs)),
    succeeded: () => (count ? track.retrySuccess(component, endpoint, count, took()) : undefined),
    failed: (error) => (count ? track.retryFailure(component, endpoint, count, took(), error) : undefined),
  };
}
