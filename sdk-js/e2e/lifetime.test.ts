/** Pages that close, networks that go, tabs side by side, servers that die: what arrives is exactly what happened. */
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './browser.js';
import { pause, startServer, type HoldfastServer } from './server.js';

const SCRIPT = new URL('../packages/browser/dist/holdfast.min.js', import.meta.url);

let holdfast: HoldfastServer;
let site: Server;
let address: string;
let browser: Browser;
let context: BrowserContext;
let problems: string[];

beforeAll(async () => {
  holdfast = await startServer();
  site = createServer((request, response) => {
    response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self' 'nonce-page'; connect-src ${holdfast.url}; style-src 'self'`);
    if (request.url === '/sdk/holdfast.js') {
      response.setHeader('Content-Type', 'text/javascript');
      return response.end(readFileSync(SCRIPT));
    }
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><title>page</title><script src="/sdk/holdfast.js" data-key="${holdfast.key}" data-endpoint="${holdfast.url}"
      data-page-views="false" data-web-vitals="false" data-long-tasks="false"></script><p>page</p>`);
  });
  await new Promise<void>((done) => site.listen(0, 'localhost', done));
  address = `http://localhost:${(site.address() as { port: number }).port}`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  await holdfast?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  problems = [];
});
afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

async function open(): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(address);
  return page;
}

/** Track numbered events of a type that only this test uses. */
function track(page: Page, type: string, from: number, count: number): Promise<void> {
  return page.evaluate(
    ([name, first, many]) => {
      for (let n = 0; n < many; n++) (window as any).holdfast.getCollector().track({ type: name, value: first + n });
    },
    [type, from, count] as const,
  );
}

/** Waits for all, and a little longer for one too many. */
async function values(type: string, count: number): Promise<number[]> {
  await holdfast.until((events) => events.length >= count, `&type=${type}`);
  await pause(1_500);
  return (await holdfast.events(`&type=${type}`)).map(({ value }) => value ?? 0).sort((a, b) => a - b);
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('counts are exact', () => {
  it('when the page is closed at once', async () => {
    const page = await open();
    await track(page, 'closing', 0, 33);
    await page.close({ runBeforeUnload: false });
    expect(await values('closing', 33)).toEqual(numbers(33));
  });

  it('when the page navigates away in the middle of a flush, and the next page sends what is unsure again', async () => {
    const page = await open();
    await track(page, 'leaving', 0, 50);
    await page.evaluate(() => void (window as any).holdfast.getCollector().flush());
    await page.goto(address);
    await pause(13_000);
    expect(await values('leaving', 50)).toEqual(numbers(50));
  });

  it('when the browser is offline for a while', async () => {
    const page = await open();
    await context.setOffline(true);
    await track(page, 'offline', 0, 45);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    await pause(500);
    await context.setOffline(false);
    expect(await values('offline', 45)).toEqual(numbers(45));
  });

  it('when the page was closed offline and another is opened online', async () => {
    const page = await open();
    const other = await context.newPage();
    await context.setOffline(true);
    await track(page, 'shelved', 0, 12);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    await page.close({ runBeforeUnload: false });
    await context.setOffline(false);
    await other.goto(address);
    expect(await values('shelved', 12)).toEqual(numbers(12));
  });

  it('when two tabs share one backlog, and one session', async () => {
    const first = await open();
    await first.evaluate(() => (window as any).holdfast.getCollector().getSessionId());
    const second = await open();
    await context.setOffline(true);
    await Promise.all([track(first, 'tabs', 0, 60), track(second, 'tabs', 60, 60)]);
    await Promise.all([first, second].map((page) => page.evaluate(() => (window as any).holdfast.getCollector().flush())));
    await context.setOffline(false);
    expect(await values('tabs', 120)).toEqual(numbers(120));
    const sessions = new Set((await holdfast.events('&type=tabs')).map(({ sessionId }) => sessionId));
    expect(sessions.size).toBe(1);
  });

  it('when the server is killed and started again', async () => {
    const page = await open();
    await track(page, 'killed', 0, 20);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    await holdfast.kill();
    await track(page, 'killed', 20, 20);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    await holdfast.start();
    await pause(8_000);
    expect(await values('killed', 40)).toEqual(numbers(40));
  });

  it('when storage is forbidden', async () => {
    await context.addInitScript(() => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('denied', 'SecurityError'); } }));
    const page = await open();
    await track(page, 'forbidden', 0, 25);
    await page.close({ runBeforeUnload: false });
    expect(await values('forbidden', 25)).toEqual(numbers(25));
  });

  it('when storage is full', async () => {
    const page = await open();
    await page.evaluate(() => {
      let size = 1_000_000;
      for (let n = 0; size > 1; ) {
        try {
          localStorage.setItem('app' + n++, 'x'.repeat(size));
        } catch {
          size >>= 1;
        }
      }
    });
    await track(page, 'full', 0, 25);
    await page.close({ runBeforeUnload: false });
    expect(await values('full', 25)).toEqual(numbers(25));
  });
});

describe('consent', () => {
  it('denied: nothing leaves and nothing is kept, on the next page neither', async () => {
    const page = await open();
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url()));
    await page.evaluate(() => (window as any).holdfast.setConsent(false));
    await track(page, 'denied', 0, 30);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    await page.reload();
    await track(page, 'denied', 30, 30);
    await page.evaluate(() => (window as any).holdfast.getCollector().flush());
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['telemetry-consent']);
    expect(sent.filter((url) => url.includes('/api/'))).toEqual([]);
  });
});
