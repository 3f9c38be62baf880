// Copying: keys and snippets by a button, and the exact number where the page shows a rounded one.

import { flash } from "./dialogs";
import { onClick } from "./mount";

const SHOWN_MS = 1_600;

onClick("[data-copy], [data-copy-from]", (button) => {
  void copy(textOf(button)).then((done) => say(button, done));
});

// Text that is made when somebody asks for it: a ticket's Markdown.
onClick("[data-copy-url]", (button) => {
  void fetched(button.dataset["copyUrl"] ?? "").then(copy, () => false).then((done) => {
    say(button, done);
    if (!done) flash("It could not be copied. Try again.");
  });
});

function say(button: HTMLElement, done: boolean): void {
  if (!done) return;
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), SHOWN_MS);
}

async function fetched(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { Accept: "text/markdown, application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

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
