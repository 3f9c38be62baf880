/** The report dialog: a native `<dialog>` in a shadow root, which brings focus trap, Escape and inertness with it. */

export interface DialogLabels {
  title: string;
  message: string;
  contact: string;
  screenshot: string;
  send: string;
  sending: string;
  cancel: string;
  empty: string;
}

const LABELS: DialogLabels = {
  title: 'Report a problem',
  message: 'What went wrong?',
  contact: 'Your e-mail address, if we may ask back (optional)',
  screenshot: 'Attach a picture of this page (what you typed is hidden)',
  send: 'Send report',
  sending: 'Sending',
  cancel: 'Cancel',
  empty: 'Describe what went wrong first.',
};

const STYLES = `
:host { all: initial; }
dialog {
  box-sizing: border-box; width: min(28rem, calc(100vw - 2rem)); padding: 1.25rem; border-radius: 8px;
  border: 1px solid var(--holdfast-border, #c5cbd3); font: 16px/1.4 var(--holdfast-font, system-ui, sans-serif);
  color: var(--holdfast-text, #16202c); background: var(--holdfast-background, #fff);
}
dialog::backdrop { background: rgb(0 0 0 / .4); }
h2 { margin: 0 0 1rem; font-size: 1.15rem; }
label { display: block; margin: 0 0 .25rem; }
label.check { display: flex; gap: .5rem; align-items: baseline; margin: .75rem 0 0; }
textarea, input[type=email] {
  box-sizing: border-box; width: 100%; margin: 0 0 .75rem; padding: .5rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--holdfast-border, #8b95a1); border-radius: 6px;
}
textarea { min-height: 7rem; resize: vertical; }
:focus-visible { outline: 3px solid var(--holdfast-accent, #1c64d1); outline-offset: 1px; }
p { margin: .75rem 0 0; color: var(--holdfast-danger, #b3261e); }
p:empty { display: none; }
footer { display: flex; gap: .5rem; justify-content: flex-end; margin-top: 1rem; }
button { font: inherit; padding: .5rem 1rem; border-radius: 6px; cursor: pointer; border: 1px solid var(--holdfast-border, #8b95a1); background: transparent; color: inherit; }
button[type=submit] { background: var(--holdfast-accent, #1c64d1); border-color: transparent; color: var(--holdfast-accent-text, #fff); }
button:disabled { opacity: .6; cursor: default; }
@media (prefers-color-scheme: dark) {
  dialog { color: var(--holdfast-text, #e8edf3); background: var(--holdfast-background, #18202a); border-color: var(--holdfast-border, #465262); }
  p { color: var(--holdfast-danger, #ff8a80); }
}`;

export interface Answers {
  message: string;
  contact: string | undefined;
  wantsPicture: boolean;
}

export interface ReportDialog {
  host: HTMLElement;
  show(): void;
  busy(isBusy: boolean): void;
  say(sentence: string): void;
  onCancel(listener: () => void): void;
  onSubmit(listener: (answers: Answers) => void): void;
}

export function buildDialog(own: Partial<DialogLabels> = {}, canPicture: boolean): ReportDialog {
  const labels = { ...LABELS, ...own };
  const host = element('div', { 'data-holdfast-dialog': '' });
  const shadow = host.attachShadow({ mode: 'open' });
  style(shadow);
  const message = element('textarea', { id: 'message', 'aria-required': 'true', maxlength: '5000' });
  const contact = element('input', { id: 'contact', type: 'email', autocomplete: 'email' });
  const picture = element('input', { id: 'picture', type: 'checkbox' });
  const status = element('p', { role: 'alert' });
  const send = element('button', { type: 'submit' }, labels.send);
  const cancel = element('button', { type: 'button' }, labels.cancel);
  const form = element('form', { novalidate: '' });
  form.append(
    element('h2', { id: 'title' }, labels.title),
    element('label', { for: 'message' }, labels.message),
    message,
    element('label', { for: 'contact' }, labels.contact),
    contact,
    ...(canPicture ? [check(picture, labels.screenshot)] : []),
    status,
    row(cancel, send),
  );
  const dialog = element('dialog', { 'aria-labelledby': 'title' });
  dialog.append(form);
  shadow.append(dialog);
  return {
    host,
    show() {
      dialog.showModal();
      message.focus();
    },
    busy(isBusy) {
      send.disabled = isBusy;
      send.textContent = isBusy ? labels.sending : labels.send;
    },
    say: (sentence) => (status.textContent = sentence),
    onCancel(listener) {
      cancel.addEventListener('click', listener);
      dialog.addEventListener('cancel', listener);
    },
    onSubmit(listener) {
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        const text = message.value.trim();
        status.textContent = text ? '' : labels.empty;
        if (!text) return message.focus();
        listener({ message: text, contact: contact.value.trim() || undefined, wantsPicture: picture.checked });
      });
    },
  };
}

/** A constructed sheet is no inline style: a CSP without `unsafe-inline` lets it through. */
function style(shadow: ShadowRoot): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  shadow.adoptedStyleSheets = [sheet];
}

function check(box: HTMLElement, text: string): HTMLElement {
  const label = element('label', { class: 'check' });
  label.append(box, element('span', {}, text));
  return label;
}

function row(...children: HTMLElement[]): HTMLElement {
  const footer = element('footer', {});
  footer.append(...children);
  return footer;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Record<string, string>, text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}
