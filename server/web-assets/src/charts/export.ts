// A chart as a file: its picture, or its numbers as they are (percent as rates, times in UTC).

import type { ChartData, SharesData } from "./contract";
import { isShares } from "./contract";

export function csv(data: ChartData | SharesData): string {
  const rows = isShares(data)
    ? [["name", `value (${data.unit})`], ...data.slices.map((each) => [each.name, String(each.value)])]
    : [
        ["time (UTC)", ...data.series.map((each) => `${each.name} (${data.unit === "percent" ? "rate" : data.unit})`)],
        ...data.times.map((at, index) => [
          new Date(at).toISOString(),
          ...data.series.map((each) => String(each.values[index] ?? "")),
        ]),
      ];
  return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Names come from outside: one that starts like a formula must not become one in a spreadsheet. */
function quoted(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || (/^-/.test(text) && Number.isNaN(Number(text))) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function save(name: string, url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  save(name, url);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const fileName = (title: string, ending: string): string =>
  `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "chart"}.${ending}`;
