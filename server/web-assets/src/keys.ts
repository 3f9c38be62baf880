// The keyboard: single letters, and `g` followed by one. Silent while someone types or a dialog is open, and off for
// those who switched it off in the list of keys.

import { closeDrawer } from "./bar";
import { openDialog } from "./dialogs";
import { behaviour } from "./mount";
import { recall, remember } from "./storage";
import { moveRow, openRow, pressAction, selectRow } from "./tables";

const SEQUENCE_MS = 1_200;
let leaderAt = 0;

const plain: Record<string, () => boolean> = {
  "?": () => (openDialog("hf-help"), true),
  "/": focusSearch,
  t: openRange,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: selectRow,
  Enter: openRow,
  e: () => pressAction("e"),
  i: () => pressAction("i"),
  a: () => pressAction("a"),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && closeDrawer(true)) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return;
  const inSequence = Date.now() - leaderAt < SEQUENCE_MS;
  leaderAt = 0;
  if (inSequence && follow(event.key)) event.preventDefault();
  else if (event.key === "g") leaderAt = Date.now();
  else if (Object.hasOwn(plain, event.key) && plain[event.key]!()) event.preventDefault();
  else if (pressButton(event.key)) event.preventDefault();
});

/** The page's own buttons and links, which name their letter; those of a table act on its selection and are pressed there. */
function pressButton(key: string): boolean {
  if (!/^[a-z]$/.test(key)) return false;
  const button = [...document.querySelectorAll<HTMLElement>(`[data-key="${key}"]`)].find((each) => !each.closest("[data-table]"));
  button?.click();
  return button !== undefined;
}

function isBusy(target: EventTarget | null): boolean {
  if (recall("hf-keys") === "off") return true;
  if (document.querySelector("dialog[open], :popover-open")) return true;
  return target instanceof Element && target.closest("input:not([type='checkbox']), textarea, select, [contenteditable]") !== null;
}

function follow(key: string): boolean {
  const link = document.querySelector<HTMLElement>(`[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return link !== null;
}

function focusSearch(): boolean {
  const search = [...document.querySelectorAll<HTMLInputElement>("[data-search]")].find((each) => each.checkVisibility());
  search?.focus();
  search?.select();
  return search !== undefined;
}

function openRange(): boolean {
  const menu = document.getElementById("hf-range");
  if (!menu) return false;
  document.getElementById("hf-range-button")?.focus();
  document.getElementById("hf-range-button")?.click();
  menu.querySelector<HTMLElement>("[aria-current], a")?.focus();
  return true;
}

behaviour("[data-keys-switch]", (element) => {
  const box = element as HTMLInputElement;
  box.checked = recall("hf-keys") !== "off";
  box.addEventListener("change", () => remember("hf-keys", box.checked ? null : "off"));
});

// Arrow keys walk the entries of an open menu.
document.addEventListener("keydown", (event) => {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const menu = event.target instanceof Element ? event.target.closest<HTMLElement>("[popover]:popover-open") : null;
  if (!step || !menu) return;
  const items = [...menu.querySelectorAll<HTMLElement>("a, button, input")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
  event.preventDefault();
});
