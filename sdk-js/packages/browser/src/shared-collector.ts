/** The page's one collector: `init` gives it its settings, and what was recorded before waits in its buffer until then. */
import { inPage } from './collector/attempt.js';
import { TelemetryCollector } from './collector/collector.js';

let shared: TelemetryCollector | undefined;

export function getCollector(): TelemetryCollector {
  // On a server one process serves many people: what components record while rendering there belongs to nobody.
  shared ??= new TelemetryCollector({ enabled: inPage });
  return shared;
}
