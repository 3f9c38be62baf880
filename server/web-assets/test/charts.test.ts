import assert from "node:assert/strict";
import { test } from "node:test";
import { slotsFor } from "../src/charts/colour";
import type { ChartData } from "../src/charts/contract";
import { csv } from "../src/charts/export";
import { timeOption, type View } from "../src/charts/option";
import { folded, totalOf } from "../src/charts/shares";
import { summary } from "../src/charts/words";

const START = Date.parse("2026-11-20T10:00:00Z");
const data: ChartData = {
  title: "Latency",
  unit: "ms",
  step_s: 3600,
  times: [0, 1, 2, 3].map((hour) => START + hour * 3_600_000),
  series: [{ name: "p95", values: [120, null, 80, 95] }],
  thresholds: [{ name: "Alert", value: 2000 }],
  markers: [{ at: START + 1000, label: "2.3.1" }],
  incomplete_from: START + 3 * 3_600_000,
};
const colours = { series: [], text: "#000", muted: "#777", line: "#ddd", surface: "#fff", alert: "#b00" };
const view: View = {
  kind: "line",
  stacked: false,
  zone: "UTC",
  width: 600,
  hidden: new Set(),
  colours: ["#00f"],
  palette: colours,
  tooltip: () => ({}) as HTMLElement,
};

type Drawn = { name: string; type: string; lineStyle?: { type?: unknown }; data: { value: [number, number | null]; symbol?: string; itemStyle?: object }[] };
const seriesOf = (given: ChartData, how: Partial<View> = {}): Drawn[] => timeOption(given, { ...view, ...how }).series as unknown as Drawn[];

test("a name has its colour in every chart", () => {
  assert.equal(slotsFor(["p95"])[0], slotsFor(["p50", "p95", "p99"])[1]);
  assert.equal(slotsFor(["Rollbacks"])[0], 6);
});

test("unknown names get different colours in one chart, whatever their order", () => {
  const names = ["alpha", "beta", "gamma", "delta", "epsilon"];
  const slots = slotsFor(names);
  assert.equal(new Set(slots).size, names.length);
  assert.deepEqual(slotsFor([...names].reverse()).reverse(), slots);
});

test("a gap stays a gap, and a point between two gaps has a dot", () => {
  const [solid] = seriesOf({ ...data, series: [{ name: "p95", values: [null, 5, null, 1] }] });
  assert.equal(solid!.data[0]!.value[1], null);
  assert.equal(solid!.data[1]!.symbol, "circle");
});

test("the bucket that is still filling is drawn apart and dashed", () => {
  const [solid, dashed] = seriesOf(data);
  assert.equal(solid!.data[3]!.value[1], null);
  assert.deepEqual(dashed!.data.map((point) => point.value[1]), [null, null, 80, 95]);
  assert.deepEqual(dashed!.lineStyle!.type, [4, 4]);
  const [bars] = seriesOf(data, { kind: "bar" });
  assert.ok(bars!.data[3]!.itemStyle && !bars!.data[2]!.itemStyle);
});

test("a hidden series is not drawn; thresholds and releases stay", () => {
  const drawn = seriesOf(data, { hidden: new Set(["p95"]) });
  assert.equal(drawn.length, 1);
  const { markLine } = drawn[0] as unknown as { markLine: { data: { xAxis?: number; yAxis?: number; label: { formatter: string } }[] } };
  assert.deepEqual(markLine.data.map((line) => line.label.formatter), ["2.3.1", "Alert 2\u202fs"]);
});

test("the file of numbers has raw values, and no cell becomes a formula", () => {
  const text = csv({ ...data, series: [{ name: '=HYPERLINK("x")', values: [1, null, 2.5, -3] }] });
  assert.equal(text.split("\r\n")[0], `time (UTC),"'=HYPERLINK(""x"") (ms)"`);
  assert.equal(text.split("\r\n")[2], "2026-11-20T11:00:00.000Z,");
  assert.equal(text.split("\r\n")[4], "2026-11-20T13:00:00.000Z,-3");
});

test("a ring has at most five slices and loses nothing", () => {
  const given = { title: "Types", unit: "count" as const, slices: [5, 9, 1, 7, 3, 2, 8].map((value, at) => ({ name: `t${at}`, value })) };
  const ring = folded(given);
  assert.equal(ring.slices.length, 5);
  assert.equal(ring.slices.at(-1)!.name, "Other");
  assert.equal(totalOf(ring), totalOf(given));
});

test("the summary for screen readers leaves the unfinished bucket out", () => {
  assert.equal(summary(data), "Latency. p95: last 80\u202fms, lowest 80\u202fms, highest 120\u202fms.");
});
