import { describeError, newActionId } from '@holdfast/browser';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useResilienceTelemetry } from './use-resilience-telemetry.js';

export type ActionStatus = 'idle' | 'pending' | 'success' | 'error';

export interface OptimisticActionOptions<Args extends unknown[], Result> {
  /** The work behind the optimistic state, such as the request. */
  action: (...args: Args) => Promise<Result> | Result;
  /** Who speaks. Required: the rates are told by component. */
  component: string;
  /** Show the state that is hoped for; runs at once. */
  optimistic?: (...args: Args) => void;
  /** Put the old state back; its time is recorded. */
  rollback?: (error: unknown, ...args: Args) => void | Promise<void>;
  onSuccess?: (result: Result) => void;
  onError?: (error: unknown) => void;
}

export interface OptimisticAction<Args extends unknown[], Result> {
  /** Never rejects: a failure is in `error`, and its rollback is done when the promise resolves. */
  execute: (...args: Args) => Promise<Result | undefined>;
  /** Of the latest execution; an older one that ends late does not change it. */
  status: ActionStatus;
  error: unknown;
  reset: () => void;
}

interface State {
  status: ActionStatus;
  error: unknown;
}

const IDLE: State = { status: 'idle', error: null };

/** An action whose result is shown before it is certain. Every execution is one start and one success or rollback. */
export function useOptimisticActionWithTelemetry<Args extends unknown[], Result>(
  options: OptimisticActionOptions<Args, Result>,
): OptimisticAction<Args, Result> {
  const { track } = useResilienceTelemetry();
  const [state, setState] = useState<State>(IDLE);
  const latest = useRef(options);
  const current = useRef('');
  useEffect(() => {
    latest.current = options;
  });

  const execute = useCallback(
    async (...args: Args): Promise<Result | undefined> => {
      const { action, component, optimistic, onSuccess, onError, rollback } = latest.current;
      const actionId = newActionId();
      const startedAt = performance.now();
      const settle = (next: State) => current.current === actionId && setState(next);
      current.current = actionId;
      setState({ status: 'pending', error: null });
      track.optimisticActionStart(component, actionId);
      let result: Result;
      try {
        optimistic?.(...args);
        result = await action(...args);
      } catch (error) {
        const failedAt = performance.now();
        await undo(rollback, error, args);
        const now = performance.now();
        const rollbackMs = rollback && Math.round(now - failedAt);
        track.optimisticActionRollback(component, actionId, Math.round(now - startedAt), describeError(error).message, rollbackMs);
        settle({ status: 'error', error });
        onError?.(error);
        return undefined;
      }
      track.optimisticActionSuccess(component, actionId, Math.round(performance.now() - startedAt));
      settle({ status: 'success', error: null });
      onSuccess?.(result);
      return result;
    },
    [track],
  );

  const reset = useCallback(() => {
    current.current = '';
    setState(IDLE);
  }, []);

  return { execute, ...state, reset };
}

async function undo<Args extends unknown[]>(
  rollback: ((error: unknown, ...args: Args) => void | Promise<void>) | undefined,
  error: unknown,
  args: Args,
): Promise<void> {
  try {
    await rollback?.(error, ...args);
  } catch (problem) {
    // The application's rollback failed; its error is told where errors are told, the action's own stays the answer.
    reportError(problem);
  }
}
