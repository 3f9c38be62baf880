import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorTracking } from '../src/errors/error-tracking.js';
import { parseStack } from '../src/errors/parse-stack.js';
import { HealthCheck, HealthStatus } from '../src/health/health-check.js';
import { errors } from '../src/instruments/errors.js';
import { createRecorder, type Recorder } from './recorder.js';

let recorder: Recorder;
beforeEach(() => {
  recorder = createRecorder();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('parseStack', () => {
  it.each([
    ['V8', '    at pay (https://shop.test/app.js?v=1:10:20)', 'pay'],
    ['V8, async', '    at async pay (https://shop.test/app.js:10:20)', 'pay'],
    ['V8, no name', '    at https://shop.test/app.js:10:20', '?'],
    ['Gecko and WebKit', 'pay@https://shop.test/app.js:10:20', 'pay'],
  ])('reads a frame of %s', (_, line, name) => {
    expect(parseStack('Error: x\n' + line)).toEqual([{ function: name, file: 'https://shop.test/app.js', line: 10, column: 20, inApp: true }]);
  });

  it('takes a hostile stack in no time', () => {
    const start = performance.now();
    parseStack(('at ' + '('.repeat(1_900) + '\n').repeat(100));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('unhandled errors', () => {
  it('leaves out the noise of extensions and other origins, and counts it', () => {
    const stop = errors()(recorder.collector);
    const dropped = vi.spyOn(recorder.collector, 'noteDropped');
    const foreign = new Error('boom');
    foreign.stack = 'Error: boom\n at x (chrome-extension://abc/content.js:1:1)';
    dispatchEvent(new ErrorEvent('error', { error: foreign, message: 'boom' }));
    dispatchEvent(new ErrorEvent('error', { message: 'Script error.' }));
    dispatchEvent(new ErrorEvent('error', { error: new Error('ours'), message: 'ours' }));
    stop();
    expect(recorder.of('error').map(({ message }) => message)).toEqual(['ours']);
    expect(dropped).toHaveBeenCalledTimes(2);
  });

  it('records one thrown object once, whoever sees it', () => {
    const stop = errors()(recorder.collector);
    const error = new Error('once');
    recorder.collector.trackError(error);
    dispatchEvent(new ErrorEvent('error', { error, message: 'once' }));
    stop();
    expect(recorder.types()).toEqual(['error']);
  });

  it('says where a thrown string came from', () => {
    const stop = errors()(recorder.collector);
    dispatchEvent(new ErrorEvent('error', { error: 'text', message: 'Uncaught text', filename: 'https://shop.test/app.js', lineno: 3, colno: 4 }));
    stop();
    expect(recorder.of('error')[0]).toMatchObject({ errorType: 'String', message: 'text', stack: 'at https://shop.test/app.js:3:4', handled: false });
  });

  it('only counts an error in a loop after a while', () => {
    const dropped = vi.spyOn(recorder.collector, 'noteDropped');
    for (let n = 0; n < 100; n++) recorder.collector.trackError(new Error('loop'));
    expect(recorder.types()).toHaveLength(30);
    expect(dropped).toHaveBeenCalledTimes(70);
  });

  it('carries causes, context and breadcrumbs', () => {
    recorder.collector.trail.add({ category: 'navigation', message: '/cart' });
    recorder.collector.trackError(new Error('outer', { cause: new TypeError('inner') }), { context: 'api-call' });
    expect(recorder.of('error')[0]).toMatchObject({
      causes: [{ errorType: 'TypeError', message: 'inner' }],
      context: { context: 'api-call' },
      breadcrumbs: [{ category: 'navigation', message: '/cart', timestamp: expect.any(Number) }],
    });
  });

  it('brings all 50 breadcrumbs, and beside them no more names than the server takes', () => {
    for (let n = 0; n < 60; n++) recorder.collector.trail.add({ category: 'http', message: `GET /api/orders/[id] ${n}`, level: 'warning', data: { n } });
    const context = Object.fromEntries(Array.from({ length: 300 }, (_, n) => ['k' + n, n]));
    recorder.collector.trackError(new Error('x'), context);
    const { breadcrumbs, ...rest } = recorder.of('error')[0]!;
    expect((breadcrumbs as { message: string; data: { n: number } }[]).map(({ data }) => data.n)).toEqual(Array.from({ length: 50 }, (_, n) => n + 10));
    expect(JSON.stringify(rest).match(/"[^"]*":/g)!.length).toBeLessThanOrEqual(128);
  });

  it('gives other events no more room for a field of that name', () => {
    const breadcrumbs = Array.from({ length: 90 }, (_, n) => ({ a: n, b: n }));
    recorder.collector.track({ type: 'other', metadata: { breadcrumbs } });
    expect(JSON.stringify(recorder.of('other')[0]).match(/"[^"]*":/g)!.length).toBeLessThanOrEqual(128);
  });

  it('says which builds the scripts of the stack are from', () => {
    vi.stubGlobal('_sentryDebugIds', {
      'Error\n    at https://shop.test:8080/assets/index.js?v=1:1:23\n    at https://shop.test/other.js:9:9': '11111111-1111-4111-8111-111111111111',
      'Error\n    at https://shop.test/assets/unused.js:1:1': '22222222-2222-4222-8222-222222222222',
    });
    vi.stubGlobal('_debugIds', { 'f@https://cdn.test/pkg@2.0/lib.js:1:5\n': '33333333-3333-4333-8333-333333333333' });
    const error = new Error('x');
    error.stack = 'Error: x\n    at pay (https://shop.test:8080/assets/index.js?v=1:10:20)\n    at run (https://cdn.test/pkg@2.0/lib.js:3:4)';
    recorder.collector.trackError(error);
    expect(recorder.of('error')[0]!.debugImages).toEqual([
      { code_file: 'https://shop.test:8080/assets/index.js?v=1', debug_id: '11111111-1111-4111-8111-111111111111' },
      { code_file: 'https://cdn.test/pkg@2.0/lib.js', debug_id: '33333333-3333-4333-8333-333333333333' },
    ]);
  });

  it('says nothing of builds that left no id, or a strange one', () => {
    vi.stubGlobal('_sentryDebugIds', { nonsense: 5, '': null });
    recorder.collector.trackError(new Error('x'));
    expect(recorder.of('error')[0]!.debugImages).toBeUndefined();
  });
});

describe('ErrorTracking', () => {
  it('groups what is the same fault', () => {
    const tracking = new ErrorTracking(recorder.collector, { captureUnhandled: false, captureUnhandledRejections: false });
    const fail = (id: number) => tracking.captureError(Object.assign(new Error(`order ${id} is gone`)));
    [17, 18, 19].forEach(fail);
    tracking.captureError(new TypeError('other'));
    expect(tracking.getErrorGroups().map(({ count, errorIds }) => [count, errorIds.length])).toEqual([[3, 3], [1, 1]]);
    expect(tracking.getStats()).toMatchObject({ totalErrors: 4, uniqueGroups: 2 });
    tracking.destroy();
  });
});

describe('HealthCheck', () => {
  it('degrades at the first failure and is unhealthy at the third', async () => {
    const checks = new HealthCheck(recorder.collector, { failureThreshold: 3 });
    checks.registerService('api', () => { throw new Error('refused'); });
    const states = [];
    for (let n = 0; n < 3; n++) states.push((await checks.getHealthReport()).status);
    expect(states).toEqual([HealthStatus.DEGRADED, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY]);
    checks.destroy();
  });

  it('is degraded while a service that it depends on is unhealthy', async () => {
    const checks = new HealthCheck(recorder.collector, { failureThreshold: 1 });
    const now = () => ({ service: 'shop', status: HealthStatus.HEALTHY, timestamp: Date.now() });
    checks.registerService('shop', now, { dependsOn: ['database'] });
    checks.registerService('database', () => { throw new Error('refused'); });
    const { services } = await checks.getHealthReport();
    expect(services.map(({ service, status }) => [service, status])).toEqual([['shop', 'degraded'], ['database', 'unhealthy']]);
    checks.destroy();
  });

  it('takes a check that never answers for a failure', async () => {
    vi.useFakeTimers();
    const checks = new HealthCheck(recorder.collector, { failureThreshold: 1, timeoutMs: 500 });
    checks.registerService('slow', () => new Promise(() => {}));
    const report = checks.getHealthReport();
    await vi.advanceTimersByTimeAsync(501);
    expect((await report).services[0]).toMatchObject({ status: 'unhealthy', message: 'no answer within 500 ms' });
    checks.destroy();
  });
});
