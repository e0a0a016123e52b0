const minWidthPx = 2;

/** A uPlot plugin: draws stalls as bands behind the lines, and runs as labelled strips at the bottom. */
export function bandsPlugin({ stalls, runs, colours }) {
  const span = (u, from, to) => {
    const left = Math.max(u.bbox.left, u.valToPos(from / 1e3, 'x', true));
    const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to / 1e3, 'x', true));
    return right >= u.bbox.left && left <= u.bbox.left + u.bbox.width
      ? [left, Math.max(minWidthPx, right - left)]
      : null;
  };
  const draw = (u) => {
    const [from, to] = [u.scales.x.min * 1e3, u.scales.x.max * 1e3];
    const { ctx, bbox } = u;
    ctx.save();
    for (const [begin, end] of stalls(from, to)) {
      const at = span(u, begin, end);
      if (!at) continue;
      ctx.fillStyle = colours().band;
      ctx.fillRect(at[0], bbox.top, at[1], bbox.height);
      ctx.fillStyle = colours().bandEdge;
      ctx.fillRect(at[0], bbox.top, at[1], 3 * devicePixelRatio);
    }
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    let labelledUntil = -Infinity;
    const inOrder = [...(runs?.(from, to) ?? [])].sort((a, b) => a.from - b.from);
    for (const run of inOrder) {
      const at = span(u, run.from, run.to);
      if (!at) continue;
      const bottom = bbox.top + bbox.height;
      ctx.fillStyle = colours().run;
      ctx.fillRect(at[0], bottom - 4 * devicePixelRatio, at[1], 4 * devicePixelRatio);
      ctx.fillStyle = colours().text;
      const { width } = ctx.measureText(run.method);
      const left = Math.min(at[0], bbox.left + bbox.width - width);
      if (left < labelledUntil) continue;
      ctx.fillText(run.method, left, bottom - 5 * devicePixelRatio);
      labelledUntil = left + width + 6 * devicePixelRatio;
    }
    ctx.restore();
  };
  return { hooks: { drawAxes: draw } };
}
