/** The report dialog with its picture, as the server gets it: a small HTTP server stands where `/api/feedback` is. */
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './browser.js';

const DIST = new URL('../packages/browser/dist/', import.meta.url);
const FILES: Record<string, string> = { '/sdk/holdfast.js': 'holdfast.min.js', '/sdk/holdfast-screenshot.js': 'holdfast-screenshot.js' };

let site: Server;
let address: string;
let browser: Browser;
let reports: Record<string, any>[];
let status = 200;

beforeAll(async () => {
  site = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://site');
    response.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:");
    const file = FILES[pathname];
    if (file) {
      response.setHeader('Content-Type', 'text/javascript');
      return response.end(readFileSync(new URL(file, DIST)));
    }
    if (pathname.startsWith('/api/')) {
      let body = '';
      request.on('data', (text) => (body += text));
      return request.on('end', () => {
        if (pathname === '/api/feedback') reports.push(JSON.parse(body));
        response.writeHead(pathname === '/api/feedback' ? status : 200, { 'Content-Type': 'application/json' }).end('{"success":true,"errorId":"e1"}');
      });
    }
    response.setHeader('Content-Type', 'text/html');
    const name = searchParams.get('name') ?? 'Anna';
    response.end(`<!doctype html><title>account</title><script src="/sdk/holdfast.js" data-key="hf_pub_k"></script>
      <h1>Account</h1><p data-holdfast-private>${name}</p><input value="${name}"><p>public</p>`);
  });
  await new Promise<void>((done) => site.listen(0, 'localhost', done));
  address = `http://localhost:${(site.address() as { port: number }).port}`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  site?.close();
});
beforeEach(() => {
  reports = [];
  status = 200;
});

async function open(query = ''): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address + '/account' + query);
  await page.evaluate(() => void ((window as any).answer = (window as any).holdfast.reportBug()));
  await page.getByRole('dialog', { name: 'Report a problem' }).waitFor();
  return page;
}

async function send(page: Page, { picture }: { picture: boolean }): Promise<void> {
  await page.keyboard.type('The total is wrong');
  if (picture) await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Send report' }).click();
}

describe('reportBug', () => {
  it('sends the words, the page, the browser and what happened before', async () => {
    const page = await open();
    await send(page, { picture: false });
    expect(await page.evaluate(() => (window as any).answer)).toEqual({ success: true, errorId: 'e1' });
    expect(reports).toEqual([
      expect.objectContaining({ message: 'The total is wrong', page: '/account', url: address + '/account', userAgent: expect.stringContaining('Chrome'), breadcrumbs: expect.arrayContaining([expect.objectContaining({ category: 'navigation' })]) }),
    ]);
    expect(reports[0]!.screenshot).toBeUndefined();
  });

  it('attaches a picture that is the same whatever is private', async () => {
    for (const name of ['?name=Anna', '?name=Olga']) {
      const page = await open(name);
      await send(page, { picture: true });
      await page.evaluate(() => (window as any).answer);
    }
    expect(reports[0]!.screenshot).toMatch(/^data:image\/jpeg;base64,.{2000}/);
    expect(reports[0]!.screenshot).toBe(reports[1]!.screenshot);
  });

  it('asks for words before it sends', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Send report' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Describe what went wrong first.');
    expect(reports).toEqual([]);
  });

  it('keeps what was written when it could not be sent', async () => {
    status = 503;
    const page = await open();
    await send(page, { picture: false });
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('The report was not accepted. Try again in a moment.');
    expect(await page.getByLabel('What went wrong?').inputValue()).toBe('The total is wrong');
  });
});
