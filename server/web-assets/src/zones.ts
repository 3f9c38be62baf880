// Wall clocks: from a zone's local time to UTC and back. The zone is an IANA name; "" is the browser's own.

import { partsIn } from "./format";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name !== "";
  } catch {
    return false;
  }
}

/** The zone that the page shows: the bar's, else the browser's. An unknown one reads as UTC, as on the server. */
export function pageZone(): string {
  const named = document.getElementById("hf-app")?.dataset["tz"];
  if (!named) return browserZone();
  return isZone(named) ? named : "UTC";
}

/** How far the zone's clock is ahead of UTC at this moment. */
export function offsetMs(atMs: number, zone: string): number {
  const at = partsIn(zone, atMs);
  const local = Date.UTC(+at.year, MONTHS.indexOf(at.month), +at.day, +at.hour, +at.minute, +at.second);
  return local - Math.floor(atMs / 1000) * 1000;
}

/** "2026-11-20T14:02" on the zone's wall clock as epoch ms. In the hour that a clock skips, the time after the jump. */
export function zonedToMs(local: string, zone: string): number {
  const asUtc = Date.parse(`${local}Z`);
  const first = asUtc - offsetMs(asUtc, zone);
  return asUtc - offsetMs(first, zone);
}

/** Epoch ms as a `datetime-local` value on the zone's wall clock, to the second. */
export function msToZoned(atMs: number, zone: string): string {
  return new Date(atMs + offsetMs(atMs, zone)).toISOString().slice(0, 19);
}
