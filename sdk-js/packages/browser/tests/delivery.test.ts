import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cleanUp, hidePage, newCollector, settled, stubNetwork, type Network } from './page.js';

let network: Network;
beforeEach(() => {
  vi.useFakeTimers();
  network = stubNetwork();
});
afterEach(cleanUp);

const types = () => network.events().map(({ type }) => type);

describe('a server that fails', () => {
  it('gets the same batch again, with the same id', async () => {
    const ids: string[] = [];
    let fails = 2;
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      ids.push(JSON.parse(String(init.body)).batchId);
      return new Response('', { status: fails-- > 0 ? 503 : 200 });
    });
    const collector = newCollector();
    collector.track({ type: 'a' });
    await collector.flush();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('waits as long as it asks for', async () => {
    network.answer(429, { 'Retry-After': '30' });
    const collector = newCollector();
    collector.track({ type: 'a' });
    await collector.flush();
    network.answer(200);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(types()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(types()).toEqual(['a']);
  });

  it('is not asked again about a batch that it refused, and hears of it', async () => {
    network.answer(400);
    const collector = newCollector();
    collector.track({ type: 'a' });
    collector.trackError(new Error('b'));
    await collector.flush();
    network.answer(200);
    collector.track({ type: 'c' });
    await collector.flush();
    expect(types()).toEqual(['c']);
    expect(network.received[0]!.dropped).toEqual([
      { reason: 'rejected', category: 'event', quantity: 1 },
      { reason: 'rejected', category: 'error', quantity: 1 },
    ]);
  });

  it('gets everything once it is back, from storage too', async () => {
    network.answer('down');
    const collector = newCollector({ maxBufferSize: 10 });
    for (let n = 0; n < 200; n++) collector.track({ type: 'a', value: n });
    await settled();
    expect(collector.getBufferStatus().size).toBeLessThanOrEqual(100);
    network.answer(200);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(network.events().map(({ value }) => value).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('gets what an earlier page could not send', async () => {
    network.answer('down');
    const before = newCollector();
    before.track({ type: 'a' });
    await before.flush();
    before.destroy();
    network.answer(200);
    newCollector();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(types()).toEqual(['a']);
  });

  it('is told how many were thrown away when storage is full and memory too', async () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => { throw new DOMException('full', 'QuotaExceededError'); });
    network.answer('down');
    const collector = newCollector({ maxBufferSize: 10 });
    for (let n = 0; n < 1_000; n++) collector.track({ type: 'a' });
    await settled();
    expect(collector.getBufferStatus().size).toBeLessThanOrEqual(100);
    network.answer(200);
    await vi.advanceTimersByTimeAsync(120_000);
    await collector.flush();
    const lost = network.received.flatMap(({ dropped = [] }) => dropped).reduce((sum, { quantity }) => sum + quantity, 0);
    expect(network.events().length + lost).toBe(1_000);
  });
});

describe('an error that is larger than 10 KB', () => {
  const large = 'a long story '.repeat(600);

  it('is compressed', async () => {
    const bodies: unknown[] = [];
    vi.useRealTimers();
    vi.stubGlobal('fetch', async (_: string, { body }: RequestInit) => (bodies.push(body), new Response('{}')));
    const collector = newCollector();
    collector.track({ type: 'error', metadata: { one: large, two: large } });
    await collector.flush();
    const packed = Buffer.from(await (bodies[0] as Blob).arrayBuffer());
    expect(packed.length).toBeLessThan(10_000);
    expect(JSON.parse(gunzipSync(packed).toString()).events[0].metadata.two).toBe(large);
  });

  it('goes out as it is when the page may be gone in a moment', () => {
    const collector = newCollector();
    collector.track({ type: 'error', metadata: { one: large, two: large } });
    hidePage();
    expect(network.events()[0]!.metadata).toEqual({ one: large, two: large });
  });
});

describe('what the library itself saw', () => {
  it('waits for the flush with what was true when it happened', async () => {
    const seen = vi.fn((event) => event);
    const collector = newCollector({ userId: 'anna', beforeSend: seen });
    collector.note({ type: 'page_view' });
    const at = Date.now();
    expect(seen).not.toHaveBeenCalled();
    expect(collector.getBufferStatus().size).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    collector.setUserId('olga');
    await collector.flush();
    expect(network.events()).toMatchObject([{ type: 'page_view', timestamp: at, userId: 'anna' }]);
  });

  it('is sent when the page is left before', () => {
    newCollector().note({ type: 'page_view' });
    hidePage();
    expect(types()).toEqual(['page_view']);
  });

  it('is erased with the rest when consent ends', async () => {
    const collector = newCollector();
    collector.note({ type: 'page_view' });
    collector.updateConfig({ enabled: false });
    collector.updateConfig({ enabled: true });
    await collector.flush();
    expect(types()).toEqual([]);
  });

  it('never fills memory', async () => {
    network.answer('down');
    const collector = newCollector();
    for (let n = 0; n < 1_000; n++) collector.note({ type: 'api_latency' });
    expect(collector.getBufferStatus().size).toBeLessThanOrEqual(100);
  });
});

describe('a page that closes', () => {
  it('leaves what is on its way in storage, and the next page waits before it sends that again', async () => {
    const ids: string[] = [];
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      ids.push(JSON.parse(String(init.body)).batchId);
      return new Promise(() => {});
    });
    newCollector().track({ type: 'a' });
    hidePage();
    newCollector();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(ids).toHaveLength(1);
    newCollector();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(1);
  });

  it('takes a stored copy back once its batch has arrived', async () => {
    newCollector().track({ type: 'a' });
    hidePage();
    await settled();
    expect(Object.keys(localStorage).filter((key) => key.includes('queue'))).toEqual([]);
  });

  it('keeps the batch while the browser is offline', async () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    newCollector().track({ type: 'a' });
    hidePage();
    await settled();
    expect(types()).toEqual([]);
    vi.restoreAllMocks();
    dispatchEvent(new Event('online'));
    await settled();
    expect(types()).toEqual(['a']);
  });
});

describe('other transports', () => {
  it('hands a custom one the events, and tries again when it rejects', async () => {
    const seen: unknown[] = [];
    let fails = 1;
    const collector = newCollector({
      transport: 'custom',
      customTransport: async (events) => {
        if (fails-- > 0) throw new Error('not now');
        seen.push(...events.map(({ type }) => type));
      },
    });
    collector.track({ type: 'a' });
    await collector.flush();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen).toEqual(['a']);
  });

  it('keeps events in localStorage until there is a server', async () => {
    const collector = newCollector({ transport: 'localStorage' });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(types()).toEqual([]);
    collector.updateConfig({ transport: 'http' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(types()).toEqual(['a']);
  });

  it('prints events to the console', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const collector = newCollector({ transport: 'console' });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(log).toHaveBeenCalledWith('a', expect.objectContaining({ type: 'a' }));
  });
});

describe('storage that is forbidden', () => {
  it('changes nothing but what a reload forgets', async () => {
    vi.stubGlobal('localStorage', undefined);
    const collector = newCollector();
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.events()[0]).toMatchObject({ type: 'a', sessionId: expect.any(String) });
    vi.unstubAllGlobals();
  });
});
