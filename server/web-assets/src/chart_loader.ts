// Charts come as a second script, fetched when the first chart appears.

import { behaviour } from "./mount";
import { goToRange } from "./go";
import { markFailed, markLoaded, reasonOf } from "./panels";
import type { ChartHooks, MountChart } from "./charts/charts";

let loading: Promise<{ mountChart: MountChart }> | undefined;

function load(): Promise<{ mountChart: MountChart }> {
  const url = document.querySelector<HTMLMetaElement>("meta[name='hf-charts']")?.content ?? "";
  loading ??= import(url) as Promise<{ mountChart: MountChart }>;
  loading.catch(() => (loading = undefined));
  return loading;
}

behaviour("[data-chart]", (figure) => {
  const body = figure.closest<HTMLElement>("[data-panel-body]");
  const hooks: ChartHooks = {
    zoom: goToRange,
    loaded: () => body && figure.dataset["src"] && markLoaded(body),
    failed: (status, text) => body && markFailed(body, reasonOf({ status, responseText: text })),
  };
  let stopped = false;
  let cleanup: (() => void) | undefined;
  load().then(
    ({ mountChart }) => {
      if (!stopped) cleanup = mountChart(figure, hooks);
    },
    () => hooks.failed(0, ""),
  );
  return () => {
    stopped = true;
    cleanup?.();
  };
});
