'use strict';
// A figure with a uPlot chart: a caption above, a table below, the colours of the theme, and arrow keys.

report.hasCharts = typeof uPlot !== 'undefined';

report.chart = (() => {
  const { element, theme } = report;
  const heightPx = 260;

  const axis = (more) => ({
    stroke: () => theme.colour('text'),
    grid: { stroke: () => theme.colour('grid'), width: 1 },
    ticks: { stroke: () => theme.colour('grid') },
    font: '12px system-ui, sans-serif',
    ...more,
  });

  const logLatency = {
    distr: 3,
    range: (_, min, max) =>
      min === null ? [1, 1000] : [10 ** Math.floor(Math.log10(min)), 10 ** Math.ceil(Math.log10(max * 1.01))],
  };

  // The arrow keys move the cursor, as the pointer does. The legend shows the values at the cursor.
  function listenToKeys(place, plot) {
    let at = 0;
    place.addEventListener('keydown', (event) => {
      const last = plot.data[0].length - 1;
      const step = Math.max(1, Math.round(last / 100));
      const wanted = { ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: last }[event.key];
      if (wanted === undefined) return;
      event.preventDefault();
      at = Math.min(last, Math.max(0, wanted));
      plot.setCursor({ left: plot.valToPos(plot.data[0][at], 'x'), top: heightPx / 3 });
    });
  }

  function draw(place, { options, data }) {
    const width = () => Math.max(200, place.clientWidth);
    const plot = new uPlot({ width: width(), height: heightPx, ...options }, data, place);
    listenToKeys(place, plot);
    new ResizeObserver(() => {
      if (plot.width !== width()) plot.setSize({ width: width(), height: heightPx });
    }).observe(place);
    theme.onChange(() => plot.redraw(true, true));
  }

  // title: the caption; alternative: its content in words, for screen readers; build: () => { options, data };
  // table: an element.
  function figure({ title, note, alternative, build, table, wide = false }) {
    const place = element('div', {
      class: 'chart',
      tabindex: 0,
      role: 'img',
      'aria-label': `${title}. ${alternative}`,
    });
    const made = element(
      'figure',
      wide ? { class: 'wide' } : {},
      element('figcaption', {}, element('strong', {}, title), note ? ` ${note}` : null),
      report.hasCharts ? place : null,
      table,
    );
    if (report.hasCharts) report.afterLayout(() => draw(place, build()));
    return made;
  }

  return { figure, axis, logLatency };
})();

// A chart needs the width of its place, which is known after the layout.
report.waiting = [];
report.afterLayout = (work) => report.waiting.push(work);
