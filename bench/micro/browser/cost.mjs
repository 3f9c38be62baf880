/**
 * What the client costs a page in Chromium: one `track`, one instrumented fetch over a bare one, main-thread time at load,
 * heap after 10,000 events while no server answers. Peers beside it where they have the same call. Time at load is CPU time
 * of the page's thread, measured by turns, so that a busy machine tells the same ratios.
 */
import { createServer } from 'node:http';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const bundle = async (code) => {
  const options = { stdin: { contents: code, resolveDir: import.meta.dirname }, bundle: true, minify: true, format: 'iife', target: 'es2022', write: false, logLevel: 'error' };
  return (await build(options)).outputFiles[0].text;
};
const START = `{ endpoint: location.origin + '/holdfast/', key: 'k', flushIntervalMs: 5000 }`;
const SCRIPTS = {
  '/core.js': await bundle(`import { init } from '@holdfast/browser'; globalThis.holdfast = init(${START});`),
  '/auto.js': await bundle(`import { init } from '@holdfast/browser/auto'; globalThis.holdfast = init(${START});`),
  '/sentry.js': await bundle(`import { init, addBreadcrumb, captureMessage } from '@sentry/browser'; init({ dsn: location.protocol + '//k@' + location.host + '/1' }); globalThis.sentry = { addBreadcrumb, captureMessage };`),
  '/faro.js': await bundle(`import { initializeFaro } from '@grafana/faro-web-sdk'; initializeFaro({ url: location.origin + '/collect', app: { name: 'p' } });`),
  '/posthog.js': await bundle(`import posthog from 'posthog-js'; posthog.init('k', { api_host: location.origin, autocapture: false, disable_session_recording: true, advanced_disable_decide: true }); globalThis.posthog = posthog;`),
};

let isUp = true;
const server = createServer((request, response) => {
  // Isolated pages have a clock of 5 µs instead of 100 µs.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (request.url in SCRIPTS) return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SCRIPTS[request.url]);
  if (request.url.startsWith('/page')) return response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>p</title><script>globalThis.bareFetch = fetch.bind(window)</script><script src="/${request.url.split('?')[1]}.js"></script><p>page</p>`);
  if (request.url.startsWith('/small')) return response.writeHead(200).end('{}');
  request.resume();
  if (!isUp) return request.socket.destroy();
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
});
await new Promise((done) => server.listen(0, 'localhost', done));
const origin = `http://localhost:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.HOLDFAST_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking', '--enable-precise-memory-info', '--js-flags=--expose-gc'] });

async function open(client) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/page?${client}`);
  await page.waitForTimeout(300);
  return page;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Median of blocks of 15 calls, in microseconds a call; what a client sends is sent between the blocks. */
async function perCall(client, call) {
  const page = await open(client);
  const result = await page.evaluate(async (body) => {
    const once = new Function('n', body);
    const blocks = [];
    for (let block = 0; block < 400; block++) {
      const start = performance.now();
      for (let n = 0; n < 15; n++) once(n);
      blocks.push(((performance.now() - start) * 1000) / 15);
      await globalThis.holdfast?.flush();
      await new Promise((done) => setTimeout(done));
    }
    return blocks.sort((a, b) => a - b)[blocks.length >> 1];
  }, call);
  await page.context().close();
  return result;
}

/** Main-thread time of handing 20 events to the network, in microseconds. */
async function perFlush() {
  const page = await open('core');
  const result = await page.evaluate(async () => {
    const times = [];
    for (let block = 0; block < 200; block++) {
      for (let n = 0; n < 19; n++) holdfast.track({ type: 'user_action', action: 'a', metadata: { n } });
      const start = performance.now();
      const sent = holdfast.flush();
      times.push((performance.now() - start) * 1000);
      await sent;
    }
    return times.sort((a, b) => a - b)[times.length >> 1];
  });
  await page.context().close();
  return result;
}

/** Main-thread time that one instrumented fetch adds: of the call, by turns with a bare one, and of its report. */
async function perFetch() {
  const page = await open('core');
  const calling = await page.evaluate(async () => {
    const time = async (request, n) => {
      const start = performance.now();
      const answer = request('/small?' + n);
      const took = performance.now() - start;
      await answer;
      await new Promise((done) => setTimeout(done));
      return took * 1000;
    };
    const bare = [];
    const watched = [];
    for (let n = 0; n < 500; n++) {
      bare.push(await time(globalThis.bareFetch, n));
      watched.push(await time(window.fetch, n));
    }
    const median = (values) => values.slice(100).sort((a, b) => a - b)[(values.length - 100) >> 1];
    return median(watched) - median(bare);
  });
  await page.context().close();
  // The report, once the answer is there: the route, one track and one breadcrumb.
  const report = await perCall('core', "new URL('/api/orders/17', location.href); holdfast.track({ type: 'api_latency', endpoint: '/api/orders/[id]', method: 'GET', status: 200, duration: 12 }); holdfast.trail.add({ category: 'http', message: 'GET /api/orders/[id] 200' });");
  return Math.max(0, calling) + report;
}

/**
 * CPU time of the page's thread in a client's scripts, median in ms: `load`, while the script runs and the page waits for
 * it; `idle`, what it does afterwards in a second; `flush`, the second after that, when the first events leave.
 */
async function atLoad(clients) {
  const times = Object.fromEntries(clients.map((client) => [client, { load: [], idle: [], flush: [] }]));
  for (let n = 0; n < 11; n++) {
    for (const client of clients) {
      const page = await (await browser.newContext()).newPage();
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      const script = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ScriptDuration').value * 1000;
      await browser.startTracing(page, { categories: ['devtools.timeline'] });
      await page.goto(`${origin}/page?${client}`);
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
      const load = traceEvents.find(({ name, args }) => name === 'EvaluateScript' && args.data.url.endsWith(`/${client}.js`)).tdur / 1000;
      await page.waitForTimeout(1_000);
      const idle = await script();
      await page.waitForTimeout(2_000);
      const of = times[client];
      of.load.push(load);
      of.idle.push(idle - load);
      of.flush.push((await script()) - idle);
      await page.context().close();
    }
  }
  return Object.fromEntries(clients.map((client) => [client, Object.fromEntries(Object.entries(times[client]).map(([part, values]) => [part, median(values)]))]));
}

/** Bytes on the heap after 10,000 events that nobody takes. */
async function heap() {
  const page = await open('core');
  const session = await page.context().newCDPSession(page);
  const used = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  };
  const before = await used();
  isUp = false;
  await page.evaluate(async () => {
    for (let n = 0; n < 10_000; n++) {
      holdfast.track({ type: 'user_action', action: 'click', metadata: { n, label: 'button ' + n } });
      if (n % 100 === 0) await new Promise((done) => setTimeout(done));
    }
  });
  await page.waitForTimeout(1_000);
  const after = await used();
  isUp = true;
  await page.context().close();
  return after - before;
}

const EVENT = "{ type: 'user_action', action: 'add_to_cart', metadata: { itemId: n, source: 'list', price: 12.5 } }";
const load = await atLoad(['core', 'auto', 'sentry', 'faro']);
const rows = [
  ['track, µs (median)', await perCall('core', `holdfast.track(${EVENT})`), '≤ 5'],
  ['handing over a flush of 19 events, µs', await perFlush(), ''],
  ['Sentry addBreadcrumb, µs', await perCall('sentry', "sentry.addBreadcrumb({ category: 'ui', message: 'add_to_cart', data: { itemId: n, source: 'list', price: 12.5 } })"), ''],
  ['PostHog capture, µs', await perCall('posthog', "posthog.capture('add_to_cart', { itemId: n, source: 'list', price: 12.5 })"), ''],
  ['one instrumented fetch over a bare one, µs', await perFetch(), '≤ 50'],
  ['heap after 10,000 events, no server, KB', (await heap()) / 1024, '≤ 2048'],
];
const NAMES = { core: 'core', auto: 'everything automatic', sentry: 'Sentry, errors only', faro: 'Grafana Faro' };
console.log('| CPU time, ms | while the page loads | idle, first second | first flush | at load, × core |\n|---|---:|---:|---:|---:|');
for (const [client, of] of Object.entries(load)) {
  console.log(`| ${NAMES[client]} | ${of.load.toFixed(1)} | ${of.idle.toFixed(1)} | ${of.flush.toFixed(1)} | ${(of.load / load.core.load).toFixed(1)} |`);
}
console.log('\nTarget at load: ≤ 5 ms.\n');
console.log('| cost in Chromium | figure | target |\n|---|---:|---:|');
for (const [name, value, target] of rows) console.log(`| ${name} | ${value.toFixed(value < 10 ? 2 : 0)} | ${target} |`);
await browser.close();
server.close();
