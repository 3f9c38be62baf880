// Loaded before the first paint, so that no page flashes in the wrong theme. Kept apart and tiny for that reason.

const chosen = ((): string | null => {
  try {
    return localStorage.getItem("hf-theme");
  } catch {
    return null; // storage is switched off: the system decides
  }
})();
if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
document.documentElement.classList.add("hf-js");
