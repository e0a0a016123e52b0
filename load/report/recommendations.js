// SPDX-License-Identifier: MIT

'use strict';
// What each method is good for, by the rules of loopscope_load/recommendations.py, and the figures that it follows from.

(() => {
  const { element, units } = report;
  // A document of an earlier version has no recommendations.
  const methodsOf = (results) => results.recommendations?.methods ?? [];
  const nameOf = ({ system, method }) =>
    system === 'loopscope' ? method : `${method} (${report.systemNames[system] ?? system})`;
  const known = (text) => text ?? 'not known';

  report.recommendationTable = (results) => {
    const found = methodsOf(results);
    if (found.length === 0) return null;
    const production = (each) => {
      if (each.production === null) return 'not known';
      return element('span', { class: each.production ? 'free' : 'blocked' }, each.production ? 'yes' : 'NO');
    };
    return report.table({
      className: 'stack words',
      caption: 'What to use each method for, by the rules below.',
      columns: ['method', 'production', 'why', 'use it for', 'never for'],
      groups: [
        {
          rows: found.map((each) => [
            nameOf(each),
            production(each),
            each.reason,
            known(each.use_for),
            each.never_for ?? '–',
          ]),
        },
      ],
    });
  };

  report.recommendationRules = (results) => {
    if (methodsOf(results).length === 0) return null;
    const rules = results.recommendations.rules.map((rule) => element('li', {}, rule));
    return report.details('The rules', element('ul', {}, ...rules));
  };

  /** All counts of one method on one system; null where there is only the comparison's own. */
  report.scaleTable = (results, { system, method }) => {
    const points = (results.scale ?? []).filter((point) => point.system === system && point.method === method);
    if (points.length < 2) return null;
    const stalls = ({ writes, stalled_writes: stalled }) => {
      if (stalled === null) return units.notMeasured;
      return stalled === 0 ? 'none' : `${units.count(stalled)} of ${units.count(writes)}`;
    };
    // The server's stall record, or where it keeps none, its lag.
    const longest = (point) => {
      if (point.stalled_writes === 0 && point.longest_stall_ms === null) return 'none';
      return point.longest_stall_ms === null
        ? units.durationOfUs(point.lag_max_us)
        : units.duration(point.longest_stall_ms);
    };
    const order = ({ in_order: inOrder }) => (inOrder === null ? units.notMeasured : inOrder ? 'yes' : 'NO');
    const row = (point) => {
      const count = units.count(point.count);
      if (point.outcome !== 'measured') return [count, point.outcome.replace('_', ' ')];
      return [
        count,
        units.duration(point.time_ms),
        units.percent(point.cpu_share),
        units.megabytes(point.growth_bytes),
        longest(point),
        stalls(point),
        units.durationOfUs(point.hello_p99_us),
        units.durationOfUs(point.idle_p99_us),
        order(point),
      ].map((text) => text.replaceAll(' ', '\u00a0')); // keep a number and its unit on one line
    };
    const reasons = points
      .filter(({ reason }) => reason)
      .map(({ count, reason }) => element('p', { class: 'quiet' }, `${units.count(count)} records: ${reason}`));
    const table = report.table({
      className: 'stack',
      caption: 'By the number of records in a write.',
      columns: [
        'records',
        'time',
        'CPU',
        'memory growth',
        'longest stall',
        'writes that stalled',
        '/hello p99',
        'idle p99',
        'in order?',
      ],
      groups: [{ rows: points.map(row) }],
    });
    return element('div', {}, table, ...reasons);
  };
})();
