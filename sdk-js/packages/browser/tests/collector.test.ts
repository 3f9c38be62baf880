import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cleanUp, hidePage, newCollector, settled, stubNetwork, type Network } from './page.js';

let network: Network;
beforeEach(() => {
  vi.useFakeTimers();
  network = stubNetwork();
});
afterEach(cleanUp);

describe('flushing', () => {
  it('sends when the buffer is full', async () => {
    const collector = newCollector({ maxBufferSize: 3 });
    for (const n of [1, 2, 3]) collector.track({ type: 'a', value: n });
    await settled();
    expect(network.events().map((event) => event.value)).toEqual([1, 2, 3]);
  });

  it('sends after the interval when fewer wait', async () => {
    newCollector({ flushIntervalMs: 1_500 }).track({ type: 'a' });
    await vi.advanceTimersByTimeAsync(1_400);
    expect(network.events()).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(700);
    expect(network.events()).toHaveLength(1);
  });

  it('sends everything by hand, and the promise resolves when it is there', async () => {
    const collector = newCollector();
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.events()).toHaveLength(1);
    expect(collector.getBufferStatus()).toEqual({ size: 0, maxSize: 50 });
  });

  it('posts to the server with the key in the address', async () => {
    const collector = newCollector({ endpoint: '/holdfast/' });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.received[0]!.url).toBe('/holdfast/api/telemetry/batch?key=hf_pub_test');
  });

  it('takes an address with a path as it is', async () => {
    const collector = newCollector({ endpoint: 'https://analytics.example.com/events', key: '' });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.received[0]!.url).toBe('https://analytics.example.com/events');
  });

  it('keeps each request under 10 KB', async () => {
    const collector = newCollector();
    for (let n = 0; n < 50; n++) collector.track({ type: 'a', metadata: { text: 'x'.repeat(300) } });
    await collector.flush();
    expect(network.events()).toHaveLength(50);
    expect(Math.max(...network.received.map((batch) => JSON.stringify(batch).length))).toBeLessThan(10_400);
  });

  it('sends the rest and stops at destroy', async () => {
    const collector = newCollector();
    collector.track({ type: 'a' });
    collector.destroy();
    collector.track({ type: 'b' });
    await settled();
    expect(network.events().map(({ type }) => type)).toEqual(['a']);
  });

  it('sends at once when the page is hidden', async () => {
    newCollector().track({ type: 'a' });
    hidePage();
    await settled();
    expect(network.events()).toHaveLength(1);
  });
});

describe('what an event says', () => {
  it('adds who, where and when', async () => {
    vi.setSystemTime(1_700_000_000_000);
    const collector = newCollector({ release: '1.2', environment: 'test', userId: 'u1' });
    collector.track({ type: 'a' });
    await collector.flush();
    const event = network.events()[0]!;
    expect(event).toEqual({
      type: 'a',
      timestamp: 1_700_000_000_000,
      page: location.pathname,
      sessionId: collector.getSessionId(),
      anonymousId: expect.any(String),
      userId: 'u1',
      release: '1.2',
      environment: 'test',
    });
  });

  it('takes data as metadata', async () => {
    const collector = newCollector();
    collector.track({ type: 'a', data: { one: 1, two: 1 }, metadata: { two: 2 } });
    await collector.flush();
    expect(network.events()[0]!.metadata).toEqual({ one: 1, two: 2 });
  });

  it('redacts by name and by pattern, unless told not to', async () => {
    const collector = newCollector({ redactFields: ['badge'] });
    const data = { email: 'a@b.example', badge: '7', note: 'mail jo@example.com', username: 'john_doe' };
    collector.track({ type: 'a', data });
    await collector.flush();
    expect(network.events()[0]!.metadata).toEqual({ email: '[REDACTED]', badge: '[REDACTED]', note: 'mail [REDACTED]', username: 'john_doe' });
    collector.updateConfig({ redactPII: false });
    collector.track({ type: 'a', data });
    await collector.flush();
    expect(network.events()[1]!.metadata).toEqual(data);
  });

  it('keeps the session for 30 idle minutes and the visitor for ever', async () => {
    const first = newCollector();
    const session = first.getSessionId();
    await vi.advanceTimersByTimeAsync(29 * 60_000);
    expect(newCollector().getSessionId()).toBe(session);
    await vi.advanceTimersByTimeAsync(31 * 60_000);
    expect(newCollector().getSessionId()).not.toBe(session);
  });

  it('goes on with the session when the clock is set back', async () => {
    vi.setSystemTime(1_700_000_000_000);
    const collector = newCollector();
    const session = collector.getSessionId();
    vi.setSystemTime(1_600_000_000_000);
    expect(collector.getSessionId()).toBe(session);
  });

  it('lets beforeSend change an event or leave it out', async () => {
    const collector = newCollector({ beforeSend: (event) => (event.type === 'secret' ? null : { ...event, release: 'x' }) });
    collector.track({ type: 'secret' });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.events().map(({ type, release }) => [type, release])).toEqual([['a', 'x']]);
    expect(network.received[0]!.dropped).toEqual([{ reason: 'filtered', category: 'event', quantity: 1 }]);
  });
});

describe('sampling', () => {
  it('keeps errors when everything else is sampled away', async () => {
    const collector = newCollector({ sampling: 'never' });
    collector.track({ type: 'a' });
    collector.trackError(new Error('kept'));
    await collector.flush();
    expect(network.events().map(({ type }) => type)).toEqual(['error']);
    expect(network.received[0]!.dropped).toEqual([{ reason: 'sampled', category: 'event', quantity: 1 }]);
  });

  it('samples errors when asked to', async () => {
    const collector = newCollector({ sampling: 'never', sampleErrors: true });
    collector.trackError(new Error('gone'));
    await collector.flush();
    expect(network.events()).toEqual([]);
  });

  it('keeps the given share', async () => {
    let turn = 0;
    vi.spyOn(Math, 'random').mockImplementation(() => (turn++ % 10) / 10);
    const collector = newCollector({ sampling: 'probabilistic', samplingRate: 0.3 });
    for (let n = 0; n < 20; n++) collector.track({ type: 'a' });
    await collector.flush();
    expect(network.events()).toHaveLength(6);
  });

  it('lets so many through a window', async () => {
    const collector = newCollector({ sampling: 'throttled', maxEventsPerWindow: 2, throttleWindowMs: 1_000 });
    for (let n = 0; n < 5; n++) collector.track({ type: 'a' });
    await vi.advanceTimersByTimeAsync(1_001);
    collector.track({ type: 'b' });
    await collector.flush();
    expect(network.events().map(({ type }) => type)).toEqual(['a', 'a', 'b']);
    expect(network.received.flatMap(({ dropped = [] }) => dropped)).toEqual([{ reason: 'limited', category: 'event', quantity: 3 }]);
  });
});

describe('consent', () => {
  it('records, sends and stores nothing while it is denied', async () => {
    const collector = newCollector({ enabled: false });
    collector.track({ type: 'a' });
    await collector.flush();
    expect(network.received).toEqual([]);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it('erases what waits when it is withdrawn', async () => {
    network.answer('down');
    const collector = newCollector();
    collector.track({ type: 'a' });
    await collector.flush();
    collector.track({ type: 'b' });
    collector.updateConfig({ enabled: false });
    expect(Object.keys(localStorage)).toEqual([]);
    network.answer(200);
    collector.updateConfig({ enabled: true });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(network.events()).toEqual([]);
  });
});

describe('hostile input', () => {
  const cyclic: Record<string, unknown> = { name: 'loop' };
  cyclic.self = cyclic;
  const getter = Object.defineProperty({}, 'trap', { enumerable: true, get: () => { throw new Error('no'); } });
  const cases: [string, unknown, unknown][] = [
    ['a cycle', cyclic, { name: 'loop', self: '[unreadable]' }],
    ['a getter that throws', getter, { trap: '[unreadable]' }],
    ['a DOM node', document.createElement('button'), '<button>'],
    ['a function and a symbol', [() => 1, Symbol('s')], ['[function]', 'Symbol(s)']],
    ['numbers that JSON lacks', [NaN, Infinity, 10n], ['NaN', 'Infinity', '10']],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['the window', window, '[unreadable]'],
  ];
  it.each(cases)('takes %s', async (_, value, expected) => {
    const collector = newCollector();
    collector.track({ type: 'a', metadata: { value } });
    await collector.flush();
    expect((network.events()[0]!.metadata as { value: unknown }).value).toEqual(expected);
  });

  it('cuts a huge string', async () => {
    const collector = newCollector();
    collector.track({ type: 'a', metadata: { text: 'x'.repeat(5_000_000) } });
    await collector.flush();
    expect((network.events()[0]!.metadata as { text: string }).text.length).toBeLessThan(8_200);
  });

  it.each([null, undefined, 0, 'text', []])('never throws for track(%j)', (event) => {
    expect(() => newCollector().track(event as never)).not.toThrow();
  });

  it.each([null, undefined, 'text', 7, { message: 'odd' }, Object.create(null), new Proxy({}, { get() { throw new Error('trap'); } })])(
    'records whatever was thrown (%#)',
    async (thrown) => {
      const collector = newCollector();
      const id = collector.trackError(thrown);
      await collector.flush();
      expect(network.events()[0]).toMatchObject({ type: 'error', metadata: { errorId: id, message: expect.any(String), errorType: expect.any(String) } });
    },
  );
});
