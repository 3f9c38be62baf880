/** The shop's faults on demand: each button makes one kind of trouble that the telemetry has to show. */
import { captureError, metrics } from '@holdfast/browser';
import { observeAxios } from '@holdfast/browser/axios';
import { observePolicy } from '@holdfast/browser/cockatiel';
import { observePRetry } from '@holdfast/browser/p-retry';
import { useDebouncedClickWithTelemetry } from '@holdfast/react';
import { observeErrorBoundary } from '@holdfast/react/react-error-boundary';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { ConstantBackoff, handleAll, retry } from 'cockatiel';
import pRetry from 'p-retry';
import { useState } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { collector } from './holdfast';
import { fetchJson } from './shop-api';

const client = axios.create();
axiosRetry(client, { retries: 2, retryDelay: () => 20 });
observeAxios(client, { component: 'AxiosLab' });

const retrying = observePRetry(pRetry, { component: 'PRetryLab', endpoint: '/shop-api/flaky' });
const failing = observePRetry(pRetry, { component: 'PRetryLab', endpoint: '/shop-api/down' });
const policy = observePolicy(retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(20) }), { component: 'CockatielLab', endpoint: '/shop-api/flaky' });
const failingPolicy = observePolicy(retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(20) }), { component: 'CockatielLab', endpoint: '/shop-api/down' });
const observed = observeErrorBoundary('LibraryBoundary');

/** Fails once for each id. */
const down = () => fetchJson('/shop-api/down');
const flaky = () => fetchJson(`/shop-api/flaky?id=${crypto.randomUUID()}`);
function flakyCall(): () => Promise<unknown> {
  const path = `/shop-api/flaky?id=${crypto.randomUUID()}`;
  return () => fetchJson(path);
}

export function Lab() {
  const [done, setDone] = useState('');
  const run = (name: string, work: () => unknown) => async () => {
    await Promise.resolve(work()).catch(() => undefined);
    setDone(name);
  };
  return (
    <>
      <h1>Lab</h1>
      <output aria-label="Last trouble">{done}</output>
      <fieldset>
        <legend>Retries</legend>
        <button onClick={run('axios', () => client.get(`/shop-api/flaky?id=${crypto.randomUUID()}`))}>axios-retry</button>
        <button onClick={run('p-retry', () => retrying(flakyCall(), { retries: 2, minTimeout: 20 }))}>p-retry</button>
        <button onClick={run('cockatiel', () => policy.execute(flakyCall()))}>cockatiel</button>
        <button onClick={run('axios', () => client.get('/shop-api/down'))}>axios-retry, in vain</button>
        <button onClick={run('p-retry', () => failing(down, { retries: 2, minTimeout: 20, factor: 1 }))}>p-retry, in vain</button>
        <button onClick={run('cockatiel', () => failingPolicy.execute(down))}>cockatiel, in vain</button>
      </fieldset>
      <fieldset>
        <legend>Errors</legend>
        <button onClick={() => { throw new RangeError('thrown in a click'); }}>Throw</button>
        <button onClick={() => void Promise.reject(new Error('nobody caught this'))}>Reject</button>
        <button onClick={run('handled', () => captureError(new Error('handled'), { collector, handled: true, severity: 'warning' }))}>Handled</button>
        <button onClick={run('deep', deep)}>Fail deep down</button>
        <button onClick={run('failed call', flaky)}>Failed call</button>
        <ErrorBoundary {...observed} fallbackRender={({ resetErrorBoundary }) => <button onClick={() => ((isBroken = false), resetErrorBoundary())}>Mend</button>}>
          <Fragile />
        </ErrorBoundary>
      </fieldset>
      <fieldset>
        <legend>Clicks</legend>
        <Forgetful />
      </fieldset>
      <fieldset>
        <legend>Metrics</legend>
        <button onClick={run('page view', () => metrics.recordPageView('/lab/by-hand', { source: 'lab' }))}>Page view</button>
        <button onClick={run('user action', () => metrics.recordUserAction('add_to_cart', { itemId: 3 }))}>User action</button>
        <button onClick={run('api', () => metrics.recordAPILatency('orders.select', 150, 200))}>Latency</button>
        <button onClick={run('error', () => metrics.recordError('fetch_error', 'Network timeout'))}>Error</button>
        <button onClick={run('performance', () => metrics.recordPerformance('LCP', 1200))}>Performance</button>
        <button onClick={run('measure', () => metrics.recordPerformance('search.results', 42, 'items'))}>Measure</button>
        <button onClick={run('block', block)}>Block the page</button>
        <button>Does nothing</button>
      </fieldset>
    </>
  );
}

/** Fifty things happened, and then something broke fifty calls down. */
function deep(): void {
  for (let n = 0; n < 50; n++) collector.trail.add({ category: 'lab', message: `opened the drawer number ${n}`, data: { n } });
  captureError(attempt(60), { collector, handled: true });
}

function attempt(depth: number): Error {
  return depth ? attempt(depth - 1) : new SyntaxError('deep down');
}

function block(): void {
  const end = performance.now() + 250;
  while (performance.now() < end);
}

/** Is made anew by its own click, as by a list whose keys change: what it knew of the first click is gone. */
function Forgetful() {
  const [key, setKey] = useState(0);
  return <Buy key={key} onBuy={() => setKey((n) => n + 1)} />;
}

function Buy({ onBuy }: { onBuy(): void }) {
  const buy = useDebouncedClickWithTelemetry(onBuy, { delay: 2_000, component: 'BuyButton' });
  return <button onClick={buy}>Buy</button>;
}

let isBroken = false;

function Fragile() {
  const [, redraw] = useState(0);
  if (isBroken) throw new TypeError('fragile broke');
  return <button onClick={() => ((isBroken = true), redraw((n) => n + 1))}>Break</button>;
}
