// The switch between the system's theme, light and dark.

import { behaviour } from "./mount";
import { recall, remember } from "./storage";

behaviour("[data-theme-choice]", (choice) => {
  const now = recall("hf-theme") ?? "system";
  choice.querySelectorAll<HTMLInputElement>("input").forEach((input) => {
    input.checked = input.value === now;
  });
  choice.addEventListener("change", (event) => apply((event.target as HTMLInputElement).value));
});

function apply(value: string): void {
  const fixed = value === "light" || value === "dark";
  remember("hf-theme", fixed ? value : null);
  if (fixed) document.documentElement.dataset["theme"] = value;
  else delete document.documentElement.dataset["theme"];
  document.dispatchEvent(new CustomEvent("hf:theme"));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("hf:theme"));
});
