/** A guest never throws: what the page forbids or what an application's object refuses has an answer of its own. */

export function attempt<T>(work: () => T, otherwise: T): T;
export function attempt<T>(work: () => T): T | undefined;
export function attempt<T>(work: () => T, otherwise?: T): T | undefined {
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

/** Once the page has nothing better to do, in a second at the latest. */
export function whenIdle(work: () => void): void {
  // Safari has no idle callbacks; its timers take the options for no delay.
  ((globalThis.requestIdleCallback ?? setTimeout) as typeof requestIdleCallback)(work, { timeout: 1_000 });
}

/** False on a server. */
export const inPage = typeof document !== 'undefined';
