import { createServer } from 'node:http';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
const dir = '/work/main/bench/micro/browser';
const bundle = async (code) => (await build({ stdin: { contents: code, resolveDir: dir }, bundle: true, minify: true, format: 'iife', target: 'es2022', write: false, logLevel: 'error' })).outputFiles[0].text;
const START = `{ endpoint: location.origin + '/holdfast/', key: 'k', flushIntervalMs: 5000 }`;
const SCRIPTS = {
  none: '',
  core: await bundle(`import { init } from '@holdfast/browser'; globalThis.holdfast = init(${START});`),
  auto: await bundle(`import { init } from '@holdfast/browser/auto'; globalThis.holdfast = init(${START});`),
  sentry: await bundle(`import { init, addBreadcrumb, captureMessage } from '@sentry/browser'; init({ dsn: location.protocol + '//k@' + location.host + '/1' }); globalThis.sentry = { addBreadcrumb, captureMessage };`),
};
if (process.env.EXTRA) Object.assign(SCRIPTS, JSON.parse(process.env.EXTRA));
const server = createServer((request, response) => {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  const m = /^\/(\w+)\.js/.exec(request.url);
  if (m && m[1] in SCRIPTS) return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SCRIPTS[m[1]]);
  if (request.url.startsWith('/page')) return response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>p</title><script src="/${request.url.split('?')[1]}.js"></script><p>page</p>`);
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
});
await new Promise((d) => server.listen(0, 'localhost', d));
const origin = `http://localhost:${server.address().port}`;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking', '--enable-precise-memory-info'] });
const which = process.argv[2]?.split(',') ?? ['none', 'core', 'auto', 'sentry'];
const rounds = +(process.argv[3] ?? 15);
const times = Object.fromEntries(which.map((w) => [w, []]));
const tasks = Object.fromEntries(which.map((w) => [w, []]));
for (let n = 0; n < rounds; n++) for (const client of which) {
  const page = await (await browser.newContext()).newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(`${origin}/page?${client}`);
  await page.waitForTimeout(+(process.env.WAIT ?? 250));
  const { metrics } = await session.send('Performance.getMetrics');
  times[client].push(metrics.find(({ name }) => name === 'ScriptDuration').value * 1000);
  tasks[client].push(metrics.find(({ name }) => name === 'TaskDuration').value * 1000);
  await page.context().close();
}
const med = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
for (const w of which) console.log(w.padEnd(8), 'script', med(times[w]).toFixed(2), 'min', Math.min(...times[w]).toFixed(2), 'task', med(tasks[w]).toFixed(2), 'min', Math.min(...tasks[w]).toFixed(2));
await browser.close(); server.close();
