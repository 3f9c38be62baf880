/** Something that watches the page by itself. It starts when called and stops by what it returns. */
import type { TelemetryCollector } from '../collector/collector.js';

export type Instrument = (collector: TelemetryCollector) => () => void;

/** Listen, and give back the way to stop. */
export function listen(target: EventTarget, name: string, listener: (event: any) => void, capture = false): () => void {
  return watch(target, { [name]: listener }, capture);
}

/** Listen to several events, those that are not switched off, and give back the way to stop. */
export function watch(target: EventTarget, listeners: Record<string, ((event: any) => void) | false>, capture = false): () => void {
  const end = new AbortController();
  for (const name in listeners) target.addEventListener(name, listeners[name] || null, { capture, signal: end.signal });
  return () => end.abort();
}
