/**
 * Gets batches delivered: one at a time, again after a failure (exponential back-off with jitter, `Retry-After`
 * honoured), the rest waiting in storage or, without it, in memory up to a limit. What cannot be kept is counted.
 */
import type { DropReason } from '../collector/event.js';
import { later } from '../collector/attempt.js';
import type { Storage } from '../collector/storage.js';
import type { Batch } from './batch.js';
import { createQueue } from './queue.js';
import type { Transport } from './transport.js';

const MAX_EVENTS_IN_MEMORY = 100;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface OutboxParts {
  /** Undefined: there is nowhere to send to; batches are only kept. */
  transport(): Transport | undefined;
  storage: Storage;
  prefix(): string;
  onDrop(reason: DropReason, batch: Batch): void;
}

export interface Outbox {
  put(batch: Batch): void;
  /** Resolves when nothing more can be sent now; a failure ends it and sets the next try. */
  drain(): Promise<void>;
  /** The page may be gone in a moment: keep a copy of everything, and send `batches` all at once. */
  leave(batches: Batch[]): void;
  /** Back online: forget the back-off. */
  wake(): void;
  /** Events held in memory. */
  held(): number;
  erase(): void;
  stop(): void;
}

export function createOutbox({ transport, storage, prefix, onDrop }: OutboxParts): Outbox {
  const queue = createQueue(storage, prefix, (batch) => onDrop('expired', batch));
  const underway = new Set<string>();
  let memory: Batch[] = [];
  let running: Promise<void> | undefined;
  let failures = 0;
  /** Set while a failure asks for a pause. */
  let timer: ReturnType<typeof setTimeout> | undefined;

  const held = () => memory.reduce((sum, batch) => sum + batch.eventCount, 0);
  const release = (batch: Batch) => (memory = memory.filter((other) => other !== batch));

  function hold(batch: Batch): void {
    if (held() + batch.eventCount > MAX_EVENTS_IN_MEMORY) onDrop('queue_overflow', batch);
    else memory.push(batch);
  }

  /** The answer is whether the next one may go at once. */
  async function deliver(batch: Batch, send: Transport, isLast?: boolean): Promise<boolean> {
    underway.add(batch.id);
    const verdict = await send(batch, isLast);
    underway.delete(batch.id);
    release(batch);
    if (typeof verdict === 'number') {
      if (!queue.keep(batch)) hold(batch);
      backOff(verdict);
      return false;
    }
    queue.remove(batch.id);
    failures = 0;
    if (verdict === 'rejected') onDrop(verdict, batch);
    return true;
  }

  function backOff(askedMs: number): void {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++) * (0.5 + Math.random() / 2);
    clearTimeout(timer);
    timer = later(resume, Math.max(askedMs, wait));
  }

  function resume(): void {
    clearTimeout(timer);
    timer = undefined;
    void drain();
  }

  function drain(): Promise<void> {
    return (running ??= work().finally(() => (running = undefined)));
  }

  async function work(): Promise<void> {
    for (;;) {
      const send = !timer && transport();
      const batch = send && (memory.find(({ id }) => !underway.has(id)) ?? queue.pick(underway));
      if (!batch || !(await deliver(batch, send))) return;
    }
  }

  return {
    held,
    drain,
    put(batch) {
      if (!(running || timer || !transport()) || !queue.keep(batch)) hold(batch);
      void drain();
    },
    leave(batches) {
      const send = navigator.onLine !== false && !failures && transport();
      for (const batch of memory) queue.keep(batch, underway.has(batch.id));
      for (const batch of batches) {
        const isKept = queue.keep(batch, !!send);
        if (send) void deliver(batch, send, true);
        else if (!isKept) hold(batch);
      }
    },
    wake() {
      failures = 0;
      resume();
    },
    erase() {
      memory = [];
      queue.erase();
    },
    stop: () => clearTimeout(timer),
  };
}
