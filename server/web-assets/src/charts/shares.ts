// Parts of a whole: a ring of at most five slices, the rest folded into "Other".

import type { ComposeOption, PieSeriesOption, TooltipComponentOption } from "./echarts";
import { exact, percent, type Unit } from "../format";
import type { Palette } from "./colour";
import type { SharesData } from "./contract";

const MOST = 5;

export function folded(data: SharesData): SharesData {
  const sorted = [...data.slices].filter((each) => each.value > 0).sort((one, two) => two.value - one.value);
  if (sorted.length <= MOST) return { ...data, slices: sorted };
  const rest = sorted.slice(MOST - 1).reduce((sum, each) => sum + each.value, 0);
  return { ...data, slices: [...sorted.slice(0, MOST - 1), { name: "Other", value: rest }] };
}

export const totalOf = (data: SharesData): number => data.slices.reduce((sum, each) => sum + each.value, 0);

export const shareWords = (value: number, total: number, unit: Unit): string =>
  `${percent(total ? value / total : 0)} · ${exact(value, unit)}`;

export function sharesOption(
  data: SharesData,
  view: { palette: Palette; colours: string[]; hidden: ReadonlySet<string>; tooltip: (index: number) => HTMLElement },
): ComposeOption<PieSeriesOption | TooltipComponentOption> {
  return {
    animation: false,
    tooltip: {
      trigger: "item",
      confine: true,
      transitionDuration: 0,
      className: "hf-tip",
      formatter: (point) => view.tooltip(data.slices.findIndex((each) => each.name === (Array.isArray(point) ? point[0] : point)?.name)),
    },
    series: [
      {
        type: "pie",
        radius: ["58%", "88%"],
        label: { show: false },
        emphasis: { scale: false },
        itemStyle: { borderColor: view.palette.surface, borderWidth: 2 },
        data: data.slices
          .map((each, at) => ({ ...each, itemStyle: { color: view.colours[at]! } }))
          .filter((each) => !view.hidden.has(each.name)),
      },
    ],
  };
}
