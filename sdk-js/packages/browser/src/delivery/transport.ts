/** What every transport promises, and the one that hands events to the application. */
import type { TransportFunction } from '../collector/config.js';
import type { Batch } from './batch.js';

/** `sent` and `rejected` are final; a number asks for another try, in that many milliseconds (0: as you see fit). */
export type Verdict = 'sent' | 'rejected' | number;

/** Delivers one batch. Never throws and never rejects. `isLast`: the page may be gone in a moment, so send it as it is. */
export type Transport = (batch: Batch, isLast?: boolean) => Promise<Verdict>;

export function customTransport(deliver: TransportFunction): Transport {
  return async (batch) => {
    try {
      await deliver(JSON.parse(batch.body).events);
      return 'sent';
    } catch {
      return 0;
    }
  };
}
