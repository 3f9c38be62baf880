// A page with @sentry/browser, unchanged: does everything that Holdfast keeps. `window.run(dsn)` answers what was sent.
import * as Sentry from '@sentry/browser';

const PERSON = ['jo', 'example.org'];

window.run = async (dsn) => {
  const sent = { events: [] };
  Sentry.init({
    dsn,
    release: 'page@3.0.0',
    environment: 'staging',
    tracesSampleRate: 1,
    enableLogs: true,
    attachStacktrace: true,
    integrations: [Sentry.browserTracingIntegration()],
  });
  Sentry.getClient().on('beforeEnvelope', ([, items]) => {
    for (const [header, payload] of items) if (header.type === 'event') sent.events.push(JSON.parse(JSON.stringify(payload)));
  });
  Sentry.setUser({ id: 'u-5', email: PERSON.join('@') });
  Sentry.setTag('tenant', 'acme');
  Sentry.addBreadcrumb({ category: 'ui', message: 'opened the cart', level: 'info' });

  function readPrice(order) {
    return order.price.amount;
  }
  Sentry.withScope((scope) => {
    scope.addAttachment({ filename: 'state.json', data: '{"cart":3}', contentType: 'application/json' });
    try {
      readPrice({});
    } catch (cause) {
      Sentry.captureException(new Error('order 8841 has no price', { cause }));
    }
  });
  Sentry.captureMessage('the queue is long', 'warning');
  Sentry.startSpan({ op: 'ui.click', name: 'pay' }, () => undefined);
  Sentry.logger.error('stock of tea is low', { left: 2 });
  Sentry.metrics.count('orders.paid', 1);
  Sentry.captureFeedback({ message: 'the pay button does nothing', email: PERSON.join('@') });
  await Sentry.flush(20_000);
  await new Promise((resolve) => setTimeout(() => { resolve(); throw new RangeError('nobody catches this'); }, 0));
  await Sentry.flush(20_000);
  return sent;
};
