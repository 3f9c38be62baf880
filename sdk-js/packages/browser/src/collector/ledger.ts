/** Counts what the page threw away until a batch takes the counts along. Nothing is lost in silence. */
import type { Batch } from '../delivery/batch.js';
import type { Dropped, DropReason } from './event.js';

export interface Ledger {
  add(reason: DropReason, isError: boolean, quantity?: number): void;
  lose(reason: DropReason, batch: Batch): void;
  /** The counts so far, which start again at nothing. */
  take(): Dropped[];
}

export function createLedger(): Ledger {
  let counts: Record<string, Dropped> = {};

  function add(reason: DropReason, isError: boolean, quantity = 1): void {
    const category = isError ? 'error' : 'event';
    if (quantity) (counts[reason + category] ??= { reason, category, quantity: 0 }).quantity += quantity;
  }

  return {
    add,
    lose(reason, { eventCount, errorCount, body }) {
      add(reason, false, eventCount - errorCount);
      add(reason, true, errorCount);
      // What the lost batch had to report is still true.
      for (const drop of (JSON.parse(body).dropped ?? []) as Dropped[]) {
        add(drop.reason, drop.category === 'error', drop.quantity);
      }
    },
    take() {
      const dropped = Object.values(counts);
      counts = {};
      return dropped;
    },
  };
}
