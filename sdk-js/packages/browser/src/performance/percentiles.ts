/** What a list of measurements says. */

export interface Summary {
  count: number;
  mean: number;
  min: number;
  max: number;
  p50: number;
  p95: number;
  p99: number;
}

/** All zero when there is nothing to summarise; `count` tells. */
export function summarize(values: number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? 0;
  const mean = count ? sorted.reduce((sum, value) => sum + value, 0) / count : 0;
  return { count, mean, min: sorted[0] ?? 0, max: sorted[count - 1] ?? 0, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
