// Going to another URL of ours as a boosted link would: one request, the body swapped, Back works.

import htmx from "htmx.org";

export function go(url: string): void {
  const app = document.getElementById("hf-app");
  if (!app) {
    location.assign(url);
    return;
  }
  const link = document.createElement("a");
  link.href = url;
  link.hidden = true;
  app.append(link);
  htmx.process(link);
  link.click();
}

/** This page over another stretch of time. */
export function goToRange(fromMs: number, toMs: number): void {
  const url = new URL(location.href);
  for (const name of ["range", "cursor"]) url.searchParams.delete(name);
  url.searchParams.set("from", new Date(fromMs).toISOString());
  url.searchParams.set("to", new Date(toMs).toISOString());
  go(url.pathname + url.search);
}
