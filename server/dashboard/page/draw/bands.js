// SPDX-License-Identifier: MIT

const minWidthPx = 2;
const edgePx = 3;
const runPx = 4;

/** Draws stalls as bands behind the lines, and runs as labelled strips at the bottom. Times are in ms. */
export function drawBands(ctx, area, plot, { stalls, runs, colours }) {
  const [from, to] = plot.xAxisRange();
  const bottom = area.y + area.h;
  const span = (begin, end) => {
    const left = Math.max(area.x, plot.toDomXCoord(begin));
    const right = Math.min(area.x + area.w, plot.toDomXCoord(end));
    return right >= area.x && left <= area.x + area.w ? [left, Math.max(minWidthPx, right - left)] : null;
  };
  ctx.save();
  for (const [begin, end] of stalls(from, to)) {
    const at = span(begin, end);
    if (!at) continue;
    ctx.fillStyle = colours.band;
    ctx.fillRect(at[0], area.y, at[1], area.h);
    ctx.fillStyle = colours.bandEdge;
    ctx.fillRect(at[0], area.y, at[1], edgePx);
  }
  ctx.font = '11px system-ui, sans-serif';
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  let labelledUntil = -Infinity;
  const inOrder = [...(runs?.(from, to) ?? [])].sort((a, b) => a.from - b.from);
  for (const run of inOrder) {
    const at = span(run.from, run.to);
    if (!at) continue;
    ctx.fillStyle = colours.run;
    ctx.fillRect(at[0], bottom - runPx, at[1], runPx);
    ctx.fillStyle = colours.text;
    const { width } = ctx.measureText(run.method);
    const left = Math.min(at[0], area.x + area.w - width);
    if (left < labelledUntil) continue;
    ctx.fillText(run.method, left, bottom - runPx - 1);
    labelledUntil = left + width + 6;
  }
  ctx.restore();
}

/** Draws the cursor that all charts share, when its time is in the window. */
export function drawCursor(ctx, area, plot, time, colour) {
  const [from, to] = plot.xAxisRange();
  if (time === null || time < from || time > to) return;
  const x = Math.round(plot.toDomXCoord(time)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(x, area.y);
  ctx.lineTo(x, area.y + area.h);
  ctx.stroke();
  ctx.restore();
}

/** Draws the span of time that is being dragged out: [from, to] in ms, in either order, or null. */
export function drawSelection(ctx, area, plot, drag, colour) {
  if (!drag) return;
  const [left, right] = drag.map((time) => plot.toDomXCoord(time)).sort((a, b) => a - b);
  ctx.save();
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.2;
  ctx.fillRect(left, area.y, right - left, area.h);
  ctx.restore();
}
