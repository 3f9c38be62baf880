// An application with @sentry/node, unchanged: does everything that Holdfast keeps, and prints what the client made of it.
//
//     node_app.mjs DSN
import * as Sentry from '@sentry/node';

// Not in one word: source lines go along with frames, and an address in them is taken out.
const PERSON = ['jo', 'example.org'];
const sent = { events: [] };

Sentry.init({
  dsn: process.argv[2],
  release: 'shop@2.0.0',
  environment: 'staging',
  dist: '42',
  serverName: 'node-1',
  tracesSampleRate: 1,
  enableLogs: true,
  attachStacktrace: true,
});
Sentry.getClient().on('beforeEnvelope', ([, items]) => {
  for (const [header, payload] of items) if (header.type === 'event') sent.events.push(JSON.parse(JSON.stringify(payload)));
});

function readPrice(order) {
  return order.price.amount;
}

Sentry.setUser({ id: 'u-9', email: PERSON.join('@'), username: 'jo' });
Sentry.setTag('tenant', 'acme');
Sentry.setContext('cart', { items: 3 });
Sentry.setExtra('attempt', 2);
Sentry.addBreadcrumb({ category: 'ui', message: 'clicked pay', level: 'info', data: { button: 'pay' } });

Sentry.withScope((scope) => {
  scope.addAttachment({ filename: 'trace.bin', data: new Uint8Array([0, 10, 255, 10, 123]), contentType: 'application/octet-stream' });
  try {
    readPrice({});
  } catch (cause) {
    Sentry.captureException(new Error('order 8841 has no price', { cause }));
  }
});
Sentry.captureMessage('the queue is long', 'warning');

Sentry.startSpan({ op: 'http.server', name: 'GET /orders/:id', attributes: { 'http.request.method': 'GET', 'http.route': '/orders/:id', 'http.response.status_code': 200 } }, () => {
  Sentry.startSpan({ op: 'db.query', name: 'SELECT 1', attributes: { 'db.system': 'postgresql' } }, () => undefined);
  Sentry.startSpan({ op: 'gen_ai.chat', name: 'chat tiny-1', attributes: { 'gen_ai.request.model': 'tiny-1', 'gen_ai.system': 'openai', 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 8 } }, () => undefined);
});

Sentry.logger.warn('stock of tea is low', { left: 2 });
Sentry.metrics.count('orders.paid', 1, { attributes: { shop: 'north' } });
Sentry.metrics.count('orders.paid', 1, { attributes: { shop: 'north' } });
Sentry.metrics.gauge('queue.length', 17);
Sentry.metrics.distribution('answer.time', 12.5, { unit: 'millisecond' });

Sentry.withMonitor('nightly-bill', () => undefined, {
  schedule: { type: 'interval', value: 1, unit: 'hour' },
  checkinMargin: 5,
  maxRuntime: 30,
});
Sentry.captureFeedback({ message: 'the pay button does nothing', name: 'Jo', email: PERSON.join('@'), url: 'https://shop.example.org/pay' });

Sentry.endSession();
await Sentry.flush(20_000);
await Sentry.close(20_000);
console.log(JSON.stringify(sent));
