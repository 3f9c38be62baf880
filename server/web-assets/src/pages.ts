// Moving between pages without loading them anew: the thin line of progress, focus, failures, and a new build's arrival.

import { closeDrawer } from "./bar";
import { flash } from "./dialogs";

type Details = { boosted?: boolean; xhr?: XMLHttpRequest; shouldSwap?: boolean; isError?: boolean; elt?: Element };

const details = (event: Event): Details => (event as CustomEvent<Details>).detail;
const root = document.documentElement;
const build = document.getElementById("hf-app")?.dataset["build"];
let moved = false;

// A page's failure should come as a page, a panel's as the JSON that its notice reads.
document.addEventListener("htmx:configRequest", (event) => {
  const { boosted, headers } = (event as CustomEvent<{ boosted?: boolean; headers: Record<string, string> }>).detail;
  if (boosted) headers["Accept"] = "text/html";
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (details(event).boosted) root.classList.add("hf-loading");
});
for (const name of ["htmx:afterRequest", "htmx:historyRestore"]) {
  document.addEventListener(name, () => root.classList.remove("hf-loading"));
}

// An error page is a page: show it instead of nothing.
document.addEventListener("htmx:beforeSwap", (event) => {
  const detail = details(event);
  if (!detail.boosted || !detail.xhr || detail.xhr.status < 400) return;
  if (!detail.xhr.getResponseHeader("content-type")?.startsWith("text/html")) {
    flash("The server could not answer. Try again; if it stays so, look at its log.");
    return;
  }
  detail.shouldSwap = true;
  detail.isError = false;
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (details(event).boosted) flash("The server does not answer. Check the connection and try again.");
  });
}
document.addEventListener("htmx:historyCacheMissLoadError", () => location.reload());

document.addEventListener("htmx:pushedIntoHistory", () => {
  moved = true;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target !== document.body) return;
  // A page of a newer server with this older script: start afresh.
  const served = document.getElementById("hf-app")?.dataset["build"];
  if (build && served && served !== build) location.reload();
  closeDrawer(false);
  if (moved && document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  moved = false;
});
