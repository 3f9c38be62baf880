// Times on the page: relative words that stay true, absolute ones in the reader's zone.

import { absoluteTime, clockTime, relativeTime, shortTime } from "./format";
import { behaviour } from "./mount";
import { browserZone, pageZone } from "./zones";

const REFRESH_MS = 30_000;

export function show(element: HTMLTimeElement, nowMs: number): void {
  const atMs = Date.parse(element.dateTime);
  if (Number.isNaN(atMs)) return;
  const zone = pageZone();
  const how = element.dataset["time"];
  element.title = absoluteTime(atMs, zone);
  element.textContent =
    how === "absolute" ? element.title : how === "short" ? shortTime(atMs, zone) : relativeTime(atMs, nowMs, zone);
}

export const nowInZone = (): string => clockTime(Date.now(), pageZone());

behaviour("time[data-time]", (element) => show(element as HTMLTimeElement, Date.now()));

setInterval(() => {
  if (document.hidden) return;
  document.querySelectorAll<HTMLTimeElement>('time[data-time="relative"]').forEach((each) => show(each, Date.now()));
}, REFRESH_MS);

// The server draws days and words in the reader's zone too; it learns the browser's own from this cookie.
document.cookie = `hf_tz=${encodeURIComponent(browserZone())}; path=/; max-age=31536000; samesite=lax`;
