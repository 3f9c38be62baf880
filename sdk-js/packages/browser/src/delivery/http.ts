/**
 * Posts a batch to the server. A string goes as `text/plain`, so with the key in the address it needs no CORS preflight;
 * `keepalive` lets it outlive the page: what a beacon does, with an answer as long as there is somebody to hear it.
 */
import type { Transport } from './transport.js';

const TIMEOUT_MS = 15_000;
/** A larger body is compressed, when there is time for that. */
const PLAIN_CHARS = 10_000;

export function httpTransport(url: () => string): Transport {
  return async ({ body }, isLast) => {
    try {
      const { ok, status, headers } = await fetch(url(), {
        method: 'POST',
        body: body.length > PLAIN_CHARS && !isLast && self.CompressionStream ? await packed(body) : body,
        keepalive: true,
        credentials: 'omit',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        // Fetch ignores it; it tells the timing of requests that this one is not the page's.
        holdfast: 1,
      } as RequestInit);
      if (ok) return 'sent';
      if (status < 500 && status !== 429 && status !== 408) return 'rejected';
      return Math.min(+headers.get('Retry-After')! || 0, 3_600) * 1_000;
    } catch {
      return 0;
    }
  };
}

/** The server knows gzip by its first bytes: a header that names it would need a preflight. */
function packed(text: string): Promise<Blob> {
  return new Response(new Response(text).body!.pipeThrough(new CompressionStream('gzip'))).blob();
}
