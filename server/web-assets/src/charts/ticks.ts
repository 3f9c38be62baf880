// Where the time axis has its ticks: round moments on the reader's wall clock (ECharts knows only UTC and local time).

import { partsIn } from "../format";
import { msToZoned, zonedToMs } from "../zones";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14, 30].map((n) => n * DAY));

/** At most `most` ticks between two moments, at midnights or even hours and minutes of the zone. */
export function timeTicks(fromMs: number, toMs: number, most: number, zone: string): number[] {
  const step = STEPS.find((each) => (toMs - fromMs) / each <= most) ?? STEPS[STEPS.length - 1]!;
  const ticks: number[] = [];
  for (let local = firstLocal(fromMs, step, zone); ; local += step) {
    // Each tick is converted alone, so that midnight stays midnight when the clocks change in between.
    const at = zonedToMs(new Date(local).toISOString().slice(0, 19), zone);
    if (at > toMs) return ticks;
    if (at >= fromMs && at !== ticks[ticks.length - 1]) ticks.push(at);
  }
}

function firstLocal(fromMs: number, step: number, zone: string): number {
  const local = Date.parse(`${msToZoned(fromMs, zone)}Z`);
  const midnight = Math.floor(local / DAY) * DAY;
  return step >= DAY ? midnight : midnight + Math.floor((local - midnight) / step) * step;
}

/** "14:00" inside a day, "20 Nov" at midnights. */
export function tickLabel(atMs: number, zone: string): string {
  const at = partsIn(zone, atMs);
  return at.hour === "00" && at.minute === "00" ? `${at.day} ${at.month}` : `${at.hour}:${at.minute}`;
}

/** The bucket in words: "20 Nov 2026, 14:00 to 15:00", or days. */
export function bucketWords(atMs: number, stepS: number, zone: string): string {
  const from = partsIn(zone, atMs);
  const to = partsIn(zone, atMs + stepS * 1000);
  const day = `${from.day} ${from.month} ${from.year}`;
  if (stepS >= 86_400 * 2) return `${day} to ${to.day} ${to.month} ${to.year}`;
  if (stepS === 86_400 && from.hour === "00") return day;
  const end = from.day === to.day || to.hour === "00" ? "" : `${to.day} ${to.month}, `;
  return `${day}, ${from.hour}:${from.minute} to ${end}${to.hour}:${to.minute}`;
}
