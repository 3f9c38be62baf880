/** The shop in a real browser against a real server: each signal of B and each metric of C, and exactly those. */
import type { Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error the shop is plain JavaScript
import { createShop } from '../../examples/shop/web/serve.mjs';
import { launch } from './browser.js';
import { counts, pause, startServer, type HoldfastServer, type StoredEvent } from './server.js';

let holdfast: HoldfastServer;
let shop: Server;
let address: string;
let browser: Browser;
let page: Page;
let problems: string[];

beforeAll(async () => {
  holdfast = await startServer();
  shop = createShop({ endpoint: holdfast.url, key: holdfast.key });
  await new Promise<void>((done) => shop.listen(0, 'localhost', done));
  address = `http://localhost:${(shop.address() as { port: number }).port}`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  shop?.close();
  await holdfast?.stop();
});
beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
  problems = [];
  page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
});
afterEach(async () => {
  await page.context().close();
});

/** The visit begins with the first flush. */
async function session(): Promise<string> {
  const stored = await page.waitForFunction(() => localStorage.getItem('holdfast:session'));
  return ((await stored.jsonValue()) as string).split(' ')[0]!;
}

/** Everything of this page's session once it has arrived; navigation away flushes it. */
async function all(test: (events: StoredEvent[]) => boolean): Promise<StoredEvent[]> {
  const id = await session();
  await page.goto('about:blank');
  return holdfast.until(test, `&session=${id}`);
}

const issues = async () => (await holdfast.get('/api/errors?limit=50')).errors;

/** What every page brings by itself, which the tests below are not about. */
const OWN = ['page_view', 'api_latency', 'performance', 'loading_skeleton_shown', 'loading_skeleton_hidden'];
const rest = (events: StoredEvent[]) => counts(events.filter(({ type }) => !OWN.includes(type)));
const has = (...types: string[]) => (events: StoredEvent[]) => types.every((type) => events.some((event) => event.type === type));

describe('by itself', () => {
  it('records the page, each navigation, each request and the skeleton, once each', async () => {
    await page.goto(address);
    await page.getByText('Anchor').waitFor();
    await page.getByText('Order 8812').click();
    await page.getByText('Checkout').first().click();
    const events = await all((seen) => seen.filter(({ type }) => type === 'page_view').length >= 3);
    expect(events.filter(({ type }) => type === 'page_view').map((event) => [event.page, event.metadata.referrer])).toEqual([
      ['/', undefined],
      ['/orders/[id]', '/'],
      ['/checkout', '/orders/[id]'],
    ]);
    const latency = events.filter(({ type }) => type === 'api_latency');
    expect(latency).toHaveLength(1);
    expect(latency[0]).toMatchObject({ method: 'GET', status: 200 });
    expect(latency[0]!.duration).toBeGreaterThanOrEqual(50);
    const shown = events.filter(({ type }) => type.startsWith('loading_skeleton'));
    expect(shown.map(({ type, component }) => [type, component])).toEqual([['loading_skeleton_shown', 'Catalogue'], ['loading_skeleton_hidden', 'Catalogue']]);
    expect(shown[1]!.metadata.duration_ms).toBeGreaterThan(40);
    expect(problems).toEqual([]);
  });

  it('records the Core Web Vitals', async () => {
    await page.goto(address + '/lab');
    await page.getByText('Lab').first().waitFor();
    await page.getByRole('button', { name: 'Block the page' }).click();
    // web-vitals looks at interactions when the page is idle, at the latest after a second.
    await pause(1_600);
    const events = await all((seen) => ['LCP', 'CLS', 'INP', 'FCP', 'TTFB'].every((name) => seen.some((event) => event.name === name)));
    const vitals = events.filter(({ type }) => type === 'performance');
    const names = vitals.map(({ name }) => name).filter((name) => name !== 'long_task').sort();
    expect(names).toEqual(['CLS', 'FCP', 'FID', 'INP', 'LCP', 'TTFB']);
    expect(vitals.find(({ name }) => name === 'CLS')!.unit).toBe('score');
    expect(vitals.find(({ name }) => name === 'INP')!.value).toBeGreaterThanOrEqual(240);
    expect(rest(events)).toEqual({});
  });

  it('records unhandled errors and rejections with their breadcrumbs', async () => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: 'Throw' }).click();
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByRole('button', { name: 'Handled' }).click();
    await page.getByText('handled', { exact: true }).waitFor();
    const events = await all((seen) => seen.filter(({ type }) => type === 'error').length >= 3);
    expect(rest(events)).toEqual({ error: 3 });
    await expect.poll(issues, { timeout: 10_000 }).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ errorType: 'RangeError', message: 'thrown in a click', severity: 'error', frequency: 1 }),
        expect.objectContaining({ errorType: 'Error', message: 'nobody caught this', severity: 'error', frequency: 1 }),
        expect.objectContaining({ errorType: 'Error', message: 'handled', severity: 'warning', frequency: 1 }),
      ]),
    );
  });

  it('brings all of an error: 50 breadcrumbs, 50 calls and the build of its script, below 10 KB', async () => {
    const bodies: Buffer[] = [];
    page.on('request', (request) => request.url().includes('/api/telemetry') && bodies.push(request.postDataBuffer()!));
    await page.goto(address + '/lab');
    const src = await page.evaluate(() => {
      const { src: script } = document.querySelector<HTMLScriptElement>('script[type=module]')!;
      (window as any)._sentryDebugIds = { [`Error\n    at ${script}:1:1`]: '5f0d0d6b-6c2f-4c55-9d0a-6fa1d4d3a111' };
      return script;
    });
    await page.getByRole('button', { name: 'Fail deep down' }).click();
    const rows = () => holdfast.query("SELECT breadcrumbs, stack FROM errors WHERE error_type = 'SyntaxError'");
    await expect.poll(async () => (await rows()).length, { timeout: 10_000 }).toBe(1);
    const [breadcrumbs, stack] = (await rows())[0]!;
    expect(JSON.parse(breadcrumbs).map(({ data }: any) => data.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(stack.split('\n').length).toBe(51);
    expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThan(10_000);
    const plain = bodies.map((body) => JSON.parse((body[0] === 0x1f ? gunzipSync(body) : body).toString()));
    const error = plain.flatMap(({ events }) => events).find(({ type }) => type === 'error');
    expect(error.metadata.debugImages).toEqual([{ code_file: src, debug_id: '5f0d0d6b-6c2f-4c55-9d0a-6fa1d4d3a111' }]);
  });

  it('records rage clicks and dead clicks', async () => {
    await page.goto(address + '/lab');
    const dead = page.getByRole('button', { name: 'Does nothing' });
    for (let n = 0; n < 4; n++) await dead.click({ delay: 5 });
    await pause(2_500);
    const events = await all((seen) => seen.filter(({ type }) => type === 'user_action').length >= 2);
    const actions = events.filter(({ type }) => type === 'user_action').map(({ action, metadata }) => [action, metadata.clicks]).sort();
    expect(actions).toEqual([['dead_click', undefined], ['rage_click', 4]]);
  });

  it('records work that blocks the page', async () => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: 'Block the page' }).click();
    await pause(500);
    const blocked = ({ name, value = 0 }: StoredEvent) => name === 'long_task' && value >= 240;
    const events = await all((seen) => seen.some(blocked));
    expect(events.filter(blocked).length).toBeGreaterThanOrEqual(1);
  });
});

describe("document B's signals", () => {
  it('optimistic action that held, and the clicks that came too often', async () => {
    await page.goto(address + '/checkout');
    const pay = page.getByRole('button', { name: 'Pay', exact: true });
    await pay.dblclick();
    await page.getByText('Paid', { exact: true }).waitFor();
    await pause(150);
    await pay.click();
    await pause(100);
    const events = await all(has('optimistic_action_success'));
    expect(rest(events)).toEqual({ optimistic_action_start: 1, optimistic_action_success: 1, click_suppressed: 2 });
    const reasons = events.filter(({ type }) => type === 'click_suppressed').map(({ metadata }) => metadata.suppression_reason);
    expect(reasons).toEqual(['already_processing', 'too_soon']);
  });

  it('optimistic action that was rolled back', async () => {
    await page.goto(address + '/checkout');
    await page.getByRole('button', { name: /declined/ }).click();
    await page.getByRole('alert').waitFor();
    const events = await all(has('optimistic_action_rollback'));
    expect(rest(events)).toEqual({ optimistic_action_start: 1, optimistic_action_rollback: 1 });
    const rollback = events.find(({ type }) => type === 'optimistic_action_rollback')!;
    expect(rollback.component).toBe('PaymentButton');
    expect(rollback.metadata).toMatchObject({ action_id: expect.any(String), rollback_reason: 'The shop answered 402' });
    expect(rollback.metadata.duration_ms).toBeGreaterThan(50);
  });

  it('error boundary that was triggered and recovered', async () => {
    await page.goto(address + '/checkout');
    await page.getByText('Break the recommendations').click();
    await page.getByText('Show recommendations again').click();
    await page.getByText('Break the recommendations').waitFor();
    await pause(1_300);
    const events = await all(has('error_boundary_recovered'));
    expect(rest(events)).toEqual({ error_boundary_triggered: 1, error_boundary_recovered: 1, error: 1 });
    expect(events.find(({ type }) => type === 'error_boundary_recovered')!.metadata).toMatchObject({
      error_type: 'TypeError',
      recovery_method: 'retry',
      recovery_time_ms: expect.any(Number),
    });
  });
});

describe('a control that is made anew by its own click', () => {
  it('records the duplicate that ran', async () => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: 'Buy', exact: true }).click();
    await page.getByRole('button', { name: 'Buy', exact: true }).click();
    const events = await all(has('duplicate_leaked'));
    expect(rest(events)).toEqual({ duplicate_leaked: 1 });
    const leaked = events.find(({ type }) => type === 'duplicate_leaked')!;
    expect(leaked).toMatchObject({ component: 'BuyButton', metadata: { since_last_ms: expect.any(Number) } });
    expect(leaked.metadata.since_last_ms).toBeLessThan(2_000);
  });
});

describe('without code', () => {
  it('TanStack Query: a write that held and one that was rolled back', async () => {
    await page.goto(address);
    await page.getByText('Anchor').waitFor();
    const like = (good: string) => page.getByRole('listitem').filter({ hasText: good }).getByRole('button', { name: /Like/ });
    await like('Rope').click();
    await pause(200);
    await like('Anchor').click();
    await pause(200);
    const events = await all(has('optimistic_action_rollback'));
    expect(rest(events)).toEqual({ optimistic_action_start: 2, optimistic_action_success: 1, optimistic_action_rollback: 1 });
    expect(events.find(({ type }) => type === 'optimistic_action_rollback')!.component).toBe('LikeButton');
  });

  it.each(['axios-retry', 'p-retry', 'cockatiel'])('%s: a retry that recovered', async (library) => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: library, exact: true }).click();
    await page.getByText(library.replace('axios-retry', 'axios'), { exact: true }).last().waitFor();
    await pause(400);
    const events = await all(has('retry_success'));
    expect(rest(events)).toEqual({ retry_attempt: 1, retry_success: 1 });
    expect(events.find(({ type }) => type === 'retry_success')!.metadata).toMatchObject({ retry_count: 1, api_endpoint: '/shop-api/flaky' });
  });

  it.each([
    ['axios-retry', 'axios', 'Request failed with status code 503'],
    ['p-retry', 'p-retry', 'The shop answered 503'],
    ['cockatiel', 'cockatiel', 'The shop answered 503'],
  ])('%s: retries in vain', async (library, said, final_error) => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: library + ', in vain' }).click();
    await page.getByLabel('Last trouble').getByText(said, { exact: true }).waitFor();
    const events = await all(has('retry_failure'));
    expect(rest(events)).toEqual({ retry_attempt: 2, retry_failure: 1 });
    const failure = events.find(({ type }) => type === 'retry_failure')!;
    expect(failure.metadata).toMatchObject({ retry_count: 2, api_endpoint: '/shop-api/down', total_duration_ms: expect.any(Number), final_error });
    expect(failure.component).toBe({ 'axios-retry': 'AxiosLab', 'p-retry': 'PRetryLab', cockatiel: 'CockatielLab' }[library]);
  });

  it('react-error-boundary: a crash and the way out of it', async () => {
    await page.goto(address + '/lab');
    await page.getByRole('button', { name: 'Break' }).click();
    await page.getByRole('button', { name: 'Mend' }).click();
    await pause(1_300);
    const events = await all(has('error_boundary_recovered'));
    expect(rest(events)).toEqual({ error_boundary_triggered: 1, error_boundary_recovered: 1, error: 1 });
  });
});

describe("document C's metrics by hand", () => {
  it('stand in the API as they were recorded', async () => {
    await page.goto(address + '/lab');
    for (const name of ['Page view', 'Latency', 'Error', 'User action', 'Performance', 'Measure']) await page.getByRole('button', { name, exact: true }).click();
    await page.getByText('measure', { exact: true }).waitFor();
    const events = await all((seen) => seen.some(({ name }) => name === 'search.results'));
    const one = (test: (event: StoredEvent) => boolean) => {
      const found = events.filter(test);
      expect(found).toHaveLength(1);
      return found[0];
    };
    expect(one(({ type, page: at }) => type === 'page_view' && at === '/lab/by-hand')).toMatchObject({ metadata: { source: 'lab' } });
    expect(one(({ type }) => type === 'api_latency')).toMatchObject({ name: 'orders.select', duration: 150, status: 200, page: '/lab' });
    expect(one(({ type }) => type === 'user_action')).toMatchObject({ action: 'add_to_cart', metadata: { itemId: 3 } });
    expect(one(({ name, value }) => name === 'LCP' && value === 1200)).toMatchObject({ type: 'performance', unit: 'ms' });
    expect(one(({ name }) => name === 'search.results')).toMatchObject({ type: 'performance', value: 42, unit: 'items' });
    expect(rest(events)).toEqual({ error: 1, user_action: 1 });
    await expect.poll(issues, { timeout: 10_000 }).toEqual(
      expect.arrayContaining([expect.objectContaining({ errorType: 'fetch_error', message: 'Network timeout', frequency: 1 })]),
    );
  });
});

describe('the report button', () => {
  it('asks, sends, thanks and gives the focus back, by keyboard alone', async () => {
    await page.goto(address + '/checkout');
    await page.getByRole('button', { name: 'Report a problem' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Report a problem');
    expect(problems).toEqual([]);
  });
});
