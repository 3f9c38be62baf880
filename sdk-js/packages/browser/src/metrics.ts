/** Document C's collector by its own names, on the page's one collector. */
import { captureError } from './errors/capture-error.js';
import { getCollector } from './shared-collector.js';

export const metrics = {
  recordPageView(page: string, metadata?: Record<string, unknown>): void {
    getCollector().track({ type: 'page_view', page, metadata });
  },
  recordAPILatency(endpoint: string, durationMs: number, status: number, method?: string): void {
    getCollector().track({ type: 'api_latency', endpoint, duration: durationMs, status, method });
  },
  recordError(errorType: string, message: string, context?: Record<string, unknown>): void {
    captureError({ name: errorType, message }, { collector: getCollector(), handled: true, context });
  },
  recordUserAction(action: string, metadata?: Record<string, unknown>): void {
    getCollector().track({ type: 'user_action', action, metadata });
  },
  recordPerformance(name: string, value: number, unit = name === 'CLS' ? 'score' : 'ms'): void {
    getCollector().track({ type: 'performance', name, value, unit });
  },
};
