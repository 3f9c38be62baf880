/** The samples do what their comments say. */
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { getCollector, HealthStatus, init, stop, TelemetryCollector, PerformanceMetrics, type TelemetryEvent } from '@holdfast/browser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import Layout, { AdminPage, ClientSideTelemetry, ComponentIntegration, DEFAULT_ALERT_THRESHOLDS, EnhancedHooks, YourComponent } from './document-000.js';
import { frontendMetrics } from './document-003.js';
import * as library from './document-004.js';
import { TelemetryProvider, useTelemetry } from './document-004-react.js';

let posted: { url: string; events: TelemetryEvent[] }[];
beforeEach(() => {
  posted = [];
  localStorage.clear();
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.stubGlobal('fetch', async (url: string, request?: RequestInit) => {
    if (request?.body) posted.push({ url, events: JSON.parse(String(request.body)).events });
    return new Response('{"metrics":[]}');
  });
});
afterEach(() => {
  cleanup();
  stop();
  getCollector().updateConfig({ enabled: false });
});

const types = () => posted.flatMap(({ events }) => events.map(({ type }) => type));
const page = () => init({ endpoint: 'https://telemetry.test', enabled: true, errors: false, pageViews: false, requests: false });

describe('document 003', () => {
  it('records each metric', async () => {
    const collector = page();
    frontendMetrics();
    await collector.flush();
    expect(types()).toEqual(['page_view', 'api_latency', 'error', 'user_action', 'performance']);
    expect(posted[0]!.events[1]).toMatchObject({ endpoint: 'orders.select', duration: 150, status: 200 });
    expect(posted[0]!.events[4]).toMatchObject({ name: 'LCP', value: 1200, unit: 'ms' });
  });
});

describe('documents 000, 001 and 002', () => {
  it('track from components', async () => {
    const collector = page();
    render(<ClientSideTelemetry userId="u-1" />);
    await collector.flush();
    expect(types()).toEqual(['optimistic_action_start', 'loading_skeleton_shown']);
    expect(posted[0]!.events[0]).toMatchObject({ userId: 'u-1', component: 'PaymentButton', metadata: { action_id: 'payment_123' } });
  });

  it.each([EnhancedHooks, ComponentIntegration])('run an action behind a click', async (Sample) => {
    const collector = page();
    render(<Sample />);
    fireEvent.click(screen.getByRole('button'));
    await vi.waitFor(async () => {
      await collector.flush();
      expect(types()).toEqual(['optimistic_action_start', 'optimistic_action_success']);
    });
  });

  it('render the component, the dashboard and the report button', async () => {
    page();
    render(<Layout><YourComponent userId="u" /><AdminPage /></Layout>);
    expect(screen.getByText('Report a problem')).toBeTruthy();
    expect(await screen.findByLabelText('Resilience')).toBeTruthy();
    expect(DEFAULT_ALERT_THRESHOLDS[0]!.metric).toBe('rollback_rate');
  });
});

describe('document 004', () => {
  const collector = () => new TelemetryCollector({ endpoint: 'https://telemetry.test' });

  it('basic usage sends to the exact address', async () => {
    await library.basicUsage();
    expect(posted[0]!.url).toBe('https://analytics.example.com/events');
    expect(types()).toEqual(['feature.used', 'performance', 'error']);
  });

  it('performance metrics', () => {
    expect(library.performanceMetrics(collector())).toMatchObject({ duration: expect.any(Number), summary: { p95: 280, count: 1 } });
  });

  it('usage analytics', () => {
    expect(library.usageAnalytics(collector())).toMatchObject({
      featureStats: [{ feature: 'proactive-suggestions', uses: 1 }],
      conversationStats: { completed: 1, messages: 2, tokens: 250 },
      proactiveMetrics: { shown: 1, accepted: 1, acceptanceRate: 1, averageResponseMs: 5000 },
    });
  });

  it('error tracking', () => {
    expect(library.errorTracking(collector())).toMatchObject({ groups: [{ count: 1 }], stats: { totalErrors: 1, uniqueGroups: 1, recovered: 1 } });
  });

  it('health checks', async () => {
    expect(await library.healthChecks(collector())).toMatchObject({ report: { status: 'healthy', services: [{ service: 'api', responseTime: 100 }] }, isHealthy: true });
  });

  it('the basic setup starts and stops', () => {
    expect(() => library.basicSetup()).not.toThrow();
  });

  it('privacy', () => {
    const seen: TelemetryEvent[] = [];
    const made = library.privacy();
    made.updateConfig({ beforeSend: (event) => (seen.push(event), event) });
    made.track({ type: 'user.login', data: { email: 'user@example.com', password: 'secret123', username: 'john_doe' } });
    expect(seen[0]!.metadata).toEqual({ email: '[REDACTED]', password: '[REDACTED]', username: 'john_doe' });
  });

  it('the server side tracks requests and takes events in', async () => {
    const { app, collector: made } = library.serverSide();
    expect(app).toBeTypeOf('function');
    made.track({ type: 'page_view', page: '/x', metadata: { referrer: '/' } });
    expect(made.getBufferStatus().size).toBe(1);
  });

  it('opt-in and opt-out', () => {
    const manager = new library.TelemetryManager();
    manager.updateConsent('granted');
    expect(localStorage.getItem('telemetry-consent')).toBe('granted');
    manager.updateConsent('denied');
    expect(Object.keys(localStorage)).toEqual(['telemetry-consent']);
  });

  it('considerations', async () => {
    const check = async () => ({ service: 'x', status: HealthStatus.HEALTHY, timestamp: 0 });
    await library.considerations(new PerformanceMetrics(collector()), check, check, check);
  });

  it('a transport with retries of its own', async () => {
    let calls = 0;
    const made = library.retryingTransport(async () => { if (++calls < 3) throw new Error('no'); }, async () => {});
    made.track({ type: 'a' });
    await made.flush();
    expect(calls).toBe(3);
  });

  it('React integration', () => {
    function Child() {
      useTelemetry().collector.track({ type: 'a' });
      return <p>in</p>;
    }
    render(<TelemetryProvider><Child /></TelemetryProvider>);
    expect(screen.getByText('in')).toBeTruthy();
  });
});
