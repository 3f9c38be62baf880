/** Clicks and console warnings as breadcrumbs; navigation and requests leave theirs by themselves. */
import { attempt } from '../collector/attempt.js';
import { describeElement } from './describe-element.js';
import { listen, type Instrument } from './instrument.js';

export interface BreadcrumbsOptions {
  clicks?: boolean | undefined;
  console?: boolean | undefined;
}

export function breadcrumbs({ clicks = true, console: logs = true }: BreadcrumbsOptions = {}): Instrument {
  return ({ trail }) => {
    const onClick = (event: Event) =>
      attempt(() => trail.add({ category: 'ui.click', message: describeElement(event.target as Element) }));
    const onLog = (level: 'warning' | 'error', words: unknown[]) =>
      attempt(() => trail.add({ category: 'console', message: words.map(word).join(' ').slice(0, 200), level }));
    const stops = [
      clicks && listen(document, 'click', onClick, true),
      logs && watchConsole('warn', (words) => onLog('warning', words)),
      logs && watchConsole('error', (words) => onLog('error', words)),
    ];
    return () => stops.forEach((stop) => stop && stop());
  };
}

function word(value: unknown): string {
  return value instanceof Error ? value.message : typeof value === 'object' ? '[object]' : String(value);
}

function watchConsole(name: 'warn' | 'error', report: (words: unknown[]) => void): () => void {
  const original = console[name];
  const watched = (...words: unknown[]): void => {
    report(words);
    original.apply(console, words);
  };
  console[name] = watched;
  return () => void (console[name] === watched ? (console[name] = original) : (report = () => {}));
}
