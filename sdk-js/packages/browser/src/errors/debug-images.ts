/** Which build a script is from: bundlers and `sentry-cli` leave its id in the page, beside a stack that begins in it. */

export interface DebugImage {
  code_file: string;
  debug_id: string;
}

const SCRIPT = /\w+:\/\/\S+?(?=:\d+:)/;

/** The builds of the scripts that stand in `stack`, with which the server finds their source maps. */
export function debugImagesOf(stack: string): DebugImage[] | undefined {
  const { _sentryDebugIds, _debugIds } = globalThis as { _sentryDebugIds?: Record<string, string>; _debugIds?: Record<string, string> };
  let images: DebugImage[] | undefined;
  const ids = { ..._sentryDebugIds, ..._debugIds };
  for (const place in ids) {
    const code_file = SCRIPT.exec(place)?.[0];
    if (code_file && stack.includes(code_file)) (images ??= []).push({ code_file, debug_id: ids[place]! });
  }
  return images;
}
