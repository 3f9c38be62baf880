/** Which page an event belongs to: its path with ids replaced, so that pages can be counted and no id leaves. */
import { attempt, inPage } from './attempt.js';

// Without the `i` flag, which costs a page's first use of it a third of a millisecond.
const ID = /^(?:\d+|[\da-fA-F-]{16,}|(?=.*\d)[\w-]{20,}|.*@.*)$/;

/** `/orders/8812/items` becomes `/orders/[id]/items`. */
export function routeOf(path: string): string {
  return path
    .split('/')
    .map((part) => (ID.test(part) ? '[id]' : part))
    .join('/');
}

let lastPath = '';
let lastPage = '';

/** The page now, or undefined outside a browser. Routes after `#/` count as paths. */
export function currentPage(): string | undefined {
  if (!inPage) return;
  const { pathname, hash } = location;
  const path = hash.startsWith('#/') ? pathname + hash.split('?')[0] : pathname;
  if (path !== lastPath) lastPage = routeOf((lastPath = path));
  return lastPage;
}

/** A whole address as it may be recorded: no query, no fragment, ids replaced; the own origin left out. */
export function safeUrl(address: string): string {
  return attempt(() => {
    const { origin, pathname } = new URL(address, location.href);
    // `data:` and `blob:` have no origin, and what they hold is nobody's business.
    return (origin === location.origin ? '' : origin) + (origin === 'null' ? '' : routeOf(pathname));
  }, '');
}
