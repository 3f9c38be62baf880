/**
 * Batches that wait in storage: across reloads, and shared by the tabs of an origin. Each has a key of its own, so tabs
 * never overwrite each other; two tabs that send the same batch are counted once, by its id. Bounded in size and age.
 */
import { attempt } from '../collector/attempt.js';
import type { Storage } from '../collector/storage.js';
import type { Batch } from './batch.js';

/** UTF-16 units; the origin has about five million, and most belong to the application. */
const MAX_CHARS = 1_000_000;
/** As long as the server remembers the ids of batches: a later retry could be counted twice. */
const MAX_AGE_MS = 3 * 86_400_000;
/** A copy whose sending was under way when its page left is left alone at first, and taken for delivered later. */
const UNSURE_FROM_MS = 10_000;
const UNSURE_UNTIL_MS = 3_600_000;
/** How a batch is stored. */
type Form = [createdAt: number, eventCount: number, errorCount: number, unsure: boolean, body: string];

export interface Queue {
  /** False: no room, or storage is full or forbidden. `unsure`: this batch is also on its way right now. */
  keep(batch: Batch, unsure?: boolean): boolean;
  remove(id: string): void;
  /** Any batch that is ready to be sent; those in `skip` are not. */
  pick(skip: Set<string>): Batch | undefined;
  erase(): void;
}

export function createQueue(storage: Storage, prefix: () => string, onExpired: (batch: Batch) => void): Queue {
  const read = (id: string) => storage.get(prefix() + id);
  const ids = () => storage.keys(prefix()).map((key) => key.slice(prefix().length));
  const remove = (id: string) => storage.remove(prefix() + id);

  function ready(id: string): Batch | undefined {
    const [createdAt, eventCount, errorCount, unsure, body] = attempt((): Partial<Form> => [...JSON.parse(read(id))] as Form, []);
    const batch = { id, body, eventCount, errorCount, createdAt } as Batch;
    const age = Math.abs(Date.now() - createdAt!);
    if (age < (unsure ? UNSURE_UNTIL_MS : MAX_AGE_MS)) return unsure && age < UNSURE_FROM_MS ? undefined : batch;
    remove(id);
    if (body && !unsure) onExpired(batch);
    return;
  }

  return {
    remove,
    keep({ id, body, eventCount, errorCount, createdAt }, unsure) {
      const form: Form = [createdAt, eventCount, errorCount, !!unsure, body];
      const text = JSON.stringify(form);
      // Counted anew each time, because other tabs come and go too; it is only done when sending fails or the page is left.
      const chars = ids().reduce((sum, other) => sum + (other === id ? 0 : read(other).length), text.length);
      return chars < MAX_CHARS && storage.set(prefix() + id, text);
    },
    pick(skip) {
      // In any order, which keeps two tabs from sending the same batches side by side.
      for (const id of ids().sort(() => Math.random() - 0.5)) {
        const batch = skip.has(id) ? undefined : ready(id);
        if (batch) return batch;
      }
      return;
    },
    erase: () => ids().forEach(remove),
  };
}
