import { createServer } from 'node:http';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
const dir = import.meta.dirname;
const entry = process.argv[2] === 'auto' ? '@holdfast/browser/auto' : '@holdfast/browser';
const code = (await build({ stdin: { contents: `import { init } from '${entry}'; globalThis.holdfast = init({ endpoint: location.origin + '/holdfast/', key: 'k', flushIntervalMs: 5000 });`, resolveDir: dir }, bundle: true, minify: false, format: 'iife', target: 'es2022', write: false, alias: { '@holdfast/browser/auto': '/work/main/sdk-js/packages/browser/src/auto.ts', '@holdfast/browser': '/work/main/sdk-js/packages/browser/src/index.ts' } })).outputFiles[0].text;
const server = createServer((q, r) => {
  r.setHeader('Cross-Origin-Opener-Policy', 'same-origin'); r.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (q.url.startsWith('/x.js')) return r.writeHead(200, { 'Content-Type': 'text/javascript' }).end(code);
  if (q.url.startsWith('/page')) return r.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>p</title><script src="/x.js"></script><p>page</p>`);
  q.resume(); r.writeHead(200).end('{}');
});
await new Promise((d) => server.listen(0, 'localhost', d));
const origin = `http://localhost:${server.address().port}`;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const self = {}; const N = 15;
for (let n = 0; n < N; n++) {
  const page = await (await browser.newContext()).newPage();
  const s = await page.context().newCDPSession(page);
  await s.send('Profiler.enable'); await s.send('Profiler.setSamplingInterval', { interval: 50 });
  await s.send('Profiler.start');
  await page.goto(`${origin}/page`); await page.waitForTimeout(250);
  const { profile } = await s.send('Profiler.stop');
  const byId = new Map(profile.nodes.map((x) => [x.id, x]));
  const parent = new Map(); for (const x of profile.nodes) for (const c of x.children ?? []) parent.set(c, x.id);
  profile.samples.forEach((id, i) => {
    const dt = profile.timeDeltas[i] / 1000;
    let node = byId.get(id); const names = [];
    for (let k = id; k; k = parent.get(k)) { const f = byId.get(k).callFrame; if (f.functionName !== '(root)') names.push(f.functionName || `anon:${f.lineNumber}`); }
    if (['(idle)', '(program)'].includes(names[0])) return;
    const key = names.slice(0, 4).join(' < ');
    self[key] = (self[key] ?? 0) + dt / N;
  });
  await page.context().close();
}
let sum = 0;
for (const [k, v] of Object.entries(self)) sum += v;
console.log('sum', sum.toFixed(2));
for (const [k, v] of Object.entries(self).sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log(v.toFixed(3), k);
await browser.close(); server.close();
