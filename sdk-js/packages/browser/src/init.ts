/**
 * One call to start: the page's collector, and what it watches by itself. This is the core (errors, page views, request
 * timing); `@holdfast/browser/auto` is the same call with everything on.
 */
import { attempt, inPage } from './collector/attempt.js';
import type { TelemetryCollector } from './collector/collector.js';
import type { TelemetryConfig } from './collector/config.js';
import { CRAWLER } from './errors/noise.js';
import { errors, type ErrorsOptions } from './instruments/errors.js';
import type { Instrument } from './instruments/instrument.js';
import { pageViews } from './instruments/page-views.js';
import { requests, type RequestsOptions } from './instruments/requests.js';
import { getCollector } from './shared-collector.js';

export interface InitOptions extends Partial<TelemetryConfig> {
  errors?: boolean | ErrorsOptions;
  pageViews?: boolean;
  requests?: boolean | RequestsOptions;
  /** More to watch, such as `webVitals()` from `@holdfast/browser/web-vitals`. */
  instruments?: Instrument[];
}

const stops: (() => void)[] = [];

/** Start, or start again with other settings. On a server it does nothing. */
export function init(options: InitOptions = {}): TelemetryCollector {
  const { errors: onErrors = true, pageViews: onPages = true, requests: onRequests = true, instruments = [], ...config } = options;
  const collector = getCollector();
  stop();
  if (!inPage) return collector;
  // Visits of crawlers say nothing about people; `enabled: true` records them all the same.
  config.enabled ??= !CRAWLER.test(navigator.userAgent);
  collector.updateConfig({ maxBufferSize: 20, flushIntervalMs: 5_000, ...config });
  const watching: (Instrument | false)[] = [
    // `true` has no settings, so each takes its own.
    onErrors && errors(onErrors as ErrorsOptions),
    onRequests && requests(onRequests as RequestsOptions),
    ...instruments,
    // Last, so that nothing of the first page escapes the others.
    onPages && pageViews(),
  ];
  // A page may have frozen what an instrument wants to watch; the others still start.
  for (const instrument of watching) attempt(() => instrument && stops.push(instrument(collector)));
  return collector;
}

/** Stop watching; what was recorded is still sent. */
export function stop(): void {
  for (const end of stops.splice(0)) end();
}
