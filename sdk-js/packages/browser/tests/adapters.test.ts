/** Each adapter against the real library, at its current version. */
import { MutationObserver, QueryClient } from '@tanstack/query-core';
import axios, { type AxiosAdapter } from 'axios';
import axiosRetry from 'axios-retry';
import { ConsecutiveBreaker, ConstantBackoff, circuitBreaker, handleAll, retry } from 'cockatiel';
import pRetry from 'p-retry';
import { beforeEach, describe, expect, it } from 'vitest';
import { observeAxios } from '../src/adapters/axios.js';
import { observePolicy } from '../src/adapters/cockatiel.js';
import { observePRetry } from '../src/adapters/p-retry.js';
import { observeQueryClient } from '../src/adapters/tanstack-query.js';
import { createRecorder, type Recorder } from './recorder.js';

let recorder: Recorder;
beforeEach(() => {
  recorder = createRecorder();
});

/** Fails so many times, then answers. */
function flaky(failures: number): () => Promise<string> {
  return async () => {
    if (failures-- > 0) throw new Error('not yet');
    return 'done';
  };
}

describe('TanStack Query', () => {
  function client(): QueryClient {
    const made = new QueryClient({ defaultOptions: { queries: { retry: 2, retryDelay: 1 }, mutations: { retry: 0, retryDelay: 1 } } });
    observeQueryClient(made, { collector: recorder.collector });
    return made;
  }

  it('tells each retry of a query and that it recovered', async () => {
    await client().fetchQuery({ queryKey: ['orders', 17], queryFn: flaky(2), meta: { component: 'OrderList' } });
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_success']);
    expect(recorder.events()[0]!.component).toBe('OrderList');
    expect(recorder.of('retry_attempt')[0]).toEqual({ api_endpoint: 'orders', retry_count: 1, backoff_ms: 1 });
    expect(recorder.of('retry_success')[0]).toMatchObject({ retry_count: 2, total_duration_ms: expect.any(Number) });
  });

  it('tells when the last retry of a query failed', async () => {
    await expect(client().fetchQuery({ queryKey: ['orders'], queryFn: flaky(9) })).rejects.toThrow();
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_failure']);
    expect(recorder.of('retry_failure')[0]).toMatchObject({ final_error: 'not yet', retry_count: 2 });
  });

  it('says nothing about a query that works at once', async () => {
    await client().fetchQuery({ queryKey: ['a'], queryFn: flaky(0) });
    expect(recorder.types()).toEqual([]);
  });

  function likeMutation(queries: QueryClient, mutationFn: () => Promise<string>, options: { retry?: number } = {}) {
    return new MutationObserver<string, Error, void, { before: unknown }>(queries, {
      mutationKey: ['like'],
      meta: { component: 'LikeButton' },
      mutationFn,
      ...options,
      onMutate: async () => {
        await queries.cancelQueries({ queryKey: ['post'] });
        const before = queries.getQueryData(['post']);
        queries.setQueryData(['post'], { liked: true });
        return { before };
      },
      onError: (_error, _variables, context) => {
        queries.setQueryData(['post'], context?.before);
      },
    });
  }

  it('tells an optimistic write and that it held', async () => {
    const queries = client();
    queries.setQueryData(['post'], { liked: false });
    await likeMutation(queries, flaky(0)).mutate();
    expect(recorder.types()).toEqual(['optimistic_action_start', 'optimistic_action_success']);
    const ids = recorder.events().map(({ metadata }) => metadata!.action_id);
    expect(ids[0]).toBe(ids[1]);
  });

  it('tells an optimistic write and its rollback', async () => {
    const queries = client();
    queries.setQueryData(['post'], { liked: false });
    await expect(likeMutation(queries, flaky(1)).mutate()).rejects.toThrow();
    expect(recorder.types()).toEqual(['optimistic_action_start', 'optimistic_action_rollback']);
    expect(recorder.of('optimistic_action_rollback')[0]).toMatchObject({ rollback_reason: 'not yet', rollback_ms: expect.any(Number) });
    expect(recorder.events()[1]!.component).toBe('LikeButton');
    expect(queries.getQueryData(['post'])).toEqual({ liked: false });
  });

  it('tells the retries in between', async () => {
    const queries = client();
    await likeMutation(queries, flaky(1), { retry: 1 }).mutate();
    expect(recorder.types()).toEqual(['optimistic_action_start', 'retry_attempt', 'optimistic_action_success', 'retry_success']);
  });

  it('keeps two mutations at once apart', async () => {
    const queries = client();
    const results = await Promise.allSettled([likeMutation(queries, flaky(0)).mutate(), likeMutation(queries, flaky(1)).mutate()]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(recorder.types().sort()).toEqual(['optimistic_action_rollback', 'optimistic_action_start', 'optimistic_action_start', 'optimistic_action_success']);
  });

  it('takes no write outside a mutation for an optimistic one', async () => {
    const queries = client();
    queries.setQueryData(['post'], 1);
    await new MutationObserver(queries, { mutationFn: async () => queries.setQueryData(['post'], 2) }).mutate();
    expect(recorder.types()).toEqual([]);
  });
});

describe('axios with axios-retry', () => {
  function instance(failures: number) {
    const adapter: AxiosAdapter = async (config) => {
      const isBad = failures-- > 0;
      const response = { data: {}, status: isBad ? 503 : 200, statusText: '', headers: {}, config };
      if (isBad) throw new axios.AxiosError('bad', 'ERR_BAD_RESPONSE', config, null, response);
      return response;
    };
    const made = axios.create({ baseURL: 'https://api.test/v1', adapter });
    axiosRetry(made, { retries: 3, retryDelay: () => 1 });
    observeAxios(made, { component: 'Cart', collector: recorder.collector });
    return made;
  }

  it('tells each retry once, and one recovery', async () => {
    await instance(2).get('/orders/123456');
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_success']);
    expect(recorder.of('retry_success')[0]).toMatchObject({ api_endpoint: 'https://api.test/v1/orders/[id]', retry_count: 2 });
  });

  it('tells one failure at the end', async () => {
    await expect(instance(9).get('/orders')).rejects.toThrow();
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_attempt', 'retry_failure']);
  });

  it('says nothing about a call that works at once', async () => {
    await instance(0).get('/orders');
    expect(recorder.types()).toEqual([]);
  });
});

describe('p-retry', () => {
  const observed = () => observePRetry(pRetry, { component: 'Upload', endpoint: '/api/files', collector: recorder.collector });

  it('tells the retries and the recovery, and passes the result on', async () => {
    await expect(observed()(flaky(2), { retries: 3, minTimeout: 1 })).resolves.toBe('done');
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_success']);
  });

  it('tells a failure once, although the library reports the last attempt too', async () => {
    const seen: number[] = [];
    const call = observed()(flaky(9), { retries: 2, minTimeout: 1, onFailedAttempt: ({ attemptNumber }) => void seen.push(attemptNumber) });
    await expect(call).rejects.toThrow('not yet');
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_attempt', 'retry_failure']);
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('cockatiel', () => {
  it('tells the retries and the recovery of two calls at once, each its own', async () => {
    const policy = observePolicy(retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1) }), { component: 'Search', collector: recorder.collector });
    await Promise.all([policy.execute(flaky(1)), policy.execute(flaky(2))]);
    expect(recorder.of('retry_attempt').map(({ retry_count }) => retry_count).sort()).toEqual([1, 1, 2]);
    expect(recorder.of('retry_success').map(({ retry_count }) => retry_count).sort()).toEqual([1, 2]);
  });

  it('tells when it gave up', async () => {
    const policy = observePolicy(retry(handleAll, { maxAttempts: 1, backoff: new ConstantBackoff(1) }), { collector: recorder.collector });
    await expect(policy.execute(flaky(9))).rejects.toThrow();
    expect(recorder.types()).toEqual(['retry_attempt', 'retry_failure']);
  });

  it('tells when a circuit opens', async () => {
    const policy = observePolicy(circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(2) }), { component: 'Pay', collector: recorder.collector });
    for (let n = 0; n < 2; n++) await policy.execute(flaky(1)).catch(() => {});
    expect(recorder.events().map(({ type, action }) => [type, action])).toEqual([['circuit_state', 'open']]);
  });
});
