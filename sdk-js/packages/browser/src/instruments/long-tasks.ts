/** Work that held up the main thread: a `performance` event `long_task` each, at most ten a minute. */
import { whenIdle } from '../collector/attempt.js';
import type { Instrument } from './instrument.js';

const MOST_A_MINUTE = 10;

export function longTasks(thresholdMs = 100): Instrument {
  return (collector) => {
    if (typeof PerformanceObserver === 'undefined' || !PerformanceObserver.supportedEntryTypes?.includes('longtask')) return () => {};
    let minute = 0;
    let count = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration, startTime } of list.getEntries()) {
        if (duration < thresholdMs) continue;
        const current = Math.floor(startTime / 60_000);
        count = current === minute ? count + 1 : 1;
        minute = current;
        if (count > MOST_A_MINUTE) collector.noteDropped('limited');
        else collector.note({ type: 'performance', name: 'long_task', value: Math.round(duration), unit: 'ms' });
      }
    });
    whenIdle(() => observer.observe({ type: 'longtask', buffered: true }));
    return () => observer.disconnect();
  };
}
