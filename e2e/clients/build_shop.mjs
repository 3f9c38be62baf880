// Builds the small shop into the folder given, minified, with source maps; "plugin" uploads them with Sentry's own.
import { sentryEsbuildPlugin } from "@sentry/bundler-plugins/esbuild";
import { build } from "esbuild";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const [folder, how] = process.argv.slice(2);
const upload = sentryEsbuildPlugin({
  url: process.env.SENTRY_URL,
  authToken: process.env.SENTRY_AUTH_TOKEN,
  org: "any",
  project: process.env.SENTRY_PROJECT,
  release: { name: process.env.SENTRY_RELEASE, setCommits: false },
  telemetry: false,
  errorHandler: (error) => { throw error; },
});
await build({
  entryPoints: [new URL("shop/main.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  sourcemap: true,
  outdir: join(folder, "assets"),
  plugins: how === "plugin" ? [upload] : [],
  logLevel: "silent",
});
await writeFile(join(folder, "index.html"), '<!doctype html><script src="/assets/main.js"></script>');
