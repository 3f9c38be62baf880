/**
 * A safe copy of whatever an application hands over: plain JSON, within the wire's limits, scrubbed. Cycles, DOM
 * nodes, hostile getters, huge strings and exotic values become short text; nothing here throws.
 */
import { attempt } from '../collector/attempt.js';
import type { TelemetryEvent } from '../collector/event.js';
import type { NameRule } from './names.js';
import { REDACTED, scrubText } from './scrub.js';

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
/** Names in one event, nested ones included; the server refuses more than 128. */
const MAX_NAMES = 120;
/** An error's breadcrumbs have room of their own, here and in the server. */
const CRUMB_NAMES = 1_000;
const MAX_TEXT = 8_192;
/** Characters of one event together; three bytes each still fit the server's 64 KiB. */
const MAX_CHARS = 20_000;

const UNREADABLE = '[unreadable]';

export type Cleaner = (value: object) => Record<string, unknown>;

/** `secret` undefined means: no scrubbing, the shape is still made safe. */
export function createCleaner(secret: NameRule | undefined): Cleaner {
  let names = 0;
  let chars = 0;
  let isError = false;
  const path: object[] = [];

  function text(value: string): string {
    const room = Math.min(MAX_TEXT, MAX_CHARS - chars);
    const cut = value.length > room ? value.slice(0, room) + '…' : value;
    chars += cut.length;
    return secret ? scrubText(cut) : cut;
  }

  function copy(value: unknown): unknown {
    const kind = typeof value;
    if (kind === 'object' && value) return nested(value);
    // Symbols, functions and numbers that JSON lacks become text; null, undefined, yes and no stay.
    if (value == null || kind === 'boolean' || Number.isFinite(value)) return value;
    return text(kind === 'function' ? '[function]' : String(value));
  }

  function nested(value: object): unknown {
    // What is deeper than this is a cycle in all but name.
    if (path.includes(value) || path.length >= MAX_DEPTH) return UNREADABLE;
    path.push(value);
    const safe = attempt(() => opened(value), UNREADABLE);
    path.pop();
    return safe;
  }

  function opened(value: any): unknown {
    if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(copy);
    if (typeof value.nodeName === 'string') return '<' + value.nodeName.toLowerCase() + '>';
    if (value instanceof Error) return { name: copy(value.name), message: copy(value.message) };
    if (typeof value.toJSON === 'function') return copy(value.toJSON());
    return value === value.window ? UNREADABLE : fields(value);
  }

  function fields(value: any): Record<string, unknown> {
    const safe: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      if (++names > MAX_NAMES) break;
      const spent = names;
      const isTrail = isError && path.length < 2 && name === 'breadcrumbs';
      if (isTrail) names = -CRUMB_NAMES;
      // null, yes, no and nothing say that something is there, not what it is.
      const hidden = secret?.(name) && !/^(?:|null|undefined|true|false)$/.test(attempt(() => String(value[name]), '?'));
      safe[text(name)] = hidden ? REDACTED : attempt(() => copy(value[name]), UNREADABLE);
      if (isTrail) names = spent;
    }
    return safe;
  }

  return (value) => {
    isError = (value as TelemetryEvent).type === 'error';
    names = chars = 0;
    path.length = 0;
    return fields(value);
  };
}
