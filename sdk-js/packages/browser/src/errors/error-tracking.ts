/** Document T's error tracking: capture with context, breadcrumbs, groups of the same fault, recovery. */
import type { TelemetryCollector } from '../collector/collector.js';
import { inPage } from '../collector/attempt.js';
import { errors } from '../instruments/errors.js';
import { captureError, type Severity } from './capture-error.js';
import { describeError } from './describe-error.js';
import { parseStack } from './parse-stack.js';
import type { Breadcrumb } from './trail.js';

export const ErrorSeverity = { CRITICAL: 'critical', ERROR: 'error', WARNING: 'warning', INFO: 'info' } as const;
export type ErrorSeverity = Severity;

export interface ErrorTrackingConfig {
  enabled?: boolean;
  captureUnhandled?: boolean;
  captureUnhandledRejections?: boolean;
  maxBreadcrumbs?: number;
  /** Group what is the same fault in `getErrorGroups`. Default true. */
  deduplicate?: boolean;
}

export interface CaptureErrorOptions {
  severity?: Severity;
  context?: Record<string, unknown>;
  user?: { id?: string; sessionId?: string };
  component?: string;
}

export interface ErrorGroup {
  fingerprint: string;
  errorType: string;
  message: string;
  count: number;
  severity: Severity;
  firstSeenAt: number;
  lastSeenAt: number;
  errorIds: string[];
}

export interface ErrorStats {
  totalErrors: number;
  uniqueGroups: number;
  recovered: number;
  unrecovered: number;
  bySeverity: Partial<Record<Severity, number>>;
}

const MAX_GROUPS = 200;
const MAX_IDS = 20;

export class ErrorTracking {
  readonly #collector: TelemetryCollector;
  readonly #config: Required<ErrorTrackingConfig>;
  readonly #groups = new Map<string, ErrorGroup>();
  readonly #stop: (() => void) | undefined;
  #totals = { errors: 0, recovered: 0, unrecovered: 0 };

  constructor(collector: TelemetryCollector, config: ErrorTrackingConfig = {}) {
    this.#collector = collector;
    this.#config = { enabled: true, captureUnhandled: true, captureUnhandledRejections: true, maxBreadcrumbs: 50, deduplicate: true, ...config };
    collector.trail.most = this.#config.maxBreadcrumbs;
    if (this.#config.enabled && inPage) this.#stop = this.#watch();
  }

  addBreadcrumb(crumb: Breadcrumb): void {
    this.#collector.trail.add(crumb);
  }

  /** Record an error that was handled. The answer is its id, empty while tracking is off. */
  captureError(error: unknown, options: CaptureErrorOptions = {}): string {
    if (!this.#config.enabled) return '';
    const errorId = captureError(error, { collector: this.#collector, handled: true, ...options });
    this.#count(error, errorId, options.severity ?? 'error');
    return errorId;
  }

  /** Say whether the application recovered from an error, and how. */
  trackRecovery(errorId: string, recovered: boolean, metadata: Record<string, unknown> = {}): void {
    this.#totals[recovered ? 'recovered' : 'unrecovered']++;
    this.#collector.track({ type: 'error_recovery', metadata: { ...metadata, errorId, recovered } });
  }

  /** The faults of this page, the most frequent first. */
  getErrorGroups(): ErrorGroup[] {
    return [...this.#groups.values()].map((group) => ({ ...group, errorIds: [...group.errorIds] })).sort((a, b) => b.count - a.count);
  }

  getStats(): ErrorStats {
    const bySeverity: Partial<Record<Severity, number>> = {};
    for (const { severity, count } of this.#groups.values()) bySeverity[severity] = (bySeverity[severity] ?? 0) + count;
    const { errors: totalErrors, recovered, unrecovered } = this.#totals;
    return { totalErrors, uniqueGroups: this.#groups.size, recovered, unrecovered, bySeverity };
  }

  destroy(): void {
    this.#stop?.();
    this.#groups.clear();
  }

  #watch(): () => void {
    const watch = errors({
      unhandled: this.#config.captureUnhandled,
      rejections: this.#config.captureUnhandledRejections,
      onCapture: (error, errorId) => this.#count(error, errorId, 'error'),
    });
    return watch(this.#collector);
  }

  #count(error: unknown, errorId: string, severity: Severity): void {
    const now = Date.now();
    const { errorType, message, stack } = describeError(error);
    const top = parseStack(stack, 1)[0];
    const place = top ? `${top.function}@${top.file}` : '';
    const fingerprint = this.#config.deduplicate ? `${errorType}|${message.replace(/\d+/g, '#')}|${place}` : errorId;
    this.#totals.errors++;
    const group = this.#groups.get(fingerprint);
    if (!group) {
      if (this.#groups.size < MAX_GROUPS) {
        this.#groups.set(fingerprint, { fingerprint, errorType, message, count: 1, severity, firstSeenAt: now, lastSeenAt: now, errorIds: [errorId] });
      }
      return;
    }
    group.count++;
    group.lastSeenAt = now;
    group.errorIds = [...group.errorIds, errorId].slice(-MAX_IDS);
  }
}
