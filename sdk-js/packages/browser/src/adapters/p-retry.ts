/** Retry signals of `p-retry`: `const retry = observePRetry(pRetry, { component: 'Checkout' })`, then as before. */
import { createRetryRecorder, type AdapterOptions } from './retry-recorder.js';

type Attempt = { retriesLeft: number; retryDelay?: number };
type Options = { onFailedAttempt?: ((attempt: any) => void | Promise<void>) | undefined } | undefined;
type PRetry = (input: (attempt: number) => any, options?: any) => Promise<any>;

export function observePRetry<F extends PRetry>(pRetry: F, settings: AdapterOptions = {}): F {
  const observed: PRetry = async (input, options: Options) => {
    const recorder = createRetryRecorder(settings);
    let failedAt = 0;
    const watched = (attempt: number) => {
      // The attempt itself is the proof: not every failed one is followed by another.
      if (attempt > 1) recorder.retrying(performance.now() - failedAt);
      return input(attempt);
    };
    const onFailedAttempt = (attempt: Attempt) => {
      failedAt = performance.now();
      return options?.onFailedAttempt?.(attempt);
    };
    try {
      const result = await pRetry(watched, { ...options, onFailedAttempt });
      recorder.succeeded();
      return result;
    } catch (error) {
      recorder.failed(error);
      throw error;
    }
  };
  return observed as F;
}
