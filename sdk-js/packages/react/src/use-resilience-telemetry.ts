import { createResilienceTelemetry, type ResilienceTelemetry, type TelemetryCollector } from '@holdfast/browser';
import { useMemo } from 'react';
import { useTelemetry } from './telemetry-provider.js';

const made = new WeakMap<TelemetryCollector, ResilienceTelemetry>();

/** `setUserId` and one `track` method for each resilience signal. Both stay the same from render to render. */
export function useResilienceTelemetry(): ResilienceTelemetry {
  const { collector } = useTelemetry();
  return useMemo(() => resilienceOf(collector), [collector]);
}

export function resilienceOf(collector: TelemetryCollector): ResilienceTelemetry {
  const known = made.get(collector) ?? createResilienceTelemetry(collector);
  made.set(collector, known);
  return known;
}
