// Tables: the whole row follows its link, j and k walk, x selects, letters press the buttons of the selection, columns
// can be put away.

import { behaviour, onClick } from "./mount";
import { recall, remember } from "./storage";

const NOT_A_ROW_CLICK = "a, button, input, label, select, summary, dialog, [data-row-more]";

onClick("[data-table] [data-row]", (row, event) => {
  if ((event.target as Element).closest(NOT_A_ROW_CLICK) || getSelection()?.toString()) return;
  const link = row.querySelector<HTMLAnchorElement>("[data-row-link]");
  if (!link) return;
  if (event.metaKey || event.ctrlKey) window.open(link.href, "_blank", "noopener");
  else link.click();
});

behaviour("[data-table]", (frame) => {
  const boxes = (): HTMLInputElement[] => [...frame.querySelectorAll<HTMLInputElement>("tbody input[name='id']")];
  const all = frame.querySelector<HTMLInputElement>("[data-select-all]");
  const count = frame.querySelector("[data-selected-count]");
  const update = (): void => {
    const chosen = boxes().filter((box) => box.checked).length;
    if (count) count.textContent = String(chosen);
    if (all) {
      all.checked = chosen > 0 && chosen === boxes().length;
      all.indeterminate = chosen > 0 && !all.checked;
    }
  };
  frame.addEventListener("change", (event) => {
    if (event.target === all && all) boxes().forEach((box) => (box.checked = all.checked));
    update();
  });
  frame.querySelector("[data-select-none]")?.addEventListener("click", () => {
    boxes().forEach((box) => (box.checked = false));
    update();
  });
  update();
});

behaviour("[data-columns]", (menu) => {
  const frame = menu.closest<HTMLElement>("[data-table]")!;
  const key = `hf-columns-${frame.id}`;
  const boxes = [...menu.querySelectorAll<HTMLInputElement>("input")];
  const hidden = new Set((recall(key) ?? "").split(" ").filter(Boolean));
  const apply = (): void => {
    for (const box of boxes) {
      frame.querySelectorAll(`[data-col="${CSS.escape(box.value)}"]`).forEach((cell) => cell.classList.toggle("hf-away", !box.checked));
    }
  };
  boxes.forEach((box) => (box.checked = !hidden.has(box.value)));
  apply();
  menu.addEventListener("change", () => {
    const away = boxes.filter((box) => !box.checked).map((box) => box.value);
    remember(key, away.length ? away.join(" ") : null);
    apply();
  });
});

// After a bulk action the list comes anew: the focus returns to where it was, so that triage goes on from there.
let left: { page: string; at: number } | null = null;

document.addEventListener("submit", (event) => {
  const frame = event.target instanceof HTMLFormElement && event.target.matches("[data-bulk]") ? event.target.closest("[data-table]") : null;
  const at = frame ? rowsOf(frame).findIndex((row) => row.contains(document.activeElement) || row.querySelector("input[name='id']:checked")) : -1;
  left = frame && at >= 0 ? { page: location.pathname, at } : null;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target !== document.body || left === null) return;
  const frame = document.querySelector("[data-table]:has([data-bulk])");
  if (frame && left.page === location.pathname) focusRow(rowsOf(frame), left.at);
  left = null;
});

function focusRow(rows: HTMLElement[], at: number): void {
  const row = rows[Math.min(rows.length - 1, at)];
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

const rowsOf = (frame: Element): HTMLElement[] => [...frame.querySelectorAll<HTMLElement>("[data-row]")];

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;
}

/** Down or up one row, in the table where the focus is or else the first of the page. */
export function moveRow(step: 1 | -1): boolean {
  const frame = document.activeElement?.closest("[data-table]") ?? document.querySelector("[data-table]");
  if (!frame) return false;
  const rows = rowsOf(frame);
  const at = rows.indexOf(currentRow() as HTMLElement);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}

export function openRow(): boolean {
  const row = document.activeElement;
  if (!(row instanceof HTMLElement) || !row.matches("[data-row]")) return false;
  row.querySelector<HTMLElement>("[data-row-link]")?.click();
  return true;
}

export function selectRow(): boolean {
  const box = currentRow()?.querySelector<HTMLInputElement>("input[name='id']");
  box?.click();
  return box !== null && box !== undefined;
}

/** Presses the button of this letter for the selection; with none, for the row where the focus is. */
export function pressAction(key: string): boolean {
  const frame = document.activeElement?.closest("[data-table]") ?? document.querySelector("[data-table]:has(input[name='id']:checked)");
  const button = frame?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!frame || !button) return false;
  if (!frame.querySelector("input[name='id']:checked") && !selectRow()) return false;
  button.click();
  return true;
}
