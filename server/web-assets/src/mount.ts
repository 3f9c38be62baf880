// Behaviours: what makes an element alive. Each is a selector and a function that may return its own undoing; elements
// that htmx brings are started, those that it takes away are stopped, so nothing leaks over a day of live refreshes.

export type Cleanup = () => void;
type Behaviour = { selector: string; start: (element: HTMLElement) => Cleanup | void };

const behaviours: Behaviour[] = [];
const started = new WeakMap<Element, Map<Behaviour, Cleanup | void>>();

export function behaviour(selector: string, start: Behaviour["start"]): void {
  behaviours.push({ selector, start });
}

export function startWithin(root: Element): void {
  for (const each of behaviours) {
    if (root.matches(each.selector)) startOne(root as HTMLElement, each);
    root.querySelectorAll<HTMLElement>(each.selector).forEach((element) => startOne(element, each));
  }
}

export function stop(element: Element): void {
  const running = started.get(element);
  started.delete(element);
  running?.forEach((cleanup) => cleanup?.());
}

function startOne(element: HTMLElement, each: Behaviour): void {
  const running = started.get(element) ?? new Map<Behaviour, Cleanup | void>();
  if (running.has(each)) return;
  started.set(element, running);
  running.set(each, each.start(element));
}

/** One listener on the document for all present and future elements that match. */
export function onClick(selector: string, act: (element: HTMLElement, event: MouseEvent) => void): void {
  document.addEventListener("click", (event) => {
    const hit = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (hit) act(hit, event);
  });
}
