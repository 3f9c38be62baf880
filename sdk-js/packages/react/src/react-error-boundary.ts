import { getCollector, type TelemetryCollector } from '@holdfast/browser';
import type { ErrorInfo } from 'react';
import { createBoundaryRecorder } from './boundary-recorder.js';

export interface ObservedBoundary {
  onError: (error: unknown, info: ErrorInfo) => void;
  onReset: (details: { reason: string }) => void;
}

/**
 * For `react-error-boundary`: `<ErrorBoundary {...observed} FallbackComponent={…}>` with `observed` made once per
 * boundary. Its `onReset` comes with every try, so a recovery is recorded only when no error follows.
 */
export function observeErrorBoundary(component: string, collector: TelemetryCollector = getCollector()): ObservedBoundary {
  const recorder = createBoundaryRecorder(component, collector);
  return {
    onError: (error, info) => recorder.caught(error, info.componentStack),
    onReset: ({ reason }) => recorder.resetting(reason === 'keys' ? 'reset_keys' : 'retry'),
  };
}
