// Copying: keys and snippets by a button, and the exact number where the page shows a rounded one.

import { onClick } from "./mount";

const SHOWN_MS = 1_600;

onClick("[data-copy], [data-copy-from]", (button) => {
  void copy(textOf(button)).then((done) => {
    if (!done) return;
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), SHOWN_MS);
  });
});

function textOf(button: HTMLElement): string {
  const given = button.dataset["copy"];
  if (given !== undefined) return given;
  const block = button.closest("figure")?.querySelector(button.dataset["copyFrom"] ?? "pre");
  return block?.textContent?.replace(/\n$/, "") ?? "";
}

/** The clipboard needs a secure page; over plain HTTP on a network address the old way still works. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

document.addEventListener("copy", (event) => {
  const selection = getSelection();
  const node = selection?.rangeCount ? selection.getRangeAt(0).commonAncestorContainer : null;
  const number = (node instanceof Element ? node : node?.parentElement)?.closest("data[value]");
  if (!number || !event.clipboardData) return;
  event.clipboardData.setData("text/plain", number.getAttribute("value") ?? "");
  event.preventDefault();
});
