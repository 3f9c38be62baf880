/**
 * Batches that wait in storage: across reloads, and shared by the tabs of an origin. Each has a key of its own, so tabs
 * never overwrite each other; two tabs that send the same batch are counted once, by its id. Bounded in size and age.
 */
import type { Storage } from '../collector/storage.js';
import type { Batch } from './batch.js';

/** UTF-16 units; the origin has about five million, and most belong to the application. */
const MAX_CHARS = 1_000_000;
/** As long as the server remembers the ids of batches: a later retry could be counted twice. */
const MAX_AGE_MS = 3 * 86_400_000;
/** A copy whose sending was under way when its page left is left alone at first, and taken for delivered later. */
const UNSURE_FROM_MS = 10_000;
const UNSURE_UNTIL_MS = 3_600_000;
/** When, how many, how many of them errors, a mark when unsure, the body. */
const FORM = /^(\d+) (\d+) (\d+) (\??)([^]*)$/;

export interface Queue {
  /** False: no room, or storage is full or forbidden. `unsure`: this batch is also on its way right now. */
  keep(batch: Batch, unsure?: boolean): boolean;
  remove(id: string): void;
  /** Any batch that is ready to be sent; those in `skip` are not. */
  pick(skip: Set<string>): Batch | undefined;
  clear(): void;
}

export function createQueue(storage: Storage, prefix: () => string, onExpired: (batch: Batch) => void): Queue {
  let chars = -1;
  const read = (id: string) => storage.get(prefix() + id);
  const ids = () => storage.keys(prefix()).map((key) => key.slice(prefix().length));

  function remove(id: string): void {
    chars -= read(id).length;
    storage.remove(prefix() + id);
  }

  function ready(id: string): Batch | undefined {
    const [, createdAt, events, errors, unsure, body = ''] = FORM.exec(read(id)) ?? [];
    const batch = { id, body, eventCount: +events!, errorCount: +errors!, createdAt: +createdAt! };
    const age = Math.abs(Date.now() - batch.createdAt);
    if (age < (unsure ? UNSURE_UNTIL_MS : MAX_AGE_MS)) return unsure && age < UNSURE_FROM_MS ? undefined : batch;
    remove(id);
    if (body && !unsure) onExpired(batch);
    return;
  }

  return {
    remove,
    keep({ id, body, eventCount, errorCount, createdAt }, unsure) {
      if (chars < 0) chars = ids().reduce((sum, other) => sum + read(other).length, 0);
      const text = `${createdAt} ${eventCount} ${errorCount} ${unsure ? '?' : ''}${body}`;
      const more = text.length - read(id).length;
      if (chars + more > MAX_CHARS || !storage.set(prefix() + id, text)) return false;
      chars += more;
      return true;
    },
    pick(skip) {
      const waiting = ids().filter((id) => !skip.has(id));
      // Starting anywhere keeps two tabs from sending the same batches side by side.
      for (let from = (Math.random() * waiting.length) | 0; waiting.length; from = 0) {
        const batch = ready(waiting.splice(from, 1)[0]!);
        if (batch) return batch;
      }
      // Nothing to do: a good moment to notice what other tabs did.
      chars = -1;
      return;
    },
    clear: () => ids().forEach(remove),
  };
}
