// SPDX-License-Identifier: MIT

'use strict';
// Memory, CPU, page cache and loop lag over time, as in the articles' graphs.

report.timeSeries = (repeat) => {
  const { chart, theme, units } = report;
  const zeroMs = repeat.windows_ms[0][0];
  const at = repeat.samples.at_ms.map((ms) => (ms - zeroMs) / 1000);
  const endS = (repeat.windows_ms.at(-1)[1] - zeroMs) / 1000;
  const rowsMax = 12;

  const shade = (ctx, area, plot) => {
    const left = Math.max(area.x, plot.toDomXCoord(0));
    const right = Math.min(area.x + area.w, plot.toDomXCoord(endS));
    ctx.save();
    ctx.fillStyle = theme.colour('write');
    ctx.fillRect(left, area.y, Math.max(1, right - left), area.h);
    ctx.restore();
  };

  // lines: [{ label, key, colour, dash }], of which the first has the peak. A line without a known value is left out.
  function many({ title, lines, words, axisWords, note, log }) {
    const known = lines
      .map((line) => ({ ...line, values: repeat.samples[line.key] ?? [] }))
      .filter(({ values }) => values.some((value) => value !== null));
    if (known.length === 0) return null;
    const highest = Math.max(...known.flatMap(({ values }) => values.filter((value) => value !== null)));
    const build = () => ({
      x: { label: 'at', words: (x) => `${x.toFixed(1)} s`, axisWords: (x) => `${x} s` },
      y: { words, axisWords, log, range: [0, highest > 0 ? highest * 1.1 : 1] },
      series: known.map(({ label, colour, dash }) => ({ label, colour, dash })),
      rows: at.map((s, index) => [s, ...known.map(({ values }) => values[index])]),
      paint: shade,
    });
    const [{ values: first }] = known;
    const measured = first.filter((value) => value !== null);
    const max = Math.max(...measured);
    // The table has about a dozen rows; the peak is always one of them.
    const stride = Math.max(1, Math.ceil(first.length / rowsMax));
    const peak = first.indexOf(max);
    const rows = at
      .map((s, index) => [index, s])
      .filter(([index]) => index % stride === 0 || index === peak)
      .map(([index, s]) => [
        `${s.toFixed(1)} s${index === peak ? ' (peak)' : ''}`,
        ...known.map(({ values }) => words(values[index])),
      ]);
    return chart.figure({
      title,
      note,
      build,
      alternative: `${known.length > 1 ? `${known[0].label}: ` : ''}from ${words(measured[0])}, peak ${words(max)}, to ${words(measured.at(-1))}`,
      table: report.details(
        `Figures: peak ${words(max)}`,
        report.table({ columns: ['at', ...known.map(({ label }) => label)], groups: [{ rows }] }),
      ),
    });
  }

  const one = ({ key, colour, ...rest }) => many({ ...rest, lines: [{ label: rest.title, key, colour }] });

  const pageCache = () =>
    many({
      title: 'Page cache',
      lines: [
        { label: 'dirty', key: 'dirty_bytes', colour: 'corrected' },
        { label: 'in writeback', key: 'writeback_bytes', colour: 'open', dash: [2, 3] },
        { label: 'cached', key: 'cached_bytes', colour: 'other', dash: [8, 4] },
      ],
      words: units.megabytes,
      note: 'Pages of the written files: dirty ones are not on the disk yet. What is cached and not dirty was written back.',
    });

  return [
    one({
      title: 'Memory',
      key: 'resident_bytes',
      words: units.megabytes,
      colour: 'other',
      note: 'Resident memory of the whole process. Tinted: from the start of the first write to the end of the last.',
    }),
    one({ title: 'CPU', key: 'cpu_share', words: units.percent, colour: 'corrected', note: '100 % is one core.' }),
    pageCache(),
    one({
      title: 'Loop lag',
      key: 'lag_max_us',
      words: units.durationOfUs,
      axisWords: units.tick,
      colour: 'open',
      note: 'The maximum delay of the loop in each 100 ms, a stall in progress included.',
      log: true,
    }),
  ].filter((figure) => figure !== null);
};
