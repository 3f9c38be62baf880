/** A guest never throws: what the page forbids or what an application's object refuses has an answer of its own. */

export function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

/** A timer that does not keep a Node process alive. */
export function later(work: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(work, delayMs);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** False on a server. */
export const inPage = (): boolean => typeof document !== 'undefined';
