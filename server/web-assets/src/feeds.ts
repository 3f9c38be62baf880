// Live feeds: rows slide in at the top while the reader is at the top, and wait with a count otherwise. The dot says
// live, paused, or reconnecting since when; the bar's own dot says the same for the page.

import htmx from "htmx.org";
import { behaviour } from "./mount";
import { nowInZone } from "./times";

const AT_TOP_PX = 8;
const MOST_WAITING = 500;

type State = "live" | "paused" | "reconnecting" | "off";

// A stream may open before the feed's behaviour starts: what is known is kept from the first moment.
const links = new WeakMap<EventTarget, { connected: boolean; lostAt: string }>();

document.addEventListener("htmx:sseOpen", (event) => tellLink(event.target, true));
document.addEventListener("htmx:sseError", (event) => tellLink(event.target, false));

function tellLink(feed: EventTarget | null, connected: boolean): void {
  if (!feed) return;
  const before = links.get(feed);
  const lostAt = connected ? "" : before && !before.connected ? before.lostAt : nowInZone();
  links.set(feed, { connected, lostAt });
  feed.dispatchEvent(new CustomEvent("hf:link"));
}

behaviour("[data-feed][sse-connect]", (feed) => {
  const rows = feed.querySelector<HTMLElement>("[data-feed-rows]")!;
  const scroll = feed.querySelector<HTMLElement>("[data-feed-scroll]")!;
  const pill = feed.querySelector<HTMLElement>("[data-feed-waiting]")!;
  const pause = feed.querySelector<HTMLElement>("[data-feed-pause]");
  const maxRows = Number(feed.dataset["maxRows"]) || 100;
  let waiting: string[] = [];
  let paused = false;

  const tell = (): void => {
    const link = links.get(feed);
    if (!link) return;
    const { connected, lostAt } = link;
    const state: State = paused ? "paused" : connected ? "live" : "reconnecting";
    const words = { live: "Live", paused: "Paused", reconnecting: `Reconnecting since ${lostAt}`, off: "Live is off" };
    showState(feed, state, words[state]);
    const bar = document.querySelector<HTMLElement>("[data-live-switch]");
    if (bar && bar.dataset["feedState"] !== "paused") showState(bar, connected ? "live" : "reconnecting", connected ? "Live" : "Reconnecting");
  };
  const atTop = (): boolean => scroll.scrollTop <= AT_TOP_PX && !rows.contains(document.activeElement);
  const count = (): void => {
    pill.hidden = waiting.length === 0;
    pill.querySelector("[data-feed-count]")!.textContent = waiting.length >= MOST_WAITING ? `${MOST_WAITING}+` : String(waiting.length);
  };
  const trim = (): void => {
    while (rows.childElementCount > maxRows) rows.lastElementChild!.remove();
  };
  const letIn = (): void => {
    const html = waiting.splice(0).reverse().join("");
    if (html) htmx.swap(rows, html, { swapStyle: "afterbegin", swapDelay: 0, settleDelay: 20 });
    trim();
    count();
  };

  feed.addEventListener("hf:link", tell);
  tell();
  feed.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (!paused && atTop()) return;
    event.preventDefault();
    waiting.push((event as CustomEvent<{ data: string }>).detail.data);
    if (waiting.length > MOST_WAITING) waiting.shift();
    count();
  });
  feed.addEventListener("htmx:sseMessage", trim);
  scroll.addEventListener("scroll", () => {
    if (!paused && waiting.length && atTop()) letIn();
  });
  pill.addEventListener("click", () => {
    scroll.scrollTop = 0;
    letIn();
    scroll.focus({ preventScroll: true });
  });
  pause?.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.title = paused ? "Go on" : "Pause";
    if (!paused && atTop()) letIn();
    tell();
  });
});

function showState(element: HTMLElement, state: State, words: string): void {
  const dot = element.matches("[data-feed-state]") ? element : element.querySelector<HTMLElement>("[data-feed-state]");
  if (!dot) return;
  dot.dataset["feedState"] = state;
  const text = dot.querySelector("[data-feed-words]");
  if (text && text.textContent !== words) text.textContent = words;
}
