/** An element in a few words, for breadcrumbs and clicks: `button#pay "Pay now"`. Nothing a person typed is in it. */

const LONGEST = 60;

export function describeElement(element: Element): string {
  const own = element.closest<HTMLElement>('[data-holdfast-name],button,a,[role=button],input,select,textarea,label') ?? (element as HTMLElement);
  const name = own.dataset?.holdfastName;
  if (name) return name;
  const id = own.id ? '#' + own.id : '';
  const kind = own.tagName.toLowerCase() + id;
  const isField = /^(?:input|select|textarea)$/.test(own.tagName.toLowerCase());
  const isPrivate = isField || own.closest('[data-holdfast-private]');
  const label = own.getAttribute('aria-label') ?? (isPrivate ? own.getAttribute('name') : own.textContent) ?? '';
  const text = label.trim().replace(/\s+/g, ' ').slice(0, LONGEST);
  return text ? `${kind} "${text}"` : kind;
}
