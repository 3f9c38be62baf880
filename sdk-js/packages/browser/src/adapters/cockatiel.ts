/** Retry and circuit signals of a `cockatiel` policy. Returns the same policy; other callers of it are seen too. */
import { getCollector } from '../shared-collector.js';
import { createRetryRecorder, type AdapterOptions } from './retry-recorder.js';

type Execute = (work: (context: any) => any, signal?: AbortSignal) => Promise<any>;
interface Policy {
  execute: Execute;
  onBreak?: (listener: (reason: any) => void) => unknown;
  onReset?: (listener: () => void) => unknown;
}

export function observePolicy<P extends { execute: any }>(policy: P, settings: AdapterOptions = {}): P {
  const target = policy as unknown as Policy;
  const { component, collector = getCollector() } = settings;
  const execute = target.execute.bind(policy);
  // Per call, because the policy's own events don't say which of two running calls they mean.
  target.execute = async (work, signal) => {
    const recorder = createRetryRecorder(settings);
    let calls = 0;
    let failedAt = 0;
    const watched = async (context: any) => {
      if (calls++) recorder.retrying(performance.now() - failedAt);
      try {
        return await work(context);
      } finally {
        failedAt = performance.now();
      }
    };
    try {
      const result = await execute(watched, signal);
      recorder.succeeded();
      return result;
    } catch (error) {
      recorder.failed(error);
      throw error;
    }
  };
  const circuit = (action: string) => collector.track({ type: 'circuit_state', component, action });
  target.onBreak?.(() => circuit('open'));
  target.onReset?.(() => circuit('closed'));
  return policy;
}
