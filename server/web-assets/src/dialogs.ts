// Dialogs and popovers. The browser traps and returns the focus; this opens, closes, asks once, and places popovers
// where CSS anchors are not known yet.

import { onClick } from "./mount";

onClick("[data-opens]", (opener) => {
  opener.closest<HTMLElement>("[popover]")?.hidePopover();
  openDialog(opener.dataset["opens"] ?? "");
});
onClick("[data-closes]", (closer) => closer.closest("dialog")?.close());

// A click on the backdrop hits the dialog itself, since its content fills it.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

// A choice in a menu closes it, once its form was sent: htmx forgets which button was pressed when that loses the focus.
onClick(".hf-popover button:not([data-opens])", (item) => {
  setTimeout(() => item.closest<HTMLElement>("[popover]:popover-open")?.hidePopover());
});

onClick("[data-confirm]", (button, event) => {
  if (!confirm(button.dataset["confirm"])) event.preventDefault();
});

onClick("[data-dismiss]", (button) => button.closest("[data-flash]")?.remove());

export function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) {
    dialog.dispatchEvent(new CustomEvent("hf:open"));
    dialog.showModal();
  }
}

/** A message that no server could give, read out by the live region. */
export function flash(text: string): void {
  const template = document.getElementById("hf-flash-template");
  const region = document.getElementById("hf-flashes");
  if (!(template instanceof HTMLTemplateElement) || !region) return;
  const message = template.content.cloneNode(true) as DocumentFragment;
  message.querySelector("[data-flash-text]")!.textContent = text;
  region.replaceChildren(message);
}

if (!CSS.supports("position-area", "bottom")) {
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (menu instanceof HTMLElement && menu.popover && (event as ToggleEvent).newState === "open") place(menu);
    },
    true,
  );
}

function place(menu: HTMLElement): void {
  const opener = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.getBoundingClientRect();
  if (!opener) return;
  const { offsetHeight: height, offsetWidth: width } = menu;
  const above = opener.bottom + height + 8 > innerHeight && opener.top > height + 8;
  menu.style.inset = "auto";
  menu.style.top = `${above ? opener.top - height - 4 : opener.bottom + 4}px`;
  menu.style.left = `${Math.max(8, Math.min(opener.left, innerWidth - width - 8))}px`;
}
