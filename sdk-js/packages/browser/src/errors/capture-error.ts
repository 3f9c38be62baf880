/**
 * Turns anything thrown into one `error` event with its stack and breadcrumbs. The same thrown object counts once.
 * The server reads the frames out of the stack's text: it has the source maps, and the page has better things to do.
 */
import { attempt } from '../collector/attempt.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { newId } from '../collector/ids.js';
import { debugImagesOf } from './debug-images.js';
import { causesOf, describeError } from './describe-error.js';

export type Severity = 'critical' | 'error' | 'warning' | 'info';

export interface ErrorContext {
  severity?: Severity;
  component?: string;
  context?: Record<string, unknown>;
  user?: { id?: string; sessionId?: string };
  [more: string]: unknown;
}

export interface CaptureOptions {
  collector: TelemetryCollector;
  handled: boolean;
  severity?: Severity | undefined;
  component?: string | undefined;
  context?: Record<string, unknown> | undefined;
  user?: { id?: string; sessionId?: string } | undefined;
  /** Stack to use when what was thrown has none. */
  stack?: string | undefined;
}

/** Whatever the same object causes within this time is one occurrence: a boundary and `onerror` both see it. */
const SAME_WITHIN_MS = 2_000;
const MAX_ALIKE_A_MINUTE = 30;

const seen = new WeakMap<object, { id: string; at: number }>();
let minute = 0;
let alike: Record<string, number> = {};

export function captureError(thrown: unknown, { collector, handled, severity = 'error', component, context, user, stack: place = '' }: CaptureOptions): string {
  const now = performance.now();
  const before = seen.get(thrown as object);
  if (before && now - before.at < SAME_WITHIN_MS) return before.id;
  const errorId = newId().replace(/-/g, '');
  // Refused for anything that is no object.
  attempt(() => seen.set(thrown as object, { id: errorId, at: now }));
  const error = describeError(thrown);
  if (isStorm(error.errorType + error.message, now)) collector.noteDropped('limited', true);
  else {
    const stack = error.stack || place;
    const more = { debugImages: debugImagesOf(stack), breadcrumbs: collector.trail.list(), causes: causesOf(thrown) };
    // The context comes last: when it is too large, nothing else is cut.
    const metadata = { errorId, ...error, stack, severity, handled, ...more, context };
    collector.track({ type: 'error', component, userId: user?.id, sessionId: user?.sessionId, metadata });
  }
  return errorId;
}

/** An error in a loop would fill the network: beyond a limit the same one is only counted. */
function isStorm(kind: string, now: number): boolean {
  if (now - minute > 60_000) {
    minute = now;
    alike = {};
  }
  return (alike[kind] = (alike[kind] ?? 0) + 1) > MAX_ALIKE_A_MINUTE;
}
