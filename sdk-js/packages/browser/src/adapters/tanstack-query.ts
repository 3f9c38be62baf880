/**
 * Retries, failures, optimistic writes and their rollbacks of TanStack Query, read from the caches' own events: one call
 * after the client is made, nothing to change in queries and mutations. `meta: { component }` names who speaks.
 */
import { getCollector } from '../shared-collector.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { routeOf } from '../collector/page.js';
import { createResilienceTelemetry, newActionId, type ResilienceTracker } from '../resilience/create-resilience-telemetry.js';
import { describeError } from '../errors/describe-error.js';

interface Action {
  type: string;
  manual?: boolean;
  failureCount?: number;
  error?: unknown;
  context?: unknown;
}

interface CacheEvent {
  type: string;
  action?: Action;
  query?: Source & { queryKey: readonly unknown[]; queryHash: string };
  mutation?: Source;
}

interface Source {
  options?: { retryDelay?: unknown; onMutate?: unknown; mutationKey?: readonly unknown[] | undefined };
  meta?: Record<string, unknown> | undefined;
}

export interface QueryClientLike {
  getQueryCache(): { subscribe(listener: (event: any) => void): () => void };
  getMutationCache(): { subscribe(listener: (event: any) => void): () => void };
}

/** A fetch or a mutation that is under way. */
interface Run {
  startedAt: number;
  failures: number;
}

interface Optimistic {
  actionId: string;
  startedAt: number;
  written: Set<string>;
  rollbackAt: number | undefined;
}

interface MutationRun extends Run {
  /** `onMutate` runs: what is written to the cache now is the optimistic state. */
  isMutating: boolean;
  optimistic: Optimistic | undefined;
}

/** The answer stops watching. */
export function observeQueryClient(client: QueryClientLike, settings: { collector?: TelemetryCollector } = {}): () => void {
  const { track } = createResilienceTelemetry(settings.collector ?? getCollector());
  const mutations = new Map<Source, MutationRun>();
  const stops = [
    client.getQueryCache().subscribe(watchQueries(track, (hash) => noteWrite(mutations, hash, track))),
    client.getMutationCache().subscribe(watchMutations(track, mutations)),
  ];
  return () => stops.forEach((stop) => stop());
}

function watchQueries(track: ResilienceTracker, onWrite: (hash: string) => void) {
  const runs = new Map<Source, Run>();
  return ({ type, query, action }: CacheEvent): void => {
    if (type !== 'updated' || !query || !action) return;
    if (action.type === 'success' && action.manual) return onWrite(query.queryHash);
    const key = keyText(query.queryKey);
    follow(track, runs, query, action, componentOf(query, key), key, 'fetch');
  };
}

function watchMutations(track: ResilienceTracker, runs: Map<Source, MutationRun>) {
  return ({ type, mutation, action }: CacheEvent): void => {
    if (type !== 'updated' || !mutation || !action) return;
    const key = keyText(mutation.options?.mutationKey ?? []);
    const component = componentOf(mutation, key);
    const known = runs.get(mutation);
    if (action.type === 'pending') {
      // The second one brings what `onMutate` returned; without `onMutate` there is only the first.
      if (known) known.isMutating = false;
      else runs.set(mutation, { startedAt: performance.now(), failures: 0, isMutating: !!mutation.options?.onMutate, optimistic: undefined });
      return;
    }
    if (known && action.type === 'failed') known.isMutating = false;
    if (known?.optimistic) endAction(track, component, known.optimistic, action);
    follow(track, runs, mutation, action, component, key);
  };
}

/** Counts the failures of one run, and tells how it ended. */
function follow(track: ResilienceTracker, runs: Map<Source, Run>, source: Source, action: Action, component: string, endpoint: string, startsWith?: string): void {
  if (action.type === startsWith) runs.set(source, { startedAt: performance.now(), failures: 0 });
  const run = runs.get(source);
  if (!run) return;
  const took = Math.round(performance.now() - run.startedAt);
  if (action.type === 'failed') {
    run.failures = action.failureCount ?? run.failures + 1;
    track.retryAttempt(component, endpoint, run.failures, backoffOf(source, run.failures - 1, action.error));
  } else if (action.type === 'success' || action.type === 'error') {
    runs.delete(source);
    if (!run.failures) return;
    if (action.type === 'success') track.retrySuccess(component, endpoint, run.failures, took);
    else track.retryFailure(component, endpoint, run.failures, took, action.error);
  }
}

/** A write by hand: the optimistic one, or the one that takes it back. */
function noteWrite(runs: Map<Source, MutationRun>, hash: string, track: ResilienceTracker): void {
  // Events don't say who writes. Of several in `onMutate`, they come to it in the order in which they began.
  const writers = [...runs].filter(([, run]) => run.isMutating);
  const writer = writers.find(([, run]) => !run.optimistic) ?? writers.at(-1);
  if (writer) return startAction(track, writer[0], writer[1], hash);
  for (const { optimistic } of runs.values()) if (optimistic?.written.has(hash)) optimistic.rollbackAt = performance.now();
}

function startAction(track: ResilienceTracker, mutation: Source, run: MutationRun, hash: string): void {
  if (!run.optimistic) {
    const component = componentOf(mutation, keyText(mutation.options?.mutationKey ?? []));
    run.optimistic = { actionId: newActionId(), startedAt: run.startedAt, written: new Set(), rollbackAt: undefined };
    track.optimisticActionStart(component, run.optimistic.actionId);
  }
  run.optimistic.written.add(hash);
}

function endAction(track: ResilienceTracker, component: string, { actionId, startedAt, rollbackAt }: Optimistic, action: Action): void {
  const now = performance.now();
  const took = Math.round(now - startedAt);
  if (action.type === 'success') track.optimisticActionSuccess(component, actionId, took);
  if (action.type !== 'error') return;
  const rollbackMs = rollbackAt === undefined ? undefined : Math.round(now - rollbackAt);
  track.optimisticActionRollback(component, actionId, took, describeError(action.error).message, rollbackMs);
}

function componentOf({ meta }: Source, key: string): string {
  return typeof meta?.component === 'string' ? meta.component : key || 'mutation';
}

/** The words of a key; its parameters may be anything, and stay out. */
function keyText(key: readonly unknown[]): string {
  return routeOf(key.filter((part) => typeof part === 'string').join('/'));
}

/** How long the library waits before it tries again: the given delay, or its own default. */
function backoffOf({ options }: Source, failures: number, error: unknown): number {
  const delay = options?.retryDelay ?? Math.min(1_000 * 2 ** failures, 30_000);
  return Math.round(Number(typeof delay === 'function' ? delay(failures, error) : delay) || 0);
}
