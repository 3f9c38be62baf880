// The chart in words and rows: tooltip, legend, label for screen readers, table view. All built as elements, never as
// text of HTML: names come from outside.

import { exact, humanise, type Unit } from "../format";
import { isIncomplete, type ChartData, type SharesData } from "./contract";
import { shareWords, totalOf } from "./shares";
import { bucketWords } from "./ticks";

type Child = Node | string;

export function h(tag: string, className = "", ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function swatch(colour: string): HTMLElement {
  const mark = h("span", "hf-swatch");
  mark.style.background = colour;
  return mark;
}

export function timeTip(data: ChartData, index: number, colours: string[], hidden: ReadonlySet<string>, zone: string): HTMLElement {
  const tip = h("div", "hf-tip-body", h("div", "hf-tip-head", bucketWords(data.times[index]!, data.step_s, zone)));
  data.series.forEach((series, at) => {
    if (hidden.has(series.name)) return;
    const value = series.values[index] ?? null;
    tip.append(h("div", "hf-tip-row", swatch(colours[at]!), h("span", "", series.name), h("b", "", tipWords(value, data.unit))));
  });
  if (isIncomplete(data, index)) tip.append(h("div", "hf-tip-note", "So far: this bucket is still filling."));
  return tip;
}

/** Counts to the last digit; rates and durations as everywhere (the table has all their digits). */
const tipWords = (value: number | null, unit: Unit): string => (unit === "count" || value === null ? exact(value, unit) : humanise(value, unit));

export function shareTip(data: SharesData, index: number, colours: string[]): HTMLElement {
  const slice = data.slices[index];
  if (!slice) return h("div");
  const row = h("div", "hf-tip-row", swatch(colours[index]!), h("span", "", slice.name), h("b", "", shareWords(slice.value, totalOf(data), data.unit)));
  return h("div", "hf-tip-body", row);
}

/** One button per series; pressed means shown. */
export function legend(
  items: { name: string; value: string; colour: string }[],
  hidden: ReadonlySet<string>,
  toggle: (name: string) => void,
): HTMLElement[] {
  return items.map(({ name, value, colour }) => {
    const button = h("button", "hf-legend-item", swatch(colour), h("span", "", name), ...(value ? [h("b", "", value)] : []));
    button.setAttribute("type", "button");
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    button.addEventListener("click", () => toggle(name));
    return button;
  });
}

const complete = (data: ChartData, values: (number | null)[]): number[] =>
  values.filter((value, index): value is number => value !== null && !isIncomplete(data, index));

/** What someone hears instead of seeing the curves. */
export function summary(data: ChartData): string {
  const each = data.series.map(({ name, values }) => {
    const known = complete(data, values);
    if (!known.length) return `${name}: no data`;
    const [low, high] = [Math.min(...known), Math.max(...known)];
    return `${name}: last ${humanise(known.at(-1), data.unit)}, lowest ${humanise(low, data.unit)}, highest ${humanise(high, data.unit)}`;
  });
  return `${data.title}. ${each.join(". ")}.`;
}

export function sayBucket(data: ChartData, index: number, zone: string): string {
  const values = data.series.map(({ name, values: all }) => `${name} ${exact(all[index] ?? null, data.unit)}`);
  return `${bucketWords(data.times[index]!, data.step_s, zone)}: ${values.join(", ")}`;
}

export function table(caption: string, head: string[], rows: string[][]): HTMLElement {
  const headRow = h("tr", "", ...head.map((text, at) => cell("th", text, at)));
  headRow.querySelectorAll("th").forEach((each) => each.setAttribute("scope", "col"));
  const body = h("tbody", "", ...rows.map((row) => h("tr", "", ...row.map((text, at) => cell("td", text, at)))));
  return h("table", "table hf-table", h("caption", "visually-hidden", caption), h("thead", "", headRow), body);
}

const cell = (tag: string, text: string, at: number): HTMLElement => h(tag, at ? "hf-end" : "", text);

export function timeTable(data: ChartData, zone: string): HTMLElement {
  const head = ["Time", ...data.series.map((each) => each.name)];
  const rows = data.times.map((at, index) => [
    bucketWords(at, data.step_s, zone) + (isIncomplete(data, index) ? " (so far)" : ""),
    ...data.series.map((each) => exact(each.values[index] ?? null, data.unit)),
  ]);
  return table(data.title, head, rows.reverse());
}

export function sharesTable(data: SharesData): HTMLElement {
  const total = totalOf(data);
  return table(data.title, ["Name", "Share"], data.slices.map((each) => [each.name, shareWords(each.value, total, data.unit)]));
}
