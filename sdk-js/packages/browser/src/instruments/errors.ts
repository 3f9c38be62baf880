/** Unhandled errors and rejections. The noise of extensions and of other origins' scripts is left out, and counted. */
import { attempt } from '../collector/attempt.js';
import { captureError } from '../errors/capture-error.js';
import { describeError } from '../errors/describe-error.js';
import { NOISE } from '../errors/noise.js';
import { watch, type Instrument } from './instrument.js';

export interface ErrorsOptions {
  unhandled?: boolean | undefined;
  rejections?: boolean | undefined;
  /** Record the noise too. */
  noise?: boolean | undefined;
  /** Hear of each error that was recorded. */
  onCapture?: ((thrown: unknown, errorId: string) => void) | undefined;
}

export function errors({ unhandled = true, rejections = true, noise, onCapture }: ErrorsOptions = {}): Instrument {
  return (collector) => {
    function capture(thrown: unknown, stack: string): void {
      const error = describeError(thrown);
      if (!noise && NOISE.test(error.message + error.stack + stack)) return collector.noteDropped('filtered', true);
      const errorId = captureError(thrown, { collector, handled: false, stack });
      onCapture?.(thrown, errorId);
    }
    // V8 keeps ten calls, which in a framework's code are all of the framework's.
    attempt(() => ((Error as { stackTraceLimit?: number }).stackTraceLimit = 50));
    return watch(window, {
      // A thrown primitive has no stack; the event says at least where.
      error: unhandled && (({ error, message, filename, lineno, colno }) => capture(error ?? message, `at ${filename}:${lineno}:${colno}`)),
      unhandledrejection: rejections && (({ reason }) => capture(reason, '')),
    });
  };
}
