import { ErrorBoundary, useDebouncedClickWithTelemetry, useOptimisticActionWithTelemetry } from '@holdfast/react';
import { useState } from 'react';
import { fetchJson } from './shop-api';

export function Checkout() {
  return (
    <>
      <h1>Checkout</h1>
      <PaymentButton path="/shop-api/pay" label="Pay" />
      <PaymentButton path="/shop-api/pay?fail=1" label="Pay with a card that is declined" />
      <ErrorBoundary component="Recommendations" fallback={({ reset }) => <button onClick={() => ((isBroken = false), reset())}>Show recommendations again</button>}>
        <Recommendations />
      </ErrorBoundary>
    </>
  );
}

function PaymentButton({ path, label }: { path: string; label: string }) {
  const [isPaid, setPaid] = useState(false);
  const { execute, status, error } = useOptimisticActionWithTelemetry({
    action: () => fetchJson(path, { method: 'POST' }),
    component: 'PaymentButton',
    optimistic: () => setPaid(true),
    rollback: () => setPaid(false),
  });
  const pay = useDebouncedClickWithTelemetry(() => execute(), { delay: 500, component: 'PaymentButton' });
  return (
    <p>
      <button onClick={pay}>{label}</button>
      <output>{isPaid ? 'Paid' : 'Not paid'}</output>
      {status === 'error' && <span role="alert">{(error as Error).message}</span>}
    </p>
  );
}

let isBroken = false;

function Recommendations() {
  const [, redraw] = useState(0);
  if (isBroken) throw new TypeError('recommendations are not iterable');
  return <button onClick={() => ((isBroken = true), redraw((n) => n + 1))}>Break the recommendations</button>;
}
