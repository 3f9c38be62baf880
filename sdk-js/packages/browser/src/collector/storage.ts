/**
 * `localStorage` that can be full, forbidden or absent. Every call answers; none throws.
 * A write that failed says so, and the caller decides what is lost.
 */
import { attempt, inPage } from './attempt.js';

export interface Storage {
  get(key: string): string;
  set(key: string, value: string): boolean;
  remove(key: string): void;
  /** Every key that starts with `prefix`. */
  keys(prefix: string): string[];
}

export function pageStorage(): Storage {
  // Node has a `localStorage` that only warns; storage is for pages.
  const use = <T>(work: (storage: globalThis.Storage) => T) => attempt(() => (inPage ? work(localStorage) : undefined));
  return {
    get: (key) => use((storage) => storage.getItem(key)) || '',
    set: (key, value) => !!use((storage) => (storage.setItem(key, value), true)),
    remove: (key) => use((storage) => storage.removeItem(key)),
    keys: (prefix) => use((storage) => Object.keys(storage).filter((key) => key.startsWith(prefix))) || [],
  };
}
