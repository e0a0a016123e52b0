// SPDX-License-Identifier: MIT

/** The nearest-rank quantile of sorted values; null when there are none. */
export function quantile(sorted, q) {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** p50, p99, maximum and number of values. */
export function summarize(values) {
  const sorted = Float64Array.from(values).sort();
  return { count: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
}

export function median(values) {
  return quantile(Float64Array.from(values).sort(), 0.5);
}
