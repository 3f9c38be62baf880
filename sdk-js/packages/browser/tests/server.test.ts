// @vitest-environment node
import { describe, expect, it } from 'vitest';

describe('in Node', () => {
  it('imports, and init does nothing', async () => {
    const { init, metrics, getCollector } = await import('../src/index.js');
    init({ endpoint: 'https://telemetry.test', key: 'k' });
    metrics.recordPageView('/x');
    expect(getCollector().getBufferStatus().size).toBe(0);
  });

  it('imports every entry', async () => {
    await Promise.all([
      import('../src/auto.js'),
      import('../src/instruments/web-vitals.js'),
      import('../src/feedback/index.js'),
      import('../src/adapters/tanstack-query.js'),
      import('../src/adapters/axios.js'),
    ]);
  });

  it('lets a collector of its own send', async () => {
    const { TelemetryCollector } = await import('../src/index.js');
    const seen: string[] = [];
    const collector = new TelemetryCollector({ transport: 'custom', customTransport: (events) => void seen.push(...events.map(({ type }) => type)) });
    collector.track({ type: 'http.request' });
    await collector.flush();
    expect(seen).toEqual(['http.request']);
  });
});
