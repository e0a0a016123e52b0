// SPDX-License-Identifier: MIT

'use strict';
// The page from top to bottom: the findings, the claims, all methods, each method, the conditions.

(() => {
  const { element, units } = report;
  const embedded = document.getElementById('results').textContent;
  const results = JSON.parse(embedded);

  function methodSection(method) {
    const entries = results.entries.filter((entry) => entry.method === method);
    return element('section', { id: `method-${method}` }, element('h2', {}, method), ...entries.flatMap(entryBlock));
  }

  function entryBlock(entry) {
    const name = report.systemNames[entry.system] ?? entry.system;
    if (!entry.summary) {
      return [
        element('h3', {}, name),
        element('p', {}, report.notMeasured(entry)),
        report.scaleTable(results, entry),
      ].filter((part) => part !== null);
    }
    const repeat = entry.repeats[entry.summary.shown_repeat];
    const several =
      entry.repeats.length > 1 ? `, repeat ${entry.summary.shown_repeat + 1} of ${entry.repeats.length}` : '';
    return [
      element(
        'h3',
        {},
        `${name}: ${units.count(entry.count)} records in ${units.duration(repeat.write.time_ms)}${several}`,
      ),
      element(
        'div',
        { class: 'charts' },
        report.scatter(repeat),
        report.percentileCurves(repeat),
        ...report.timeSeries(repeat),
      ),
      report.scaleTable(results, entry),
    ].filter((part) => part !== null);
  }

  function saveResults() {
    const link = element('a', { download: 'results.json', class: 'screen' }, 'results.json');
    link.href = URL.createObjectURL(new Blob([embedded], { type: 'application/json' }));
    return link;
  }

  const methods = [...new Set(results.entries.map((entry) => entry.method))];
  const link = (id, text) => element('li', {}, element('a', { href: `#${id}` }, text));
  document
    .getElementById('report')
    .replaceChildren(
      ...[
        element(
          'h1',
          {},
          `What writing ${units.count(results.settings.count)} records does to the other requests on the event loop`,
        ),
        results.finished
          ? null
          : element('p', { class: 'notice' }, 'This comparison was interrupted: it has the measurements up to then.'),
        element('ul', { class: 'finding' }, ...results.finding.map((sentence) => element('li', {}, sentence))),
        report.hasCharts
          ? null
          : element(
              'p',
              { class: 'notice' },
              'This report has no charts, because the library dygraphs was not installed. Install it (Debian package libjs-dygraphs), then ',
              element('code', {}, 'load/compare.py report results.json'),
              ' adds the charts.',
            ),
        element(
          'nav',
          { 'aria-label': 'Contents' },
          element(
            'ul',
            {},
            link('claims', 'claims'),
            link('methods', 'all methods'),
            ...methods.map((method) => link(`method-${method}`, method)),
            link('conditions', 'conditions'),
          ),
        ),
        element(
          'section',
          { id: 'claims' },
          element('h2', {}, "The articles' claims, measured"),
          report.claimsTable(results),
          report.streamBuffers(results),
        ),
        element(
          'section',
          { id: 'methods' },
          element('h2', {}, 'All methods'),
          report.overviewTable(results),
          report.recommendationTable(results),
          report.recommendationRules(results),
        ),
        ...methods.map(methodSection),
        report.conditions(results),
        element('p', { class: 'quiet' }, 'All figures: ', saveResults(), `, ${results.schema}.`),
      ].filter((part) => part !== null),
    );
  for (const work of report.waiting) work();
})();
