// Builds everything that the pages load into one folder: `node scripts/build.mjs [folder]`.
// The same sources give the same bytes (scripts/check-fresh.mjs holds the committed files to it). Every file but
// manifest.json has its content's hash in its name and may be cached for ever.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { PurgeCSS } from "purgecss";

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const web = path.join(here, "../src/holdfast_server/web");
const TARGET = ["es2022", "chrome123", "firefox121", "safari17.5"];

/** Small layout classes that a page may use before anybody builds again. */
const UTILITIES = [
  ...["d-none", "d-block", "d-flex", "d-grid", "flex-wrap", "flex-column", "flex-fill", "w-100", "text-end", "text-truncate", "text-nowrap"],
  ...["align-items-center", "align-items-start", "justify-content-between", "justify-content-end", "ms-auto", "me-auto"],
  ...["gap", "mt", "mb", "p"].flatMap((name) => [0, 1, 2, 3, 4].map((step) => `${name}-${step}`)),
];

/** Tabler's stylesheet without what no template and no script of ours names. */
async function tabler() {
  const [purged] = await new PurgeCSS().purge({
    css: [path.join(here, "node_modules/@tabler/core/dist/css/tabler.css")],
    content: [path.join(web, "{components,pages}/**/*.html"), path.join(here, "src/**/*.ts")],
    variables: true,
    keyframes: true,
    fontFace: true,
    // Our own names start with hf-; a word of the text is not a class.
    defaultExtractor: (text) => text.match(/[\w-]+/g) ?? [],
    safelist: UTILITIES,
    blocklist: [/^(body|html)?\[data-bs-/, "container", "page", "navbar", "dropdown", "modal", "popover", "tooltip"],
  });
  return purged.css;
}

async function styles() {
  const base = await tabler();
  const result = await build({
    entryPoints: [path.join(here, "src/css/holdfast.css")],
    bundle: true,
    minify: true,
    write: false,
    target: TARGET,
    legalComments: "none",
    plugins: [
      {
        name: "tabler",
        setup(esbuild) {
          esbuild.onResolve({ filter: /^tabler$/ }, () => ({ path: "tabler", namespace: "tabler" }));
          esbuild.onLoad({ filter: /.*/, namespace: "tabler" }, () => ({ contents: base, loader: "css" }));
        },
      },
    ],
  });
  return result.outputFiles[0].contents;
}

async function script(entry, format) {
  const result = await build({
    entryPoints: [path.join(here, "src", entry)],
    bundle: true,
    minify: true,
    format,
    write: false,
    metafile: true,
    target: TARGET,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return { bytes: result.outputFiles[0].contents, inputs: Object.keys(result.metafile.inputs) };
}

async function iconSprite() {
  const icons = JSON.parse(await readFile(path.join(here, "src/icons.json"), "utf8"));
  const symbols = [];
  for (const [id, file] of Object.entries(icons).sort()) {
    const svg = await readFile(path.join(here, "node_modules/@tabler/icons/icons", `${file}.svg`), "utf8");
    const shapes = svg.match(/<(path|circle|line|rect|polyline)[^>]*\/>/g).filter((shape) => !shape.includes('d="M0 0h24v24H0z"'));
    const look = file.startsWith("filled/")
      ? 'fill="currentColor"'
      : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
    symbols.push(`<symbol id="i-${id}" viewBox="0 0 24 24" ${look}>${shapes.join("").replaceAll(" />", "/>")}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" class="hf-sprite" aria-hidden="true">${symbols.join("")}</svg>\n`;
}

async function favicon() {
  const anchor = await readFile(path.join(here, "node_modules/@tabler/icons/icons/outline/anchor.svg"), "utf8");
  const shapes = anchor.match(/<path[^>]*\/>/g).slice(1).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#3d4fc4"/><g transform="translate(4 4)" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</g></svg>\n`;
}

/** The licences of what is inside, as they ask. */
async function licences(inputs) {
  const names = new Set(["@tabler/core", "@tabler/icons"]);
  for (const input of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = path.join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const files = (await readdir(folder)).filter((file) => /^(licen[sc]e|notice)(\.\w+)?$/i.test(file)).sort();
    const more = await readdir(path.join(folder, "licenses")).catch(() => []);
    files.push(...more.sort().map((file) => path.join("licenses", file)));
    const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
    parts.push(`${name} ${version} (${license})\n\n${texts.join("\n").trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(72)}\n\n`);
}

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

export async function buildInto(folder) {
  const [holdfast, charts, theme] = await Promise.all([script("holdfast.ts", "esm"), script("charts/charts.ts", "esm"), script("theme.ts", "iife")]);
  const files = {
    "charts.js": charts.bytes,
    "favicon.svg": await favicon(),
    "holdfast.css": await styles(),
    "holdfast.js": holdfast.bytes,
    "icons.svg": await iconSprite(),
    "licences.txt": await licences([...holdfast.inputs, ...charts.inputs]),
    "theme.js": theme.bytes,
  };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const names = {};
  for (const [name, bytes] of Object.entries(files)) {
    const { name: stem, ext } = path.parse(name);
    names[name] = `${stem}.${hashOf(bytes)}${ext}`;
    await writeFile(path.join(folder, names[name]), bytes);
  }
  const manifest = { build: hashOf(JSON.stringify(names)), files: names };
  await writeFile(path.join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

export const committed = path.join(web, "static/dist");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = await buildInto(process.argv[2] ?? committed);
  const { gzipSync } = await import("node:zlib");
  for (const file of (await readdir(folder)).sort()) {
    const bytes = await readFile(path.join(folder, file));
    console.log(`${file.padEnd(32)} ${String(bytes.length).padStart(8)} B  ${String(gzipSync(bytes, { level: 9 }).length).padStart(7)} B gzip`);
  }
}
