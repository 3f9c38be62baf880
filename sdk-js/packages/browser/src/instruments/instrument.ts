/** Something that watches the page by itself. It starts when called and stops by what it returns. */
import type { TelemetryCollector } from '../collector/collector.js';

export type Instrument = (collector: TelemetryCollector) => () => void;

/** Listen, and give back the way to stop. */
export function listen(target: EventTarget, name: string, listener: (event: any) => void, capture = false): () => void {
  target.addEventListener(name, listener, capture);
  return () => target.removeEventListener(name, listener, capture);
}

/** Listen to several events, those that are not switched off, and give back the way to stop. */
export function watch(target: EventTarget, listeners: Record<string, ((event: any) => void) | false>): () => void {
  const stops = Object.entries(listeners).map(([name, listener]) => listener && listen(target, name, listener));
  return () => stops.forEach((stop) => stop && stop());
}
