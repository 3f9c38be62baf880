/** Random ids. They need no secret randomness, so a page without `crypto` (plain HTTP, old engines) still works. */
import { attempt } from './attempt.js';

export function newId(): string {
  return attempt(() => crypto.randomUUID(), '') || Math.random().toString(36).slice(2) + Date.now();
}
