// The parts of ECharts that we use, and no others: each adds to the second script's weight.

import { BarChart, LineChart, PieChart, type BarSeriesOption, type LineSeriesOption, type PieSeriesOption } from "echarts/charts";
import { AxisPointerComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import type { GridComponentOption, MarkLineComponentOption, TooltipComponentOption } from "echarts/components";
import { connect, init, use, type ComposeOption, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, PieChart, GridComponent, TooltipComponent, AxisPointerComponent, MarkLineComponent, CanvasRenderer]);

export { connect, init };
export type { BarSeriesOption, ComposeOption, EChartsType, GridComponentOption, LineSeriesOption, MarkLineComponentOption, PieSeriesOption, TooltipComponentOption };
