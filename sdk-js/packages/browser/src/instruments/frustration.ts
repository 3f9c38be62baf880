/**
 * Rage clicks (three and more on one spot within a second) and dead clicks (a control that was clicked, and nothing on
 * the page, in its address or on the network moved for 1.5 seconds) as `user_action` events.
 */
import { attempt } from '../collector/attempt.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { batchUrl } from '../collector/config.js';
import { describeElement } from './describe-element.js';
import { listen, type Instrument } from './instrument.js';

const RAGE_CLICKS = 3;
const RAGE_WITHIN_MS = 1_000;
const RAGE_RADIUS_PX = 30;
const DEAD_AFTER_MS = 1_500;
const CONTROL = 'button,a[href],[role=button],input[type=submit],input[type=button],summary';

export function frustration(): Instrument {
  return (collector) => {
    const tell = (action: string, element: Element, more?: object) =>
      attempt(() => collector.note({ type: 'user_action', action, metadata: { element: describeElement(element), ...more } }));
    const stops = [watchRage((element, clicks) => tell('rage_click', element, { clicks })), watchDead((element) => tell('dead_click', element), () => countRequests(collector))];
    return () => stops.forEach((stop) => stop());
  };
}

function watchRage(tell: (element: Element, clicks: number) => void): () => void {
  let last: MouseEvent | undefined;
  let clicks = 0;
  let timer: ReturnType<typeof setTimeout>;
  return listen(document, 'click', (event: MouseEvent) => {
    const isNear =
      last &&
      event.timeStamp - last.timeStamp < RAGE_WITHIN_MS &&
      Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < RAGE_RADIUS_PX;
    clicks = isNear ? clicks + 1 : 1;
    last = event;
    clearTimeout(timer);
    const { target } = event;
    // Told once, when the burst is over, with how many it were.
    if (clicks >= RAGE_CLICKS) timer = setTimeout(() => tell(target as Element, clicks), RAGE_WITHIN_MS);
  }, true);
}

function watchDead(tell: (element: Element) => void, requests: () => number): () => void {
  let pending: (() => void) | undefined;
  const stop = listen(document, 'click', (event: MouseEvent) => {
    const control = (event.target as Element).closest?.(CONTROL);
    pending?.();
    if (!control || (control as HTMLButtonElement).disabled || isElsewhere(control)) return;
    pending = watchForLife(() => tell(control), requests);
  }, true);
  return () => {
    stop();
    pending?.();
  };
}

/** Requests of the page so far: a flush of our own is no sign of life. */
function countRequests(collector: TelemetryCollector): number {
  const { endpoint, key } = collector.getConfig();
  const own = attempt(() => new URL(batchUrl(endpoint, key), location.href).href);
  return performance.getEntriesByType('resource').filter(({ name }) => name !== own).length;
}

/** A link that leaves the page, opens a window, saves a file or calls does its work where we can't see it. */
function isElsewhere(control: Element): boolean {
  const link = control as HTMLAnchorElement;
  return control.tagName === 'A' && (!!link.target || link.hasAttribute('download') || !/^https?:$/.test(link.protocol));
}

/** Calls `onNothing` unless something changes first; the answer stops watching. */
function watchForLife(onNothing: () => void, requests: () => number): () => void {
  const address = location.href;
  const requestsBefore = requests();
  const observer = new MutationObserver(stop);
  const focus = listen(document, 'focusin', (event: FocusEvent) => (event.target as Element).matches('input,textarea,select') && stop(), true);
  const leaving = listen(window, 'pagehide', stop);
  const timer = setTimeout(() => {
    const isAlive = location.href !== address || requests() !== requestsBefore;
    stop();
    if (!isAlive) onNothing();
  }, DEAD_AFTER_MS);

  function stop(): void {
    clearTimeout(timer);
    observer.disconnect();
    focus();
    leaving();
  }
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  return stop;
}
