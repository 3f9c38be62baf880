// The one bar: every change is a new URL. Selects submit themselves, empty values stay out, and times that a person types
// leave as UTC.

import { openDialog } from "./dialogs";
import { onClick, behaviour } from "./mount";
import { browserZone, isZone, msToZoned, pageZone, zonedToMs } from "./zones";

behaviour("form[data-autosubmit]", (element) => {
  const form = element as HTMLFormElement;
  form.addEventListener("change", (event) => {
    const select = event.target as HTMLSelectElement;
    for (const name of (select.dataset["resets"] ?? "").split(" ").filter(Boolean)) {
      const other = form.elements.namedItem(name);
      if (other instanceof HTMLSelectElement) other.value = "";
    }
    form.requestSubmit();
  });
});

// Both the browser's own submit and htmx build a FormData, and both fire this.
document.addEventListener("formdata", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-autosubmit], [data-range-form]")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  if (!form.matches("[data-range-form]")) return;
  for (const name of ["from", "to"]) {
    const atMs = zonedToMs(String(event.formData.get(name) ?? ""), pageZone());
    if (!Number.isNaN(atMs)) event.formData.set(name, new Date(atMs).toISOString());
  }
});

behaviour("#hf-range-dialog", (dialog) => {
  const inputs = [...dialog.querySelectorAll<HTMLInputElement>("input[type='datetime-local']")];
  const [from, to] = inputs;
  const check = (): void => to!.setCustomValidity(from!.value < to!.value ? "" : "The end must be after the start.");
  dialog.addEventListener("hf:open", () => {
    dialog.querySelector("[data-zone-name]")!.textContent = pageZone();
    for (const input of inputs) {
      const given = input.dataset["at"];
      const atMs = given ? Number(given) : Date.now() - Number(input.dataset["beforeS"]) * 1000;
      input.value = msToZoned(atMs, pageZone());
    }
    check();
  });
  dialog.addEventListener("input", check);
});

behaviour("[data-zone-choice]", (element) => {
  const select = element as HTMLSelectElement;
  select.options[0]!.textContent = `${browserZone()} (browser)`;
  select.add(new Option("Other zone…", "other"));
  const before = select.value;
  select.addEventListener("change", (event) => {
    if (select.value !== "other") return;
    event.stopPropagation(); // not a choice yet: the form must not submit itself
    select.value = before;
    openDialog("hf-zone-dialog");
  });
});

behaviour("#hf-zone-dialog", (dialog) => {
  const list = dialog.querySelector("datalist")!;
  const input = dialog.querySelector<HTMLInputElement>("#hf-zone")!;
  dialog.addEventListener("hf:open", () => {
    if (!list.childElementCount) list.append(...Intl.supportedValuesOf("timeZone").map((zone) => new Option(zone)));
  });
  input.addEventListener("input", () => {
    input.setCustomValidity(isZone(input.value) ? "" : "No such zone. Choose one of the list, such as Europe/Berlin.");
  });
  dialog.querySelector("form")!.addEventListener("submit", () => {
    const select = document.getElementById("hf-tz");
    if (!(select instanceof HTMLSelectElement)) return;
    select.add(new Option(input.value, input.value, true, true));
    select.form?.requestSubmit();
  });
});

// On a phone the navigation is a drawer.
const setDrawer = (open: boolean): void => {
  const toggle = document.querySelector("[data-nav-toggle]");
  document.documentElement.classList.toggle("hf-nav-open", open);
  toggle?.setAttribute("aria-expanded", String(open));
  document.querySelector("[data-page]")?.toggleAttribute("inert", open);
  if (open) document.querySelector<HTMLElement>("#hf-nav a.hf-nav-item")?.focus();
};

onClick("[data-nav-toggle]", (_, event) => {
  event.preventDefault();
  setDrawer(!document.documentElement.classList.contains("hf-nav-open"));
});

export function closeDrawer(returnFocus: boolean): boolean {
  if (!document.documentElement.classList.contains("hf-nav-open")) return false;
  setDrawer(false);
  if (returnFocus) document.querySelector<HTMLElement>("[data-nav-toggle]")?.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const inside = event.target instanceof Element && event.target.closest("#hf-nav, [data-nav-toggle], dialog");
  if (!inside) closeDrawer(false);
});
