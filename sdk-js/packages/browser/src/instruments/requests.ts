/** `api_latency` for each fetch: route, method, status, duration. The page's own calls are unchanged. */
import { attempt } from '../collector/attempt.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { safeUrl } from '../collector/page.js';
import type { Instrument } from './instrument.js';

export interface RequestsOptions {
  /** Which requests to leave out, by their address. */
  ignore?: RegExp | undefined;
  /** Name the route of a request; by default its path with ids replaced. */
  routeOf?: ((url: string) => string) | undefined;
}

export function requests(options: RequestsOptions = {}): Instrument {
  return (collector) => watchFetch(createReport(collector, options));
}

export type Report = (method: string | undefined, url: string, status: number, startedAt: number) => void;

export function createReport(collector: TelemetryCollector, { ignore, routeOf = safeUrl }: RequestsOptions): Report {
  return (verb, url, status, startedAt) =>
    attempt(() => {
      if (ignore?.test(url)) return;
      const duration = Math.round(performance.now() - startedAt);
      const method = (verb || 'GET').toUpperCase();
      const endpoint = routeOf(url);
      collector.note({ type: 'api_latency', endpoint, method, status, duration });
      const level = status < 400 && status ? undefined : 'warning';
      collector.trail.add({ category: 'http', message: `${method} ${endpoint} ${status}`, level });
    });
}

function watchFetch(report: Report): () => void {
  const original = window.fetch;
  let on = true;
  const watched: typeof fetch = function (this: unknown, ...call) {
    const startedAt = performance.now();
    const answer = original.apply(this as Window, call);
    const [input, init] = call as [Request, RequestInit & { holdfast?: true }];
    if (on && !init?.holdfast) {
      const done = (status: number) => report(init?.method ?? input?.method, input?.url ?? String(input), status, startedAt);
      // A branch of its own: the page's promise keeps its own fate, unhandled or not.
      answer.then(({ status }) => done(status), () => done(0));
    }
    return answer;
  };
  window.fetch = watched;
  return () => {
    on = false;
    // Whoever wrapped after us keeps working: then ours stays in the chain and does nothing.
    if (window.fetch === watched) window.fetch = original;
  };
}
