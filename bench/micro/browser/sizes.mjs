/** Bytes that a page loads for each client, gzip level 9, all bundled and minified by the same esbuild in this run. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const CORE = `export { init } from '@holdfast/browser';`;
const SUBJECTS = {
  'holdfast core: errors, page views, request timing': CORE,
  'holdfast, everything automatic': `export { init } from '@holdfast/browser/auto';`,
  'holdfast core and React': CORE + `export * from '@holdfast/react';`,
  'holdfast TanStack Query adapter': `export { observeQueryClient } from '@holdfast/browser/tanstack-query';`,
  '@sentry/browser, errors only': `export { init } from '@sentry/browser';`,
  '@grafana/faro-web-sdk': `export { initializeFaro } from '@grafana/faro-web-sdk';`,
  'posthog-js': `export { default } from 'posthog-js';`,
  'web-vitals, five metrics': `export { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';`,
};
/** What is loaded only when it is used, or what the page has anyway. */
const EXTERNAL = ['react', 'react/jsx-runtime', '@holdfast/browser/report-bug'];

export async function gzipBytes(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname },
    bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, external: EXTERNAL, logLevel: 'error', legalComments: 'none',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const rows = [];
for (const [name, code] of Object.entries(SUBJECTS)) rows.push([name, await gzipBytes(code)]);
const core = rows[0][1];
console.log('| client | gzip bytes | × holdfast core |\n|---|---:|---:|');
for (const [name, bytes] of rows) console.log(`| ${name} | ${bytes} | ${(bytes / core).toFixed(1)} |`);
console.log(`\nReact on top of the core: ${rows[2][1] - core} bytes`);
