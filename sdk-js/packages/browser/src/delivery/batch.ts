/** One request's worth of events, sealed: a retry sends the same text with the same id, and is counted once. */
import { newId } from '../collector/ids.js';
import type { Dropped } from '../collector/event.js';

export interface Batch {
  id: string;
  /** The JSON body. */
  body: string;
  eventCount: number;
  /** How many of them are errors. */
  errorCount: number;
  /** Epoch milliseconds. */
  createdAt: number;
}

/** A flush stays small on the wire, and a page that closes may have only 64 KiB under way. */
const MAX_BATCH_CHARS = 9_800;

/** Seal the first of `parts` (events as JSON text) into a batch; the rest stay in `parts`. */
export function sealBatch(parts: string[], dropped: Dropped[]): Batch {
  const id = newId();
  let chars = 0;
  let count = 0;
  while (count < parts.length && (chars += parts[count]!.length) < MAX_BATCH_CHARS) count++;
  const taken = parts.splice(0, count || 1);
  return {
    id,
    body: `{"batchId":"${id}","events":[${taken}]${dropped.length ? ',"dropped":' + JSON.stringify(dropped) : ''}}`,
    eventCount: taken.length,
    errorCount: taken.filter((part) => part.startsWith('{"type":"error"')).length,
    createdAt: Date.now(),
  };
}
