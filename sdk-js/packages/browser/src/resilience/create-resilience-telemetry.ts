/** The resilience signals of document B, one method each. Every signal names the component that speaks. */
import type { TelemetryCollector } from '../collector/collector.js';
import { newId } from '../collector/ids.js';
import { describeError } from '../errors/describe-error.js';
import { getCollector } from '../shared-collector.js';

export type SuppressionReason = 'already_processing' | 'too_soon';

export interface ResilienceTracker {
  optimisticActionStart(component: string, actionId: string): void;
  optimisticActionSuccess(component: string, actionId: string, durationMs: number): void;
  /** `rollbackMs` is how long it took to put the old state back; `durationMs` counts from the start of the action. */
  optimisticActionRollback(component: string, actionId: string, durationMs: number, reason?: string, rollbackMs?: number): void;
  retryAttempt(component: string, apiEndpoint: string, retryCount: number, backoffMs: number): void;
  retrySuccess(component: string, apiEndpoint: string, retryCount: number, totalDurationMs: number): void;
  retryFailure(component: string, apiEndpoint: string, retryCount: number, totalDurationMs: number, finalError?: unknown): void;
  errorBoundaryTriggered(component: string, error: unknown): void;
  errorBoundaryRecovered(component: string, error: unknown, recoveryMethod: string, recoveryTimeMs: number): void;
  loadingSkeletonShown(component: string): void;
  loadingSkeletonHidden(component: string, durationMs: number): void;
  clickSuppressed(component: string, reason: SuppressionReason): void;
  /** A duplicate that ran all the same: a bug in the debouncing. */
  duplicateLeaked(component: string, sinceLastMs: number): void;
}

export interface ResilienceTelemetry {
  setUserId(userId: string | null | undefined): void;
  track: ResilienceTracker;
}

export function createResilienceTelemetry(collector: TelemetryCollector = getCollector()): ResilienceTelemetry {
  function send(type: string, component: string, metadata: Record<string, unknown>, duration?: number): void {
    collector.track({ type, component, duration, metadata });
  }
  return {
    setUserId: (userId) => collector.setUserId(userId),
    track: { ...actionSignals(send), ...retrySignals(send), ...interfaceSignals(send) },
  };
}

/** The id of one optimistic action, which ties its start to its end. */
export const newActionId = newId;

type Send = (type: string, component: string, metadata: Record<string, unknown>, duration?: number) => void;

function actionSignals(send: Send) {
  return {
    optimisticActionStart: (component: string, action_id: string) => send('optimistic_action_start', component, { action_id }),
    optimisticActionSuccess: (component: string, action_id: string, duration_ms: number) =>
      send('optimistic_action_success', component, { action_id, duration_ms }, duration_ms),
    optimisticActionRollback(component: string, action_id: string, duration_ms: number, rollback_reason?: string, rollback_ms?: number) {
      send('optimistic_action_rollback', component, { action_id, duration_ms, rollback_reason, rollback_ms }, duration_ms);
    },
  };
}

function retrySignals(send: Send) {
  return {
    retryAttempt: (component: string, api_endpoint: string, retry_count: number, backoff_ms: number) =>
      send('retry_attempt', component, { api_endpoint, retry_count, backoff_ms }),
    retrySuccess: (component: string, api_endpoint: string, retry_count: number, total_duration_ms: number) =>
      send('retry_success', component, { api_endpoint, retry_count, total_duration_ms }, total_duration_ms),
    retryFailure(component: string, api_endpoint: string, retry_count: number, total_duration_ms: number, error?: unknown) {
      const final_error = error === undefined ? undefined : describeError(error).message;
      send('retry_failure', component, { api_endpoint, retry_count, total_duration_ms, final_error }, total_duration_ms);
    },
  };
}

function interfaceSignals(send: Send) {
  const kind = (error: unknown) => {
    const { errorType, message } = describeError(error);
    return { error_type: errorType, error_message: message };
  };
  return {
    errorBoundaryTriggered: (component: string, error: unknown) => send('error_boundary_triggered', component, kind(error)),
    errorBoundaryRecovered: (component: string, error: unknown, recovery_method: string, recovery_time_ms: number) =>
      send('error_boundary_recovered', component, { ...kind(error), recovery_method, recovery_time_ms }, recovery_time_ms),
    loadingSkeletonShown: (component: string) => send('loading_skeleton_shown', component, {}),
    loadingSkeletonHidden: (component: string, duration_ms: number) => send('loading_skeleton_hidden', component, { duration_ms }, duration_ms),
    clickSuppressed: (component: string, suppression_reason: SuppressionReason) => send('click_suppressed', component, { suppression_reason }),
    duplicateLeaked: (component: string, since_last_ms: number) => send('duplicate_leaked', component, { since_last_ms }),
  };
}
