// SPDX-License-Identifier: MIT

'use strict';
// How many bytes wait in the buffer of a stream over a few of its cycles, with its high-water mark and its drains.

report.streamBuffers = (results) => {
  const { chart, element, theme, units } = report;
  const rowsMax = 12;
  const triangle = 5; // pixels, half of its width

  function figure(name, system, { report: written, buffer }) {
    const title = `${report.systemNames[system] ?? system}, ${name}`;
    if (buffer.reason) return element('p', { class: 'quiet' }, `${title}: not measured: ${buffer.reason}`);
    const mark = written.backpressure.high_water_mark;
    const rows = buffer.at_us.map((us, i) => [us / 1000, buffer.bytes[i]]);
    const drains = buffer.drains_at_us.map((us) => us / 1000);
    const peak = Math.max(...buffer.bytes);
    const bytesWords = (bytes) => `${units.count(Math.round(bytes))} bytes`;

    function paint(ctx, area, plot) {
      ctx.save();
      ctx.strokeStyle = theme.colour('corrected');
      ctx.lineWidth = 1.5;
      ctx.setLineDash([6, 4]);
      ctx.beginPath();
      ctx.moveTo(area.x, plot.toDomYCoord(mark));
      ctx.lineTo(area.x + area.w, plot.toDomYCoord(mark));
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.lineWidth = 1;
      ctx.strokeStyle = ctx.fillStyle = theme.colour('text');
      for (const at of drains) {
        const x = plot.toDomXCoord(at);
        ctx.beginPath();
        ctx.moveTo(x, area.y + area.h);
        ctx.lineTo(x, area.y + triangle);
        ctx.stroke();
        ctx.beginPath();
        ctx.moveTo(x - triangle, area.y);
        ctx.lineTo(x + triangle, area.y);
        ctx.lineTo(x, area.y + 2 * triangle);
        ctx.fill();
      }
      ctx.restore();
    }

    const stride = Math.max(1, Math.ceil(rows.length / rowsMax));
    const shown = rows.filter(([at], i) => i % stride === 0 || drains.includes(at));
    const spanWords = units.duration(rows.at(-1)[0] - rows[0][0]);
    const drainWords = `${units.count(drains.length)} drain${drains.length === 1 ? '' : 's'}`;
    return chart.figure({
      title,
      note: `${units.count(rows.length)} readings over ${spanWords}, ${drainWords}.`,
      alternative: `Up to ${bytesWords(peak)} with a mark of ${bytesWords(mark)}, ${drainWords} in ${spanWords}`,
      build: () => ({
        x: {
          label: 'at',
          words: units.duration,
          axisWords: (ms) => `${Number(ms.toPrecision(3))} ms`,
          range: [rows[0][0], rows[0][0] + (rows.at(-1)[0] - rows[0][0]) * 1.03], // room for a drain at the end
        },
        y: {
          words: bytesWords,
          axisWords: (bytes) => `${Math.round(bytes / 1024)} KiB`,
          range: [0, Math.max(peak, mark) * 1.15],
          ticksEvery: mark / 4,
        },
        series: [{ label: 'in the buffer', colour: 'open', steps: true }],
        rows,
        paint,
      }),
      table: report.details(
        `Figures: peak ${bytesWords(peak)}, ${drainWords}`,
        report.table({
          columns: ['at', 'in the buffer'],
          groups: [
            {
              rows: shown.map(([at, bytes]) => [
                `${units.duration(at)}${drains.includes(at) ? ' (drain)' : ''}`,
                bytesWords(bytes),
              ]),
            },
          ],
        }),
      ),
    });
  }

  const systems = Object.entries(results.evidence.systems).sort(([name]) => (name === 'node' ? -1 : 1));
  const names = [...new Set(systems.flatMap(([, { runs }]) => Object.keys(runs)))];
  const figures = names.flatMap((name) =>
    systems.filter(([, { runs }]) => runs[name]?.buffer).map(([system, { runs }]) => figure(name, system, runs[name])),
  );
  if (figures.length === 0) return null;
  return element(
    'div',
    { id: 'stream-buffer' },
    element('h3', {}, "A stream's buffer over time"),
    element(
      'p',
      { class: 'quiet' },
      'Bytes that write() has accepted and that are not written yet: they count until their write call has ended. Dashed: the ' +
        'high-water mark. A triangle: a drain, after which the producer goes on. Node.js reads its writableLength from the ' +
        'middle of the measured write on. loopscope reads its buffer at intervals from another thread, so a drain is at the ' +
        'reading that follows it.',
    ),
    element('div', { class: 'charts' }, ...figures),
  );
};
