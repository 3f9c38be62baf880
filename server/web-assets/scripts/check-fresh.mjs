// Fails when the committed assets are not what the sources give: builds into a temporary folder and compares bytes.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildInto, committed } from "./build.mjs";

const contents = async (folder) => {
  const names = await readdir(folder).catch(() => []);
  return new Map(await Promise.all(names.sort().map(async (name) => [name, await readFile(path.join(folder, name))])));
};

const scratch = await mkdtemp(path.join(tmpdir(), "holdfast-assets-"));
try {
  const fresh = await contents(await buildInto(path.join(scratch, "dist")));
  const kept = await contents(committed);
  const stale = [...fresh].filter(([name, bytes]) => !kept.get(name)?.equals(bytes)).map(([name]) => name);
  const extra = [...kept.keys()].filter((name) => !fresh.has(name));
  if (stale.length || extra.length) {
    console.error(`The committed assets are not what the sources give. Run \`npm run build\` and commit the result.`);
    for (const name of stale) console.error(`  missing or different: ${name}`);
    for (const name of extra) console.error(`  no longer built: ${name}`);
    process.exitCode = 1;
  } else {
    console.log(`${fresh.size} committed assets are fresh.`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
