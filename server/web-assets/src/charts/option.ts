// From our contract to ECharts' options: values over time as lines or bars.

import type { BarSeriesOption, ComposeOption, GridComponentOption, LineSeriesOption, MarkLineComponentOption, TooltipComponentOption } from "./echarts";
import { humanise } from "../format";
import type { Palette } from "./colour";
import { isIncomplete, middleOf, type ChartData, type Kind, type Series } from "./contract";
import { tickLabel, timeTicks } from "./ticks";

export type Option = ComposeOption<LineSeriesOption | BarSeriesOption | GridComponentOption | TooltipComponentOption | MarkLineComponentOption>;
export type View = {
  kind: Kind;
  stacked: boolean;
  zone: string;
  width: number;
  hidden: ReadonlySet<string>;
  colours: string[];
  palette: Palette;
  tooltip: (index: number) => HTMLElement;
};

const LEFT = 52;
const RIGHT = 12;
const TICK_PX = 84;
const LABEL_PX = 56;
const FONT = { fontFamily: "system-ui, sans-serif", fontSize: 12 };

export function timeOption(data: ChartData, view: View): Option {
  const { palette } = view;
  const from = data.times[0] ?? 0;
  const to = (data.times.at(-1) ?? from) + data.step_s * 1000;
  const ticks = timeTicks(from, to, Math.max(2, Math.floor((view.width - LEFT - RIGHT) / TICK_PX)), view.zone);
  return {
    animation: false,
    textStyle: FONT,
    grid: { left: LEFT, right: RIGHT, top: data.markers?.length ? 24 : 12, bottom: 28, outerBoundsMode: "none" },
    xAxis: {
      type: "time",
      min: from,
      max: to,
      axisLine: { lineStyle: { color: palette.line } },
      show: data.times.length > 0,
      axisTick: { customValues: ticks, lineStyle: { color: palette.line } },
      axisLabel: { customValues: ticks, color: palette.muted, hideOverlap: true, formatter: (at: number) => tickLabel(at, view.zone), ...FONT },
      axisPointer: { show: true, snap: true, label: { show: false }, lineStyle: { color: palette.muted, type: "solid", width: 1 } },
    },
    yAxis: {
      type: "value",
      min: 0,
      // Round ticks may not promise more than everything.
      max: (extent) => (data.unit === "percent" && extent.max > 0.8 && extent.max <= 1 ? 1 : null),
      splitNumber: 4,
      minInterval: data.unit === "count" ? 1 : 0,
      axisLabel: { color: palette.muted, formatter: (value: number) => humanise(value, data.unit), ...FONT },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      className: "hf-tip",
      formatter: (points) => view.tooltip(bucketAt(data, points)),
    },
    series: [...data.series.flatMap((series, at) => drawn(data, series, at, view)), lines(data, view, from, to)],
  };
}

/** The bucket under the cursor. Series with gaps disagree about the index, the axis does not. */
function bucketAt(data: ChartData, points: unknown): number {
  const { axisValue } = (Array.isArray(points) ? points[0] : points) as { axisValue: number };
  return Math.max(0, data.times.findLastIndex((at) => at <= axisValue));
}

type Drawn = LineSeriesOption | BarSeriesOption;

function drawn(data: ChartData, series: Series, at: number, view: View): Drawn[] {
  if (view.hidden.has(series.name)) return [];
  const colour = view.colours[at]!;
  return view.kind === "bar" ? [bars(data, series, colour, view)] : curve(data, series, colour);
}

function bars(data: ChartData, series: Series, colour: string, view: View): BarSeriesOption {
  return {
    type: "bar",
    name: series.name,
    ...(view.stacked ? { stack: "all" } : {}),
    color: colour,
    barMaxWidth: 28,
    barCategoryGap: "25%",
    emphasis: { disabled: true },
    data: series.values.map((value, index) => ({
      value: [middleOf(data, index), value],
      ...(isIncomplete(data, index) ? { itemStyle: { opacity: 0.45, borderColor: colour, borderType: "dashed", borderWidth: 1 } } : {}),
    })),
  };
}

/** The line so far, and its dashed end where the last bucket is still filling. */
function curve(data: ChartData, series: Series, colour: string): LineSeriesOption[] {
  const firstOpen = data.times.findIndex((_, index) => isIncomplete(data, index));
  const base = (dashed: boolean): LineSeriesOption => ({
    type: "line",
    name: series.name,
    color: colour,
    symbol: "none",
    connectNulls: false,
    emphasis: { disabled: true },
    lineStyle: { width: 2, type: dashed ? [4, 4] : "solid" },
  });
  const closed = firstOpen < 0 ? series.values : series.values.map((value, index) => (index < firstOpen ? value : null));
  const parts: LineSeriesOption[] = [{ ...base(false), data: closed.map((value, index) => point(data, closed, index, value)) }];
  if (firstOpen >= 0) {
    const open = series.values.map((value, index) => (index >= firstOpen - 1 ? value : null));
    parts.push({ ...base(true), data: open.map((value, index) => ({ value: [middleOf(data, index), value] })) });
  }
  return parts;
}

/** A point between two gaps has no line to be seen by: it gets a dot. */
function point(data: ChartData, values: (number | null)[], index: number, value: number | null) {
  const alone = value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
  return { value: [middleOf(data, index), value], ...(alone ? { symbol: "circle", symbolSize: 5 } : {}) };
}

/** Thresholds and releases hang on a series of their own, so that hiding a series hides none of them. */
function lines(data: ChartData, view: View, from: number, to: number): LineSeriesOption {
  const { palette } = view;
  const perMs = (view.width - LEFT - RIGHT) / (to - from || 1);
  let lastLabelPx = -Infinity;
  const markers = (data.markers ?? [])
    .filter((each) => each.at >= from && each.at <= to)
    .sort((one, two) => one.at - two.at)
    .map((each) => {
      const px = (each.at - from) * perMs;
      const labelled = px - lastLabelPx > LABEL_PX;
      if (labelled) lastLabelPx = px;
      return {
        xAxis: each.at,
        lineStyle: { color: palette.muted, type: [2, 3], width: 1 },
        label: { show: labelled, position: "end" as const, formatter: each.label, color: palette.muted, ...FONT, fontSize: 11 },
      };
    });
  const thresholds = (data.thresholds ?? []).map((each) => ({
    yAxis: each.value,
    lineStyle: { color: palette.alert, type: [6, 4], width: 1 },
    label: {
      show: true,
      position: "insideEndTop" as const,
      formatter: `${each.name} ${humanise(each.value, data.unit)}`,
      color: palette.alert,
      ...FONT,
      fontSize: 11,
    },
  }));
  const highest = Math.max(0, ...(data.thresholds ?? []).map((each) => each.value));
  return {
    type: "line",
    name: "\u0000lines",
    // An unseen point as high as the highest threshold, so that the axis has room for it.
    data: [[from, highest]],
    symbol: "none",
    lineStyle: { opacity: 0 },
    silent: true,
    tooltip: { show: false },
    markLine: { silent: true, symbol: "none", animation: false, data: [...markers, ...thresholds] },
  };
}
