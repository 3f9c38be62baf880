/** `api_latency` for each XMLHttpRequest, which is what axios and older libraries use. */
import { createReport, type RequestsOptions } from './requests.js';
import type { Instrument } from './instrument.js';

export function xhr(options: RequestsOptions = {}): Instrument {
  return (collector) => {
    const report = createReport(collector, options);
    const { prototype } = XMLHttpRequest;
    const { open, send } = prototype;
    const calls = new WeakMap<XMLHttpRequest, [string, string]>();
    prototype.open = function (this: XMLHttpRequest, ...call: any[]) {
      calls.set(this, [String(call[0]), String(call[1])]);
      return (open as any).apply(this, call);
    };
    prototype.send = function (this: XMLHttpRequest, body) {
      const startedAt = performance.now();
      const call = calls.get(this);
      if (call) this.addEventListener('loadend', () => report(...call, this.status, startedAt), { once: true });
      return send.call(this, body);
    };
    return () => Object.assign(prototype, { open, send });
  };
}
