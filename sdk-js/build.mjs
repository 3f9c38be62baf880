/**
 * Builds both packages: ES modules and types for bundlers, one script for pages without one, and the copy of it that the
 * server hands out at /sdk/. `--check` builds nothing and fails when that copy is not what the sources give.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const SERVED = fileURLToPath(new URL('../server/src/holdfast_server/web/sdk/', import.meta.url));
const IS_CHECK = process.argv.includes('--check');
const TARGET = 'es2022';

const browser = {
  index: 'index.ts',
  auto: 'auto.ts',
  'web-vitals': 'instruments/web-vitals.ts',
  'report-bug': 'feedback/index.ts',
  'tanstack-query': 'adapters/tanstack-query.ts',
  axios: 'adapters/axios.ts',
  'p-retry': 'adapters/p-retry.ts',
  cockatiel: 'adapters/cockatiel.ts',
};
const react = { index: 'index.ts', dashboard: 'resilience-dashboard.tsx', 'react-error-boundary': 'react-error-boundary.ts' };

/** Names that only our own modules say to each other; in the packages each is one letter. */
const INTERNAL = 'visit visitor forget pick keep drain held wake lose onDrop createdAt leave noteDropped note erase most storage prefix list eventCount errorCount'.split(' ');
const SHORT = Object.fromEntries(INTERNAL.map((name, index) => [name, (index + 10).toString(36)]));

const shortNames = {
  name: 'short-names',
  async transform(code, id) {
    if (!id.includes('/packages/browser/src/')) return null;
    const options = { loader: 'ts', sourcemap: true, sourcefile: id, target: TARGET, mangleCache: SHORT, mangleProps: new RegExp(`^(?:${INTERNAL.join('|')})$`) };
    return transform(code, options);
  },
};

/** Minified, because that minifier inlines what the one of the application may not; source maps lead back. */
async function modules(name, entries, external) {
  const input = Object.fromEntries(Object.entries(entries).map(([out, file]) => [out, `${ROOT}packages/${name}/src/${file}`]));
  const bundle = await rolldown({ input, external, platform: 'browser', plugins: [shortNames], transform: { target: TARGET }, treeshake: { moduleSideEffects: false } });
  await bundle.write({ dir: `${ROOT}packages/${name}/dist`, format: 'esm', minify: true, sourcemap: true, chunkFileNames: 'chunks/[name]-[hash].js' });
  await bundle.close();
}

async function scripts(outdir) {
  const common = { bundle: true, minify: true, target: TARGET, legalComments: 'none', logLevel: 'warning' };
  const source = `${ROOT}packages/browser/src/`;
  await build({ ...common, entryPoints: [source + 'script.ts'], format: 'iife', outfile: outdir + 'holdfast.min.js' });
  await build({ ...common, entryPoints: [source + 'feedback/screenshot.ts'], format: 'esm', outfile: outdir + 'holdfast-screenshot.js' });
}

function types(name) {
  execFileSync(`${ROOT}node_modules/.bin/tsc`, ['-p', `${ROOT}packages/${name}/tsconfig.json`], { stdio: 'inherit' });
}

/** What the server hands out, with the hashes for `integrity`. */
function serve(from) {
  const files = { 'holdfast.js': 'holdfast.min.js', 'holdfast-screenshot.js': 'holdfast-screenshot.js' };
  const integrity = {};
  const made = {};
  for (const [name, built] of Object.entries(files)) {
    made[name] = readFileSync(from + built);
    integrity[name] = 'sha384-' + createHash('sha384').update(made[name]).digest('base64');
  }
  return { ...made, 'integrity.json': JSON.stringify(integrity, null, 2) + '\n' };
}

if (IS_CHECK) {
  const outdir = `${ROOT}packages/browser/dist/check/`;
  await scripts(outdir);
  const stale = Object.entries(serve(outdir)).filter(([name, text]) => !same(SERVED + name, text));
  rmSync(outdir, { recursive: true });
  if (stale.length) {
    console.error(`Stale: ${stale.map(([name]) => name).join(', ')} in server/src/holdfast_server/web/sdk. Run npm run build in sdk-js and commit them.`);
    process.exit(1);
  }
  console.log('The scripts that the server hands out are what the sources give.');
} else {
  for (const name of ['browser', 'react']) {
    rmSync(`${ROOT}packages/${name}/dist`, { recursive: true, force: true });
    if (existsSync(`${ROOT}../LICENSE`)) copyFileSync(`${ROOT}../LICENSE`, `${ROOT}packages/${name}/LICENSE`);
  }
  await modules('browser', browser, []);
  types('browser');
  await modules('react', react, ['react', 'react/jsx-runtime', '@holdfast/browser', '@holdfast/browser/report-bug']);
  types('react');
  await scripts(`${ROOT}packages/browser/dist/`);
  mkdirSync(SERVED, { recursive: true });
  for (const [name, text] of Object.entries(serve(`${ROOT}packages/browser/dist/`))) writeFileSync(SERVED + name, text);
}

function same(path, text) {
  try {
    return Buffer.compare(readFileSync(path), Buffer.from(text)) === 0;
  } catch {
    return false;
  }
}
