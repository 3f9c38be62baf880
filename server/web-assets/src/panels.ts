// Panels that load alone and fail alone. A panel that had content keeps it, and says how old it is.

import htmx from "htmx.org";
import { onClick } from "./mount";
import { nowInZone } from "./times";

const REFRESH_MS = 30_000;

type Answer = { xhr?: XMLHttpRequest; elt?: HTMLElement; successful?: boolean };

const bodyOf = (event: Event): HTMLElement | null => {
  const target = event.target;
  return target instanceof HTMLElement && target.matches("[data-panel-body]") ? target : null;
};

document.addEventListener("htmx:beforeRequest", (event) => {
  const body = bodyOf(event);
  if (!body) return;
  if (isInUse(body)) {
    event.preventDefault();
    return;
  }
  body.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterSwap", (event) => {
  const body = bodyOf(event);
  if (body) markLoaded(body);
});

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const body = bodyOf(event);
    if (body) markFailed(body, reasonOf((event as CustomEvent<Answer>).detail.xhr));
  });
}

/** A refresh must not take away what someone is about to use: a selection, an open menu, a field being filled. */
function isInUse(body: HTMLElement): boolean {
  const loaded = body.dataset["loadedAt"] !== undefined;
  return loaded && body.querySelector("input[name='id']:checked, :popover-open, dialog[open], input:focus") !== null;
}

export function markLoaded(body: HTMLElement): void {
  body.setAttribute("aria-busy", "false");
  body.dataset["loadedAt"] = nowInZone();
  body.hidden = false;
  panelOf(body)?.querySelector(":scope > .hf-failed")?.remove();
}

export function markFailed(body: HTMLElement, reason: string): void {
  const panel = panelOf(body);
  const template = panel?.querySelector<HTMLTemplateElement>("template[data-panel-failed]");
  body.setAttribute("aria-busy", "false");
  if (!panel || !template) return;
  const notice = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
  notice.querySelector("[data-reason]")!.textContent = reason;
  const keptAt = body.dataset["loadedAt"];
  const before = panel.querySelector<HTMLElement>(":scope > .hf-failed");
  if (keptAt) {
    notice.querySelector<HTMLElement>("[data-kept]")!.hidden = false;
    notice.querySelector("[data-kept-at]")!.textContent = keptAt;
  } else {
    // The notice takes the room of what it stands for: nothing below it moves.
    notice.style.minHeight = before?.style.minHeight ?? `${body.offsetHeight}px`;
    body.hidden = true;
  }
  before?.remove();
  body.before(notice);
}

const panelOf = (body: HTMLElement): HTMLElement | null => body.closest<HTMLElement>("[data-panel]");

/** The server's own sentence where it gave one, else what the browser knows. */
export function reasonOf(xhr: { status: number; responseText: string } | undefined): string {
  if (!xhr || xhr.status === 0) return "The server did not answer.";
  if (xhr.status === 401) return "You are logged out. Load the page again to log in.";
  try {
    const { error } = JSON.parse(xhr.responseText) as { error?: { message?: string; hint?: string } };
    if (error?.message) return [error.message, error.hint].filter(Boolean).map(asSentence).join(" ");
  } catch {
    // not JSON: say what is known
  }
  return `This part could not be loaded (error ${xhr.status}).`;
}

const asSentence = (text: string | undefined): string =>
  text ? text.charAt(0).toUpperCase() + text.slice(1) + (/[.?]$/.test(text) ? "" : ".") : "";

onClick("[data-retry]", (button) => {
  const body = button.closest("[data-panel]")?.querySelector<HTMLElement>("[data-panel-body]");
  if (!body) return;
  htmx.trigger(body, "retry", {});
  body.querySelectorAll<HTMLElement>("[data-chart]").forEach((chart) => chart.dispatchEvent(new CustomEvent("hf:retry")));
});

let refreshedAt = Date.now();

function refresh(): void {
  const live = document.getElementById("hf-app")?.dataset["live"] === "on";
  if (!live || document.hidden || Date.now() - refreshedAt < REFRESH_MS - 1_000) return;
  refreshedAt = Date.now();
  htmx.trigger(document.body, "refresh", {});
}

setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", refresh);
