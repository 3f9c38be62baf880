// Numbers and times as people read them: the same rules as `web/components/format.py`, held to it by
// test/format_cases.json. What is not known reads as a dash.

export type Unit = "count" | "percent" | "ms";

export const NOTHING = "\u2013";
const GAP = "\u202f";
const MINUS = "\u2212";
const SCALES: readonly (readonly [number, string])[] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];
const SPANS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === "number" && Number.isFinite(value);
const signOf = (value: number): string => (value < 0 ? MINUS : "");
const trimmed = (text: string): string => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);

function grouped(value: number): string {
  const [whole = "0", rest] = trimmed(value.toFixed(value >= 100 ? 0 : 2)).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest ? `${spaced}.${rest}` : spaced;
}

function significant(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  const text = value.toFixed(digits);
  return digits ? trimmed(text) : grouped(Number(text));
}

export function humaniseCount(value: Maybe): string {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  if (Number(size.toFixed(0)) < 10_000) return signOf(value) + (size < 100 ? significant(size) : grouped(size));
  for (const [scale, letter] of SCALES) {
    if (size >= scale * 0.9995) return `${signOf(value)}${significant(size / scale)}${GAP}${letter}`;
  }
  return signOf(value) + grouped(size);
}

export function exactCount(value: Maybe): string {
  return known(value) ? signOf(value) + grouped(Math.abs(value)) : NOTHING;
}

export function humaniseMs(value: Maybe): string {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  const sign = signOf(value);
  if (size < 999.5) return `${sign}${significant(size)}${GAP}ms`;
  if (size < 59_950) return `${sign}${significant(size / 1000)}${GAP}s`;
  return sign + longDuration(Number((size / 1000).toFixed(0)));
}

function longDuration(seconds: number): string {
  for (let at = 0; at < SPANS.length - 1; at++) {
    const [large, largeWord] = SPANS[at]!;
    const [small, smallWord] = SPANS[at + 1]!;
    if (seconds < large) continue;
    const second = Math.floor((seconds % large) / small);
    return `${Math.floor(seconds / large)}${GAP}${largeWord}${second ? ` ${second}${GAP}${smallWord}` : ""}`;
  }
  return `${seconds}${GAP}s`;
}

export function percent(rate: Maybe): string {
  if (!known(rate)) return NOTHING;
  const size = Math.abs(rate) * 100;
  const sign = signOf(rate);
  if (size > 0 && size < 0.01) return `${sign}<0.01${GAP}%`;
  if (size > 99.99 && size < 100) return `${sign}>99.99${GAP}%`;
  if (size >= 99 && size < 100) return `${sign}${trimmed(floored(size))}${GAP}%`;
  return `${sign}${trimmed(size.toFixed(size < 1 ? 2 : 1))}${GAP}%`;
}

/** Two digits, never rounded up: 99.999 must not become 100. */
function floored(size: number): string {
  const text = size.toFixed(2);
  return Number(text) > size ? (size - 0.01).toFixed(2) : text;
}

export function humanise(value: Maybe, unit: Unit): string {
  return unit === "percent" ? percent(value) : unit === "ms" ? humaniseMs(value) : humaniseCount(value);
}

/** The value with all the digits that mean something, for tables and tooltips. */
export function exact(value: Maybe, unit: Unit): string {
  if (!known(value)) return "no data";
  if (unit === "percent") return `${trimmed((value * 100).toFixed(4))}${GAP}%`;
  if (unit === "ms") return `${trimmed(value.toFixed(3))}${GAP}ms`;
  return exactCount(value);
}

export function relativeTime(atMs: number, nowMs: number, zone = "UTC"): string {
  const seconds = Math.floor(Math.abs(nowMs - atMs) / 1000);
  if (seconds < 10) return "just now";
  if (seconds >= 30 * 86_400) return dateWords(atMs, zone);
  for (const [span, word] of SPANS) {
    if (seconds < span) continue;
    const text = `${Math.floor(seconds / span)}${GAP}${word}`;
    return nowMs >= atMs ? `${text} ago` : `in ${text}`;
  }
  return "just now";
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making an Intl format is a hundred times dearer than using it. */
function intl(zone: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${key} ${zone}`;
  let format = formats.get(name);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone, hourCycle: "h23" });
    formats.set(name, format);
  }
  return format;
}

export type Parts = { year: string; month: string; day: string; hour: string; minute: string; second: string; timeZoneName: string };

export function partsIn(zone: string, atMs: number): Parts {
  const format = intl(zone, "parts", {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "shortOffset",
  });
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value])) as Parts;
  // "Sept" is the one month that en-GB does not cut to three letters; engines differ in "GMT" and "GMT+0".
  const timeZoneName = parts.timeZoneName.replace("GMT", "UTC").replace("\u2212", "-").replace(/\+0$/, "");
  return { ...parts, month: parts.month.slice(0, 3), timeZoneName };
}

export function absoluteTime(atMs: number, zone = "UTC"): string {
  const at = partsIn(zone, atMs);
  return `${at.day} ${at.month} ${at.year}, ${at.hour}:${at.minute}:${at.second} ${at.timeZoneName}`;
}

/** "20 Nov, 14:02": enough inside a page whose range is known. */
export function shortTime(atMs: number, zone = "UTC"): string {
  const at = partsIn(zone, atMs);
  return `${at.day} ${at.month}, ${at.hour}:${at.minute}`;
}

export function clockTime(atMs: number, zone = "UTC"): string {
  const at = partsIn(zone, atMs);
  return `${at.hour}:${at.minute}`;
}

export function dateWords(atMs: number, zone = "UTC"): string {
  const at = partsIn(zone, atMs);
  return `${at.day} ${at.month} ${at.year}`;
}
