import { useCallback, useEffect, useRef } from 'react';
import { useResilienceTelemetry } from './use-resilience-telemetry.js';

export interface DebouncedClickOptions {
  /** How long after a click that ran another one is a duplicate. Default 300 ms. */
  delay?: number;
  /** Who speaks. Required: the rates are told by component. */
  component: string;
  /** What the click is about when several controls share it (an order's id): duplicates are then seen across controls. */
  dedupeKey?: string;
}

interface Run {
  startedAt: number;
  isRunning: boolean;
}

/** The last runs of controls that are gone or that share a key: what a fresh control can't know by itself. */
const elsewhere = new Map<string, Run>();

/**
 * A click handler that runs at once and then not again while the first run is not finished or `delay` has not passed.
 * A duplicate that runs all the same, because the control was made anew in between, is recorded as leaked.
 */
export function useDebouncedClickWithTelemetry<Args extends unknown[]>(
  onClick: (...args: Args) => unknown,
  { delay = 300, component, dedupeKey }: DebouncedClickOptions,
): (...args: Args) => void {
  const { track } = useResilienceTelemetry();
  const handler = useRef(onClick);
  const last = useRef<Run>({ startedAt: -Infinity, isRunning: false });
  const key = component + '\u0000' + (dedupeKey ?? '');
  const mountedAt = useRef(0);
  useEffect(() => {
    handler.current = onClick;
  });
  useEffect(() => {
    mountedAt.current = performance.now();
    return () => leave(key, last.current, delay);
  }, [key, delay]);

  return useCallback(
    (...args: Args) => {
      const now = performance.now();
      if (last.current.isRunning) return track.clickSuppressed(component, 'already_processing');
      if (now - last.current.startedAt < delay) return track.clickSuppressed(component, 'too_soon');
      const twin = elsewhere.get(key);
      const isTwinKnown = twin && twin !== last.current && (dedupeKey !== undefined || twin.startedAt < mountedAt.current);
      if (isTwinKnown && (twin.isRunning || now - twin.startedAt < delay)) track.duplicateLeaked(component, Math.round(now - twin.startedAt));
      const run: Run = { startedAt: now, isRunning: true };
      last.current = run;
      if (dedupeKey !== undefined) remember(key, run);
      const end = () => void (run.isRunning = false);
      try {
        // A failure stays the application's: it is unhandled exactly when it would have been without this hook.
        const result = handler.current(...args);
        if (isThenable(result)) result.then(end, (error) => (end(), rethrow(error)));
        else end();
      } catch (error) {
        end();
        throw error;
      }
    },
    [track, component, delay, dedupeKey, key],
  );
}

/** A control goes while its run may still matter to the one that takes its place. */
function leave(key: string, run: Run, delay: number): void {
  if (run.isRunning || performance.now() - run.startedAt < delay) remember(key, run);
}

function remember(key: string, run: Run): void {
  elsewhere.delete(key);
  elsewhere.set(key, run);
  if (elsewhere.size > 100) elsewhere.delete(elsewhere.keys().next().value!);
}

function rethrow(error: unknown): never {
  throw error;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null)?.then === 'function';
}
