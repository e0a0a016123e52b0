// SPDX-License-Identifier: MIT

'use strict';
// The claims beside the measurements, and all methods in one table.

report.systemNames = { loopscope: 'loopscope', node: 'Node.js' };

report.notMeasured = ({ outcome, reason }) => (reason ? `${outcome}: ${reason}` : outcome);

/** The number of repeats as text ('3', or '1 to 3' if it differs), and whether any method has more than one. */
report.repeatsDone = (results) => {
  const done = results.entries.filter(({ summary }) => summary).map(({ summary }) => summary.repeats);
  const [min, max] = [Math.min(...done), Math.max(...done)];
  return { repeats: min === max ? `${max}` : `${min} to ${max}`, several: max > 1 };
};

report.loopWord = (verdict) => {
  if (!verdict.loop) return report.units.notMeasured;
  return report.element('span', { class: verdict.loop.toLowerCase() }, verdict.loop);
};

const verdictClasses = {
  holds: 'free',
  'holds in part': 'stressed',
  'does not hold': 'blocked',
};

/** The claims in the order of the verdicts' interest stay in that of the articles: a reader has those beside this. */
report.claimsTable = (results) => {
  const { element } = report;
  const articles = [...new Set(results.claims.map(({ article }) => article))];
  const drawing = (row) =>
    row.drawn_at ? element('a', { class: 'relation', href: `#${row.drawn_at}` }, 'drawn below this table') : null;
  const claim = (row) =>
    element('span', {}, row.claim, row.how ? element('span', { class: 'relation' }, row.how) : null, drawing(row));
  const verdict = (row) =>
    element(
      'span',
      {},
      element('span', { class: verdictClasses[row.verdict] ?? 'quiet' }, row.verdict),
      element('span', { class: 'relation' }, row.why),
    );
  return report.table({
    className: 'claims stack words',
    caption:
      'Every claim of the articles, which measured Node.js on unnamed machines. The verdict is on what Node.js did here; advice and the page cache are judged on loopscope where Node.js was not measured.',
    columns: ['claim', 'article', 'Node.js', 'loopscope', 'verdict'],
    groups: articles.map((article) => ({
      title: article,
      rows: results.claims
        .filter((row) => row.article === article)
        .map((row) => [
          claim(row),
          row.value,
          row.measured.node ?? '\u2013',
          row.measured.loopscope ?? '\u2013',
          verdict(row),
        ]),
    })),
  });
};

report.overviewTable = (results) => {
  const { units, element } = report;
  const tied = (text) => text.replaceAll(' ', '\u00a0'); // keep a number and its unit on one line
  const spread = (figure, words) => {
    if (!figure) return units.notMeasured;
    if (figure.min === figure.max) return tied(words(figure.median));
    return element(
      'span',
      {},
      tied(words(figure.median)),
      element('span', { class: 'relation' }, `${tied(words(figure.min))} to ${tied(words(figure.max))}`),
    );
  };
  const stall = ({ longest_stall_ms: longest, stalls }) => {
    const words = (ms) => (ms > 0 ? units.duration(ms) : 'none');
    // `longest` is over the repeats with a stall. Documents of an earlier version have 0 for none, and no `stalls`.
    if (!stalls || stalls.min > 0) return spread(longest, words);
    if (stalls.max === 0) return 'none';
    return spread({ ...longest, min: 0, median: stalls.median > 0 ? longest.median : 0 }, words);
  };
  const order = (summary) => {
    if (summary.in_order === null) return units.notMeasured;
    return summary.in_order ? 'yes' : `NO, ${units.count(summary.out_of_order_records)} records`;
  };
  const row = (entry) => {
    const name = `${entry.method}${entry.system === 'loopscope' ? '' : ` (${report.systemNames[entry.system]})`}`;
    const { summary } = entry;
    if (!summary) return [name, report.notMeasured(entry)];
    const us = (key) => spread(summary[key], units.durationOfUs);
    const titled = entry.reason
      ? element('span', {}, name, element('span', { class: 'relation' }, `then: ${entry.reason}`))
      : name;
    return [
      titled,
      spread(summary.time_ms, units.duration),
      summary.time_ms?.median ? tied(units.rate((summary.count / summary.time_ms.median) * 1000)) : units.notMeasured,
      us('hello_p50_us'),
      us('hello_p99_us'),
      us('hello_p99_9_us'),
      us('idle_p99_9_us'),
      us('hello_max_us'),
      stall(summary),
      spread(summary.peak_bytes, units.megabytes),
      spread(summary.cpu_share, units.percent),
      order(summary),
      report.loopWord(summary.verdict),
    ];
  };
  const { repeats, several } = report.repeatsDone(results);
  return report.table({
    className: 'stack',
    caption: `/hello due during a write, in open loop${several ? `; medians of ${repeats} repeats, with their ranges below` : ''}.`,
    columns: [
      'method',
      'time',
      'writes per s',
      'p50',
      'p99',
      'p99.9',
      'idle p99.9',
      'max',
      'longest stall',
      'peak memory',
      'CPU',
      'in order?',
      'loop',
    ],
    groups: [{ rows: results.entries.map(row) }],
  });
};
