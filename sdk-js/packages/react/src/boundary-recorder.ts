import { captureError, type TelemetryCollector } from '@holdfast/browser';
import { resilienceOf } from './use-resilience-telemetry.js';

/** So long must the children stay up after a reset before it counts as recovered. */
const STABLE_MS = 1_000;

export interface BoundaryRecorder {
  caught(error: unknown, componentStack: string | null | undefined): void;
  /** A reset was tried. It counts only if no further error comes. */
  resetting(method: string): void;
  /** The boundary goes away: with its children up, or not. */
  gone(isUp: boolean): void;
}

/** The signals of one error boundary: triggered once per fault, recovered only when the children really stayed up. */
export function createBoundaryRecorder(component: string, collector: TelemetryCollector): BoundaryRecorder {
  const { track } = resilienceOf(collector);
  let fault: { error: unknown; at: number } | undefined;
  let attempt: { method: string; at: number; timer: ReturnType<typeof setTimeout> } | undefined;

  function recovered(): void {
    if (fault && attempt) track.errorBoundaryRecovered(component, fault.error, attempt.method, Math.round(attempt.at - fault.at));
    clearTimeout(attempt?.timer);
    fault = attempt = undefined;
  }

  return {
    caught(error, componentStack) {
      clearTimeout(attempt?.timer);
      attempt = undefined;
      // A reset that fails again is the same fault: people still look at the same broken place.
      if (fault) return;
      fault = { error, at: performance.now() };
      track.errorBoundaryTriggered(component, error);
      captureError(error, { collector, handled: true, component, context: { componentStack } });
    },
    resetting(method) {
      if (!fault) return;
      clearTimeout(attempt?.timer);
      attempt = { method, at: performance.now(), timer: setTimeout(recovered, STABLE_MS) };
    },
    gone(isUp) {
      if (isUp) recovered();
      else clearTimeout(attempt?.timer);
    },
  };
}
