'use strict';
// Memory, CPU and loop lag over time, as in the articles' graphs.

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

  function one({ title, key, words, axisWords, colour, note, log }) {
    const values = repeat.samples[key];
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return null;
    const max = Math.max(...known);
    const build = () => ({
      x: { label: 'at', words: (x) => `${x.toFixed(1)} s`, axisWords: (x) => `${x} s` },
      y: { words, axisWords, log, range: [0, max > 0 ? max * 1.1 : 1] },
      series: [{ label: title, colour }],
      rows: at.map((s, i) => [s, values[i]]),
      paint: shade,
    });
    // The table has about a dozen rows; the peak is always one of them.
    const stride = Math.max(1, Math.ceil(values.length / rowsMax));
    const peak = values.indexOf(max);
    const rows = at
      .map((s, index) => [index, s])
      .filter(([index]) => index % stride === 0 || index === peak)
      .map(([index, s]) => [`${s.toFixed(1)} s${index === peak ? ' (peak)' : ''}`, words(values[index])]);
    return chart.figure({
      title,
      note,
      build,
      alternative: `From ${words(known[0])}, peak ${words(max)}, to ${words(known.at(-1))}`,
      table: report.details(
        `Figures: peak ${words(max)}`,
        report.table({ columns: ['at', title], groups: [{ rows }] }),
      ),
    });
  }

  return [
    one({
      title: 'Memory',
      key: 'resident_bytes',
      words: units.megabytes,
      colour: 'other',
      note: 'Resident memory of the whole process. Tinted: from the start of the first write to the end of the last.',
    }),
    one({ title: 'CPU', key: 'cpu_share', words: units.percent, colour: 'corrected', note: '100 % is one core.' }),
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
