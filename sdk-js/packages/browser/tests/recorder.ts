/** A collector whose events stay in a list. */
import { TelemetryCollector } from '../src/collector/collector.js';
import type { TelemetryEvent } from '../src/collector/event.js';

export interface Recorder {
  collector: TelemetryCollector;
  /** Everything recorded so far. */
  events(): TelemetryEvent[];
  /** The types alone, in order. */
  types(): string[];
  /** The metadata of the events of one type. */
  of(type: string): Record<string, unknown>[];
}

export function createRecorder(): Recorder {
  const events: TelemetryEvent[] = [];
  const collector = new TelemetryCollector({
    transport: 'custom',
    customTransport: () => {},
    beforeSend: (event) => (events.push(event), event),
  });
  return {
    collector,
    events: () => events,
    types: () => events.map(({ type }) => type),
    of: (type) => events.filter((event) => event.type === type).map((event) => event.metadata ?? {}),
  };
}
