/** Unhandled errors and rejections. The noise of extensions and of other origins' scripts is left out, and counted. */
import { captureError } from '../errors/capture-error.js';
import { describeError } from '../errors/describe-error.js';
import { isNoise } from '../errors/noise.js';
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
      if (!noise && isNoise(error.message, error.stack + stack)) return collector.noteDropped('filtered', true);
      const errorId = captureError(thrown, { collector, handled: false, stack });
      onCapture?.(thrown, errorId);
    }
    return watch(window, {
      // A thrown primitive has no stack; the event says at least where.
      error: unhandled && (({ error, message, filename, lineno, colno }) => capture(error ?? message, `at ${filename}:${lineno}:${colno}`)),
      unhandledrejection: rejections && (({ reason }) => capture(reason, '')),
    });
  };
}
