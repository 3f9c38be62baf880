import { useEffect, useState } from 'react';
import { useTelemetry } from './telemetry-provider.js';

/** Document S's custom thresholds, by the server's own metric names. */
export interface AlertThreshold {
  metric: string;
  threshold: number;
  operator: 'gt' | 'lt' | 'gte' | 'lte' | 'eq';
  severity: 'critical' | 'error' | 'warning' | 'info';
  message: string;
}

export interface ResilienceDashboardProps {
  /** The Holdfast server, with its closing slash; the collector's own when left out. */
  server?: string;
  range?: string;
  /** Default five minutes. */
  refreshMs?: number;
  thresholds?: readonly AlertThreshold[];
}

interface Reading {
  metric_name: string;
  metric_value: number | null;
  status: string;
  unit: string;
  message: string;
}

interface Answer {
  metrics: Reading[];
}

const TITLES: Record<string, string> = {
  rollback_rate: 'Rollback rate',
  retry_success_rate: 'Retry success rate',
  error_recovery_rate: 'Error recovery rate',
  duplicate_suppression_rate: 'Duplicate suppression rate',
  overall_resilience: 'Overall resilience',
  latency_p50: 'Median latency',
  latency_p95: 'Latency, 95th percentile',
};

/**
 * Document B's dashboard as a component for an admin page: the server's resilience metrics, by the login of whoever looks
 * (a cookie of the same site). The full page is the server's `/admin/resilience`.
 */
export function ResilienceDashboard({ server, range = '24h', refreshMs = 300_000, thresholds = [] }: ResilienceDashboardProps) {
  const { collector } = useTelemetry();
  const base = server ?? collector.getConfig().endpoint.replace(/\/?(api\/.*)?$/, '/');
  const { answer, problem } = useMetrics(`${base}api/admin/resilience-metrics?range=${encodeURIComponent(range)}`, refreshMs);
  if (!answer) return <p role="status">{problem || 'Loading resilience metrics'}</p>;
  return (
    <section aria-label="Resilience">
      {problem && <p role="alert">{problem}</p>}
      <dl>
        {answer.metrics.map((reading) => (
          <Panel key={reading.metric_name} reading={reading} broken={thresholds.find((rule) => isBroken(rule, reading))} />
        ))}
      </dl>
    </section>
  );
}

function Panel({ reading, broken }: { reading: Reading; broken: AlertThreshold | undefined }) {
  const { metric_name, metric_value, unit, status, message } = reading;
  const value = metric_value === null ? 'No data' : `${metric_value} ${unit === 'percent' ? '%' : unit}`;
  return (
    <div data-status={broken ? 'alert' : status}>
      <dt>{TITLES[metric_name] ?? metric_name}</dt>
      <dd>
        <strong>{value}</strong> <span>{broken?.message ?? (metric_value === null ? message : status)}</span>
      </dd>
    </div>
  );
}

function isBroken({ metric, operator, threshold }: AlertThreshold, { metric_name, metric_value }: Reading): boolean {
  if (metric !== metric_name || metric_value === null) return false;
  const tests = { gt: metric_value > threshold, lt: metric_value < threshold, gte: metric_value >= threshold, lte: metric_value <= threshold };
  return operator === 'eq' ? metric_value === threshold : tests[operator];
}

function useMetrics(url: string, refreshMs: number): { answer: Answer | undefined; problem: string } {
  const [state, setState] = useState<{ answer: Answer | undefined; problem: string }>({ answer: undefined, problem: '' });
  useEffect(() => {
    let isCurrent = true;
    const load = async () => {
      const next = await read(url);
      if (isCurrent) setState((before) => ({ answer: next.answer ?? before.answer, problem: next.problem }));
    };
    void load();
    const timer = setInterval(load, refreshMs);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [url, refreshMs]);
  return state;
}

async function read(url: string): Promise<{ answer: Answer | undefined; problem: string }> {
  try {
    const response = await fetch(url, { credentials: 'include' });
    if (response.ok) return { answer: (await response.json()) as Answer, problem: '' };
    const isLogin = response.status === 401 || response.status === 403;
    return { answer: undefined, problem: isLogin ? 'Log in to Holdfast to see the metrics.' : `The metrics could not be read (${response.status}).` };
  } catch {
    return { answer: undefined, problem: 'The Holdfast server can not be reached. The page tries again by itself.' };
  }
}
