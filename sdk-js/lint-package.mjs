/** Packs both packages as npm would and holds the tarballs against publint and attw. Fails on any error or warning. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'holdfast-pack-'));
let problems = 0;

for (const name of ['browser', 'react']) {
  const pkgDir = join(ROOT, 'packages', name);
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: pkgDir, encoding: 'utf8' }));
  const { messages, pkg } = await publint({ pkgDir, level: 'warning', strict: true });
  for (const message of messages) console.error(formatMessage(message, pkg));
  problems += messages.length;
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/attw'), [join(folder, filename), '--profile', 'esm-only', '--no-color', '--exclude-entrypoints', 'holdfast.min.js'], { stdio: 'pipe' });
  } catch (failure) {
    console.error(String(failure.stdout));
    problems++;
  }
}
rmSync(folder, { recursive: true });
if (problems) process.exit(1);
console.log('publint and attw have nothing to say.');
