/** What a page has around the collector, under the test's control: the network and what is stored. */
import { vi } from 'vitest';
import { TelemetryCollector } from '../src/collector/collector.js';
import type { TelemetryConfig } from '../src/collector/config.js';
import type { Dropped, TelemetryEvent } from '../src/collector/event.js';

export interface Received {
  url: string;
  batchId: string;
  events: TelemetryEvent[];
  dropped?: Dropped[];
}

export interface Network {
  received: Received[];
  events(): TelemetryEvent[];
  /** How the server answers from now on; `down` is no server at all. */
  answer(status: number | 'down', headers?: Record<string, string>): void;
}

export function stubNetwork(): Network {
  const received: Received[] = [];
  let status: number | 'down' = 200;
  let headers: Record<string, string> = {};
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (status === 'down') throw new TypeError('Failed to fetch');
    if (status < 300) received.push({ url, ...JSON.parse(String(init.body)) });
    return new Response('{}', { status, headers });
  });
  return {
    received,
    events: () => received.flatMap((batch) => batch.events),
    answer(next, more = {}) {
      status = next;
      headers = more;
    },
  };
}

const made: TelemetryCollector[] = [];

export function newCollector(config: Partial<TelemetryConfig> = {}): TelemetryCollector {
  const collector = new TelemetryCollector({ endpoint: 'https://telemetry.test', key: 'hf_pub_test', ...config });
  made.push(collector);
  return collector;
}

/** Ends what a test left behind, and forgets what it stored. */
export function cleanUp(): void {
  for (const collector of made.splice(0)) collector.updateConfig({ enabled: false });
  vi.useRealTimers();
  localStorage.clear();
}

/** Hide the page, as a closing tab or another tab in front does. */
export function hidePage(): void {
  Object.defineProperty(document, 'hidden', { configurable: true, value: true });
  dispatchEvent(new Event('visibilitychange'));
  Object.defineProperty(document, 'hidden', { configurable: true, value: false });
}

/** Let promises that are due settle. */
export const settled = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);
