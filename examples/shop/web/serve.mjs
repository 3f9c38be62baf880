/**
 * Serves the built shop with its small API, under a strict content security policy. HOLDFAST_ENDPOINT and HOLDFAST_KEY
 * say where its telemetry goes; PORT where it listens.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('dist', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.map': 'application/json' };
const GOODS = ['Rope', 'Lantern', 'Anchor', 'Compass'].map((name, index) => ({ id: index + 1, name, liked: false }));

/** Answers of the shop's API: [status, body]. `like` of the anchor and `down` always fail; `flaky` fails once for each id. */
function shopApi(method, url, seen) {
  const { pathname, searchParams } = url;
  if (pathname === '/shop-api/goods') return [200, GOODS];
  if (/^\/shop-api\/goods\/\d+\/like$/.test(pathname)) return pathname.includes('/3/') ? [500, {}] : [200, {}];
  if (pathname === '/shop-api/pay') return searchParams.has('fail') ? [402, { error: 'declined' }] : [200, { paid: true }];
  if (pathname === '/shop-api/down') return [503, {}];
  if (pathname === '/shop-api/flaky') {
    const id = searchParams.get('id');
    if (seen.has(id)) return [200, { ok: true }];
    seen.add(id);
    return [503, {}];
  }
  return [404, {}];
}

/** `telemetry`: `{ endpoint, key, release }`. */
export function createShop(telemetry) {
  const seen = new Set();
  const server = new URL(telemetry.endpoint, 'http://localhost').origin;
  const policy = `default-src 'self'; connect-src 'self' ${server}; img-src 'self' data:; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'`;
  return createServer((request, response) => {
    const url = new URL(request.url, 'http://shop');
    response.setHeader('Content-Security-Policy', policy);
    if (url.pathname === '/config.js') {
      response.setHeader('Content-Type', 'text/javascript');
      return response.end(`window.shopConfig = ${JSON.stringify(telemetry)};`);
    }
    if (url.pathname.startsWith('/shop-api/')) {
      const [status, body] = shopApi(request.method, url, seen);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      // Long enough for a skeleton to be seen.
      return setTimeout(() => response.end(JSON.stringify(body)), 60);
    }
    const asked = join(DIST, normalize(url.pathname));
    const file = extname(asked) && existsSync(asked) && asked.startsWith(DIST) ? asked : join(DIST, 'index.html');
    response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 5180);
  const telemetry = { endpoint: process.env.HOLDFAST_ENDPOINT ?? 'http://localhost:8321', key: process.env.HOLDFAST_KEY ?? '' };
  createShop(telemetry).listen(port, () => console.log(`The shop is open at http://localhost:${port}`));
}
