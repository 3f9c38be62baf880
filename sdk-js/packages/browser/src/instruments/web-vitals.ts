/** Core Web Vitals as `performance` events: LCP, INP, CLS, FCP, TTFB by `web-vitals`, and FID where the browser has it. */
import { onCLS, onFCP, onINP, onLCP, onTTFB, type Metric } from 'web-vitals';
import { whenIdle } from '../collector/attempt.js';
import type { Instrument } from './instrument.js';

export interface Vital {
  name: string;
  value: number;
  rating?: string;
  id?: string;
  navigationType?: string;
}

export function webVitals(): Instrument {
  return (collector) => {
    let on = true;
    // The browser keeps what it measured until somebody asks.
    whenIdle(() =>
      watchVitals(({ name, value, ...metadata }) => {
        const unit = name === 'CLS' ? 'score' : 'ms';
        if (on) collector.note({ type: 'performance', name, value: Math.round(value * 1e4) / 1e4, unit, metadata });
      }),
    );
    return () => (on = false);
  };
}

/** Tell each vital once it is known; most are at the latest when the page is hidden. They can't be unwatched. */
export function watchVitals(report: (vital: Vital) => void): void {
  const pass = ({ name, value, rating, id, navigationType }: Metric) => report({ name, value, rating, id, navigationType });
  for (const watch of [onLCP, onINP, onCLS, onFCP, onTTFB]) watch(pass);
  watchFirstInput((value) => report({ name: 'FID', value }));
}

function watchFirstInput(report: (delayMs: number) => void): void {
  if (typeof PerformanceObserver === 'undefined' || !PerformanceObserver.supportedEntryTypes?.includes('first-input')) return;
  const observer = new PerformanceObserver((list) => {
    const entry = list.getEntries()[0] as PerformanceEventTiming | undefined;
    observer.disconnect();
    if (entry) report(entry.processingStart - entry.startTime);
  });
  observer.observe({ type: 'first-input', buffered: true });
}
