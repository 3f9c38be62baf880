// One chart on the page: reads its data, draws it, and redraws it on new data, theme or width. ECharts does the drawing;
// legend, tooltip, table, zoom and export are ours, as elements that keyboards and screen readers reach.

import { humanise } from "../format";
import { pageZone } from "../zones";
import { brush } from "./brush";
import { palette, slotsFor, type Palette } from "./colour";
import { isEmpty, isShares, middleOf, type ChartData, type Kind, type SharesData } from "./contract";
import { connect, init, type EChartsType } from "./echarts";
import { csv, fileName, save, saveText } from "./export";
import { timeOption } from "./option";
import { folded, shareWords, sharesOption, totalOf } from "./shares";
import { legend, sayBucket, sharesTable, shareTip, summary, timeTable, timeTip } from "./words";

export type ChartHooks = {
  zoom: (fromMs: number, toMs: number) => void;
  loaded: () => void;
  failed: (status: number, text: string) => void;
};
export type MountChart = (figure: HTMLElement, hooks: ChartHooks) => () => void;

const GROUP = "hf";
/** What a reader did to a chart outlives its refresh: hidden series, and the view as a table. */
const memory = new Map<string, { hidden: Set<string>; asTable: boolean }>();

export const mountChart: MountChart = (figure, hooks) => {
  const chart = new Chart(figure, hooks);
  return () => chart.stop();
};

class Chart {
  private readonly canvas: HTMLElement;
  private readonly rows: HTMLElement;
  private readonly viewButton: HTMLElement | null;
  private readonly chart: EChartsType;
  private readonly kind: Kind;
  private readonly kept: { hidden: Set<string>; asTable: boolean };
  private readonly ended = new AbortController();
  private readonly resized = new ResizeObserver(() => this.resize());
  private data: ChartData | SharesData | undefined;
  private cursor = -1;

  constructor(
    private readonly figure: HTMLElement,
    private readonly hooks: ChartHooks,
  ) {
    this.canvas = figure.querySelector<HTMLElement>("[data-chart-canvas]")!;
    this.rows = figure.querySelector<HTMLElement>("[data-chart-rows]")!;
    this.viewButton = figure.querySelector("[data-chart-view]");
    this.kind = (figure.dataset["kind"] as Kind | undefined) ?? "line";
    this.kept = memory.get(figure.id) ?? { hidden: new Set(), asTable: false };
    memory.set(figure.id, this.kept);
    this.chart = init(this.canvas, null, { renderer: "canvas" });
    this.listen();
    void this.load();
  }

  stop(): void {
    this.ended.abort();
    this.resized.disconnect();
    this.chart.dispose();
  }

  private listen(): void {
    const { signal } = this.ended;
    this.resized.observe(this.canvas);
    document.addEventListener("hf:theme", () => this.draw(), { signal });
    this.viewButton?.addEventListener("click", () => this.switchView(), { signal });
    this.figure.querySelectorAll<HTMLElement>("[data-chart-export]").forEach((button) => {
      button.addEventListener("click", () => this.export(button.dataset["chartExport"]!), { signal });
    });
    if (this.figure.dataset["src"]) {
      document.body.addEventListener("refresh", () => void this.load(), { signal });
      this.figure.addEventListener("hf:retry", () => void this.load(), { signal });
    }
    if (this.kind === "pie") return;
    this.chart.group = GROUP;
    connect(GROUP);
    brush(this.canvas, (from, to) => this.snap(from, to), this.hooks.zoom, signal);
    this.canvas.addEventListener("keydown", (event) => this.walk(event), { signal });
  }

  private async load(): Promise<void> {
    const src = this.figure.dataset["src"];
    if (!src) {
      const text = this.figure.querySelector("[data-chart-data]")?.textContent;
      if (text) this.show(JSON.parse(text) as ChartData | SharesData);
      return;
    }
    try {
      const answer = await fetch(src, { headers: { accept: "application/json" }, signal: this.ended.signal });
      if (!answer.ok) return this.hooks.failed(answer.status, await answer.text());
      this.show((await answer.json()) as ChartData | SharesData);
      this.hooks.loaded();
    } catch {
      if (!this.ended.signal.aborted) this.hooks.failed(0, "");
    }
  }

  private show(data: ChartData | SharesData): void {
    this.data = isShares(data) ? folded(data) : data;
    this.figure.classList.add("is-drawn");
    this.applyView();
    this.draw();
  }

  private draw(): void {
    if (!this.data) return;
    const colours = palette(this.figure);
    const empty = this.figure.querySelector<HTMLElement>("[data-chart-empty]");
    if (empty) empty.hidden = !isEmpty(this.data) || this.kept.asTable;
    if (isShares(this.data)) this.drawShares(this.data, colours);
    else this.drawTimes(this.data, colours);
  }

  private drawTimes(data: ChartData, every: Palette): void {
    const slots = slotsFor(data.series.map((each) => each.name));
    const colours = data.series.map((each, at) => each.color ?? every.series[slots[at]! - 1]!);
    const zone = pageZone();
    const { hidden } = this.kept;
    const view = {
      kind: this.kind,
      stacked: this.figure.dataset["stacked"] !== undefined,
      zone,
      width: this.chart.getWidth(),
      hidden,
      colours,
      palette: every,
      tooltip: (index: number) => timeTip(data, index, colours, hidden, zone),
    };
    this.chart.setOption(timeOption(data, view), { notMerge: true });
    this.canvas.setAttribute("aria-label", summary(data));
    const single = data.series.length === 1;
    this.showLegend(single ? [] : data.series.map((each, at) => ({ name: each.name, value: "", colour: colours[at]! })));
    if (this.kept.asTable) this.rows.replaceChildren(timeTable(data, zone));
  }

  private drawShares(data: SharesData, every: Palette): void {
    const slots = slotsFor(data.slices.map((each) => each.name));
    const colours = slots.map((slot) => every.series[slot - 1]!);
    const { hidden } = this.kept;
    const option = sharesOption(data, { palette: every, colours, hidden, tooltip: (index) => shareTip(data, index, colours) });
    this.chart.setOption(option, { notMerge: true });
    const total = totalOf(data);
    const words = data.slices.map((each) => `${each.name} ${shareWords(each.value, total, data.unit)}`);
    this.canvas.setAttribute("aria-label", `${data.title}: ${words.join(", ") || "no data"}`);
    this.showLegend(data.slices.map((each, at) => ({ name: each.name, value: humanise(each.value / (total || 1), "percent"), colour: colours[at]! })));
    if (this.kept.asTable) this.rows.replaceChildren(sharesTable(data));
  }

  private showLegend(items: { name: string; value: string; colour: string }[]): void {
    const toggle = (name: string): void => {
      const focused = [...this.legend().children].indexOf(document.activeElement as Element);
      if (!this.kept.hidden.delete(name)) this.kept.hidden.add(name);
      this.draw();
      (this.legend().children[focused] as HTMLElement | undefined)?.focus();
    };
    this.legend().replaceChildren(...legend(items, this.kept.hidden, toggle));
  }

  private legend(): HTMLElement {
    return this.figure.querySelector<HTMLElement>("[data-chart-legend]")!;
  }

  private switchView(): void {
    this.kept.asTable = !this.kept.asTable;
    this.applyView();
    this.draw();
  }

  private applyView(): void {
    const { asTable } = this.kept;
    this.canvas.hidden = asTable;
    this.rows.hidden = !asTable;
    this.viewButton?.setAttribute("aria-pressed", String(asTable));
    if (!asTable) this.chart.resize();
  }

  private resize(): void {
    if (this.canvas.hidden || !this.canvas.clientWidth) return;
    this.chart.resize();
    this.draw();
  }

  private export(kind: string): void {
    if (!this.data) return;
    if (kind === "csv") return saveText(fileName(this.data.title, "csv"), csv(this.data));
    const { surface } = palette(this.figure);
    save(fileName(this.data.title, "png"), this.chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: surface }));
  }

  private snap(fromPx: number, toPx: number): [number, number] | undefined {
    if (!this.data || isShares(this.data) || !this.data.times.length) return undefined;
    const { times, step_s } = this.data;
    const at = (px: number): number => Number(this.chart.convertFromPixel({ xAxisIndex: 0 }, px));
    const stepMs = step_s * 1000;
    const first = times.findLast((time) => time <= at(fromPx)) ?? times[0]!;
    const last = times.findLast((time) => time <= at(toPx)) ?? times[0]!;
    return [first, last + stepMs];
  }

  private walk(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || !this.data || isShares(this.data)) return;
    const { data } = this;
    this.cursor = this.cursor < 0 ? data.times.length - 1 : Math.min(data.times.length - 1, Math.max(0, this.cursor + step));
    const x = Number(this.chart.convertToPixel({ xAxisIndex: 0 }, middleOf(data, this.cursor)));
    this.chart.dispatchAction({ type: "showTip", x, y: this.chart.getHeight() / 2 });
    this.figure.querySelector("[data-chart-says]")!.textContent = sayBucket(data, this.cursor, pageZone());
    event.preventDefault();
  }
}
