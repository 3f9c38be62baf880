/**
 * Who and which visit: a session that ends after 30 idle minutes, shared by the tabs of an origin and kept across
 * navigation, and an anonymous id that outlives it. Without storage both live as long as the page.
 */
import { newId } from './ids.js';
import type { Storage } from './storage.js';

const IDLE_MS = 30 * 60_000;
/** Other tabs are looked at this often; in between, an event costs no storage access. */
const RECHECK_MS = 5_000;
const SESSION = 'holdfast:session';
const ANONYMOUS = 'holdfast:anonymous';

export interface Identity {
  visit(now: number): string;
  visitor(): string;
  forget(): void;
}

export function createIdentity(storage: Storage): Identity {
  let session = '';
  let checkedAt = 0;
  let anonymous = '';

  function refresh(now: number): void {
    const [id, at] = (storage.get(SESSION) || session + ' ' + checkedAt).split(' ');
    // A clock that was set back makes the last time lie in the future: the visit goes on.
    session = id && now - +at! < IDLE_MS ? id : newId();
    storage.set(SESSION, session + ' ' + now);
    checkedAt = now;
  }

  return {
    visit(now) {
      if (!session || Math.abs(now - checkedAt) >= RECHECK_MS) refresh(now);
      return session;
    },
    visitor() {
      if (!anonymous) storage.set(ANONYMOUS, (anonymous = storage.get(ANONYMOUS) || newId()));
      return anonymous;
    },
    forget() {
      session = anonymous = '';
      storage.remove(SESSION);
      storage.remove(ANONYMOUS);
    },
  };
}
