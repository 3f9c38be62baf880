// Colours of series: the Okabe-Ito set in its published order, the same name in the same colour on every page. The values
// live in CSS (--hf-series-1 … 8), where light and dark have theirs.

const NAMED: Record<string, number> = {
  events: 5,
  actions: 5,
  accepted: 5,
  sessions: 5,
  users: 3,
  p50: 3,
  p95: 5,
  p99: 6,
  median: 3,
  success: 3,
  successes: 3,
  recovered: 3,
  errors: 6,
  error: 6,
  critical: 6,
  failures: 6,
  "rollback rate": 6,
  rollbacks: 6,
  invalid: 6,
  warning: 1,
  retries: 1,
  limited: 1,
  filtered: 2,
  info: 2,
  sampled: 7,
  "page views": 5,
  page_view: 5,
  other: 8,
};
const SLOTS = 7;

/** A slot of 1–8 per name. A name we don't know gets the one its letters give, or the next that is free in this chart. */
export function slotsFor(names: readonly string[]): number[] {
  const slots = names.map((name) => NAMED[name.toLowerCase()] ?? 0);
  const taken = new Set(slots);
  for (const name of [...names].sort()) {
    const at = names.indexOf(name);
    if (slots[at]) continue;
    let slot = (hash(name) % SLOTS) + 1;
    for (let tries = 0; taken.has(slot) && tries < SLOTS; tries++) slot = (slot % SLOTS) + 1;
    slots[at] = slot;
    taken.add(slot);
  }
  return slots;
}

function hash(text: string): number {
  let value = 2166136261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  return value >>> 0;
}

/** A CSS variable as a colour that a canvas understands: `light-dark()` is only resolved on a real property. */
export function cssColour(element: Element, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

export type Palette = {
  series: string[];
  text: string;
  muted: string;
  line: string;
  surface: string;
  alert: string;
};

export function palette(element: Element): Palette {
  const colour = (name: string): string => cssColour(element, name);
  return {
    series: Array.from({ length: SLOTS + 1 }, (_, at) => colour(`--hf-series-${at + 1}`)),
    text: colour("--hf-text"),
    muted: colour("--hf-muted"),
    line: colour("--hf-line"),
    surface: colour("--hf-surface"),
    alert: colour("--hf-alert"),
  };
}
