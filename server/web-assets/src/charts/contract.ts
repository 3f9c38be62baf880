// What the server sends: the same as `web/components/chart.py`.

import type { Unit } from "../format";

export type Series = { name: string; values: (number | null)[]; color?: string };
export type Threshold = { name: string; value: number };
export type Marker = { at: number; label: string };

export type ChartData = {
  title: string;
  unit: Unit;
  step_s: number;
  times: number[];
  series: Series[];
  thresholds?: Threshold[];
  markers?: Marker[];
  incomplete_from?: number;
};

export type SharesData = { title: string; unit: Unit; slices: { name: string; value: number }[] };

export type Kind = "line" | "bar" | "pie";

export const isShares = (data: ChartData | SharesData): data is SharesData => "slices" in data;

/** Nothing to draw: no bucket, no slice, or only gaps. */
export const isEmpty = (data: ChartData | SharesData): boolean =>
  isShares(data) ? data.slices.length === 0 : data.series.every((each) => each.values.every((value) => value === null));

/** The middle of a bucket: where its point or bar stands, so that all charts share one cursor. */
export const middleOf = (data: ChartData, index: number): number => data.times[index]! + data.step_s * 500;

export const isIncomplete = (data: ChartData, index: number): boolean =>
  data.incomplete_from !== undefined && data.times[index]! >= data.incomplete_from;
