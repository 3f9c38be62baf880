/**
 * Turns anything thrown into one `error` event with its stack and breadcrumbs. The same thrown object counts once.
 * The server reads the frames out of the stack's text: it has the source maps, and the page has better things to do.
 */
import type { TelemetryCollector } from '../collector/collector.js';
import { newId } from '../collector/ids.js';
import { causesOf, describeError, isObject } from './describe-error.js';

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
/** The server takes 128 names an event, which leaves room for this many breadcrumbs. */
const MAX_SENT_CRUMBS = 25;

const seen = new WeakMap<object, { id: string; at: number }>();
let minute = 0;
let alike: Record<string, number> = {};

export function captureError(thrown: unknown, options: CaptureOptions): string {
  const { collector, user, component } = options;
  const now = performance.now();
  const before = isObject(thrown) && seen.get(thrown);
  if (before && now - before.at < SAME_WITHIN_MS) return before.id;
  const errorId = newId().replace(/-/g, '');
  if (isObject(thrown)) seen.set(thrown, { id: errorId, at: now });
  const error = describeError(thrown);
  if (isStorm(error.errorType + error.message, now)) collector.noteDropped('limited', true);
  else {
    const metadata = { errorId, ...error, ...details(error.stack, thrown, options) };
    collector.track({ type: 'error', component, userId: user?.id, sessionId: user?.sessionId, metadata });
  }
  return errorId;
}

function details(ownStack: string, thrown: unknown, { severity = 'error', handled, context, stack = '', collector }: CaptureOptions) {
  const causes = causesOf(thrown);
  return {
    stack: ownStack || stack,
    severity,
    handled,
    context,
    causes: causes[0] && causes,
    breadcrumbs: collector.trail.list().slice(-MAX_SENT_CRUMBS),
  };
}

/** An error in a loop would fill the network: beyond a limit the same one is only counted. */
function isStorm(kind: string, now: number): boolean {
  if (now - minute > 60_000) {
    minute = now;
    alike = {};
  }
  return (alike[kind] = (alike[kind] ?? 0) + 1) > MAX_ALIKE_A_MINUTE;
}
