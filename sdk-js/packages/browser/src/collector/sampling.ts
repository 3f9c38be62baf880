/** Whether one event is kept. Errors are asked about only when the application said so. */
import type { TelemetryConfig } from './config.js';

export type SamplingStrategy = 'always' | 'never' | 'probabilistic' | 'throttled';

/** The answer is the reason for leaving the event out, or nothing. */
export type Sampler = (config: TelemetryConfig, isError: boolean) => 'sampled' | 'limited' | undefined;

export function createSampler(): Sampler {
  let windowStart = -Infinity;
  let inWindow = 0;
  return ({ sampling, samplingRate, sampleErrors, throttleWindowMs, maxEventsPerWindow }, isError) => {
    if (sampling === 'always' || (isError && !sampleErrors)) return;
    if (sampling !== 'throttled') return sampling === 'never' || Math.random() >= samplingRate ? 'sampled' : undefined;
    const now = performance.now();
    if (now - windowStart >= throttleWindowMs) {
      windowStart = now;
      inWindow = 0;
    }
    return ++inWindow > maxEventsPerWindow ? 'limited' : undefined;
  };
}
