/** Document T's performance metrics: marks and measures, AI operations, Core Web Vitals, resource use. */
import type { TelemetryCollector } from '../collector/collector.js';
import { inPage } from '../collector/attempt.js';
import { watchVitals } from '../instruments/web-vitals.js';
import { summarize, type Summary } from './percentiles.js';

export interface PerformanceMetricsConfig {
  trackCoreWebVitals?: boolean;
  trackResources?: boolean;
  /** How many measurements are kept for the summaries. Default 1000. */
  maxTimings?: number;
}

export interface AIOperation {
  contextGatheringMs?: number;
  contextCompressionMs?: number;
  apiCallMs?: number;
  totalMs: number;
  tokens?: number | undefined;
  contextSizeBytes?: number;
}

/** A vital is undefined until the browser knows it. */
export interface CoreWebVitals {
  lcp?: number;
  fid?: number;
  cls?: number;
  ttfb?: number;
  inp?: number;
  fcp?: number;
}

export interface AIOperationsSummary extends Summary {
  totalTokens: number;
}

export interface ResourceMetrics {
  /** Bytes of the JavaScript heap; 0 where the engine does not say. */
  memoryUsage: number;
  memoryLimit: number;
  /** Requests that the page has made, and what they brought. */
  resourceCount: number;
  transferredBytes: number;
}

export class PerformanceMetrics {
  readonly #collector: TelemetryCollector;
  readonly #config: Required<PerformanceMetricsConfig>;
  readonly #marks = new Map<string, number>();
  readonly #vitals: CoreWebVitals = {};
  #measures: { name: string; durationMs: number }[] = [];
  #operations: AIOperation[] = [];
  #stopped = false;

  constructor(collector: TelemetryCollector, config: PerformanceMetricsConfig = {}) {
    this.#collector = collector;
    this.#config = { trackCoreWebVitals: true, trackResources: true, maxTimings: 1_000, ...config };
    if (this.#config.trackCoreWebVitals && inPage) this.#watchVitals();
  }

  mark(name: string): void {
    this.#marks.set(name, performance.now());
    if (this.#marks.size > this.#config.maxTimings) this.#marks.delete(this.#marks.keys().next().value!);
  }

  /** Milliseconds from one mark to the other, or to now. A mark that was never set gives 0, and nothing is recorded. */
  measure(name: string, startMark: string, endMark?: string): number {
    const start = this.#marks.get(startMark);
    const end = endMark === undefined ? performance.now() : this.#marks.get(endMark);
    if (start === undefined || end === undefined || this.#stopped) return 0;
    const durationMs = end - start;
    this.#measures = this.#kept(this.#measures, { name, durationMs });
    this.#collector.trackPerformance({ name, value: durationMs, unit: 'ms' });
    return durationMs;
  }

  /** How long the measures of one name took. */
  getMeasureSummary(name: string): Summary {
    return summarize(this.#measures.filter((measure) => measure.name === name).map(({ durationMs }) => durationMs));
  }

  trackAIOperation(operation: AIOperation): void {
    if (this.#stopped) return;
    this.#operations = this.#kept(this.#operations, operation);
    this.#collector.trackPerformance({ name: 'ai_operation', value: operation.totalMs, unit: 'ms', metadata: { ...operation } });
  }

  getAIOperationsSummary(): AIOperationsSummary {
    const totalTokens = this.#operations.reduce((sum, { tokens = 0 }) => sum + tokens, 0);
    return { ...summarize(this.#operations.map(({ totalMs }) => totalMs)), totalTokens };
  }

  getCoreWebVitals(): CoreWebVitals {
    return { ...this.#vitals };
  }

  getResourceMetrics(): ResourceMetrics {
    const heap = (performance as { memory?: { usedJSHeapSize: number; jsHeapSizeLimit: number } }).memory;
    const entries = this.#config.trackResources && inPage ? performance.getEntriesByType('resource') : [];
    return {
      memoryUsage: heap?.usedJSHeapSize ?? 0,
      memoryLimit: heap?.jsHeapSizeLimit ?? 0,
      resourceCount: entries.length,
      transferredBytes: entries.reduce((sum, entry) => sum + ((entry as PerformanceResourceTiming).transferSize || 0), 0),
    };
  }

  destroy(): void {
    this.#stopped = true;
    this.#marks.clear();
    this.#measures = [];
    this.#operations = [];
  }

  #watchVitals(): void {
    watchVitals(({ name, value }) => {
      if (this.#stopped) return;
      this.#vitals[name.toLowerCase() as keyof CoreWebVitals] = value;
      this.#collector.trackPerformance({ name, value, unit: name === 'CLS' ? 'score' : 'ms' });
    });
  }

  #kept<T>(list: T[], item: T): T[] {
    return [...list, item].slice(-this.#config.maxTimings);
  }
}
