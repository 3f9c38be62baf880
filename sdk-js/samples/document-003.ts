/** Document 003, "Runtime Metrics System". */
import metrics from '@holdfast/browser';

export function frontendMetrics() {
  metrics.recordPageView('/menu');
  metrics.recordAPILatency('orders.select', 150, 200);
  metrics.recordError('fetch_error', 'Network timeout');
  metrics.recordUserAction('add_to_cart', { itemId: 123 });
  metrics.recordPerformance('LCP', 1200);
}
