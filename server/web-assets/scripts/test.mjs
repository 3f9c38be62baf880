// Runs test/*.test.ts with Node's own runner: bundles them into a temporary folder first, since Node 20 reads no TypeScript.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "test");
const scratch = await mkdtemp(path.join(tmpdir(), "holdfast-tests-"));
try {
  const tests = (await readdir(folder)).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => path.join(folder, name)),
    bundle: true,
    format: "esm",
    platform: "node",
    outdir: scratch,
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  const files = tests.map((name) => path.join(scratch, name.replace(/\.ts$/, ".mjs")));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
