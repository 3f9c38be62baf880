/** The report dialog with its picture, as a real server keeps it: the feedback, its error, its picture. */
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './browser.js';
import { startServer, type HoldfastServer } from './server.js';

const DIST = new URL('../packages/browser/dist/', import.meta.url);
const FILES: Record<string, string> = { '/sdk/holdfast.js': 'holdfast.min.js', '/sdk/holdfast-screenshot.js': 'holdfast-screenshot.js' };

let holdfast: HoldfastServer;
let site: Server;
let address: string;
let browser: Browser;

beforeAll(async () => {
  holdfast = await startServer();
  site = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://site');
    response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self'; connect-src 'self' ${holdfast.url}; style-src 'self'; img-src 'self' data:`);
    const file = FILES[pathname];
    if (file) {
      response.setHeader('Content-Type', 'text/javascript');
      return response.end(readFileSync(new URL(file, DIST)));
    }
    response.setHeader('Content-Type', 'text/html');
    const name = searchParams.get('name') ?? 'Anna';
    response.end(`<!doctype html><title>account</title>
      <script src="/sdk/holdfast.js" data-key="${holdfast.key}" data-endpoint="${holdfast.url}" data-release="2.1" data-environment="e2e"></script>
      <h1>Account</h1><p data-holdfast-private>${name}</p><input value="${name}"><p>public</p>`);
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

const answerOf = (page: Page): Promise<any> => page.evaluate(() => (window as any).answer);
const count = async () => (await holdfast.get('/api/feedback')).feedback.length;

async function pictureOf(id: string): Promise<{ type: string | null; text: string }> {
  const answer = await fetch(`${holdfast.url}/api/feedback/${id}/screenshot`, { headers: { Authorization: `Bearer ${holdfast.secret}` } });
  return { type: answer.headers.get('Content-Type'), text: Buffer.from(await answer.arrayBuffer()).toString('base64') };
}

describe('reportBug', () => {
  it('stores the words, the page, the browser and what happened before, with an error of its own', async () => {
    const page = await open();
    await page.evaluate(() => (window as any).holdfast.setUserId('anna-7'));
    await send(page, { picture: false });
    const answer = await answerOf(page);
    expect(answer).toEqual({ success: true, feedbackId: expect.any(String), errorId: expect.any(String) });
    const session = await page.evaluate(() => (window as any).holdfast.getCollector().getSessionId());
    expect(await holdfast.get(`/api/feedback/${answer.feedbackId}`)).toMatchObject({
      message: 'The total is wrong',
      page: '/account',
      url: address + '/account',
      userAgent: expect.stringContaining('Chrome'),
      sessionId: session,
      userId: 'anna-7',
      release: '2.1',
      environment: 'e2e',
      errorId: answer.errorId,
      screenshot: null,
    });
    const linked = () => holdfast.get(`/api/errors/${answer.errorId}`).catch(() => undefined);
    await expect.poll(linked, { timeout: 10_000 }).toMatchObject({ message: 'The total is wrong' });
  });

  it('keeps a picture, which is the same whatever is private', async () => {
    const pictures = [];
    for (const name of ['?name=Anna', '?name=Olga']) {
      const page = await open(name);
      await send(page, { picture: true });
      const { feedbackId } = await answerOf(page);
      expect((await holdfast.get(`/api/feedback/${feedbackId}`)).screenshot).toMatchObject({ type: 'image/jpeg', width: 1280, height: 720 });
      pictures.push(await pictureOf(feedbackId));
    }
    expect(pictures[0]).toEqual({ type: 'image/jpeg', text: expect.stringMatching(/^.{2000}/) });
    expect(pictures[1]).toEqual(pictures[0]);
  });

  it('asks for words before it sends', async () => {
    const before = await count();
    const page = await open();
    await page.getByRole('button', { name: 'Send report' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Describe what went wrong first.');
    expect(await count()).toBe(before);
  });

  it('keeps what was written when it could not be sent, and counts what is sent again once', async () => {
    const before = await count();
    const page = await open();
    // The first answer gets lost on its way back.
    await page.route('**/api/feedback*', async (route) => (await route.fetch(), route.fulfill({ status: 503, headers: { 'Access-Control-Allow-Origin': '*' } })), { times: 1 });
    await send(page, { picture: false });
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('The report was not accepted. Try again in a moment.');
    expect(await page.getByLabel('What went wrong?').inputValue()).toBe('The total is wrong');
    await page.getByRole('button', { name: 'Send report' }).click();
    expect((await answerOf(page)).success).toBe(true);
    expect(await count()).toBe(before + 1);
  });
});
