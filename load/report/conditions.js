// SPDX-License-Identifier: MIT

'use strict';
// The conditions of the measurement, and its caveats.

report.conditions = (results) => {
  const { element, units } = report;
  const { machine, settings, systems } = results;
  const known = (value) => value ?? units.notMeasured;
  const backEnds = [
    ...new Set(
      results.entries
        .filter((entry) => entry.summary && entry.system === 'loopscope')
        .map((entry) => `${entry.method}: ${entry.summary.io ?? 'none'}`),
    ),
  ].join(', ');
  const facts = [
    ['measured', `${results.started}${results.finished ? ` to ${results.finished}` : ', not finished'}`],
    [
      'machine',
      `${known(machine.cpu)}, ${units.count(machine.cores)} cores, load average ${known(machine.load_average_1m)} at the start`,
    ],
    ['kernel, file system', `Linux ${known(machine.kernel)}, ${known(machine.file_system)}`],
    [
      'versions',
      Object.entries(systems)
        .map(([name, { version }]) => `${report.systemNames[name] ?? name} ${known(version)}`)
        .join(', '),
    ],
    ['commit', `${known(machine.commit)}${machine.uncommitted_changes ? ' and uncommitted changes' : ''}`],
    ['back end', backEnds],
    [
      'load',
      `${units.count(settings.rate_per_s)} /hello per second, open loop; repeats requested: ${units.count(settings.repeats)}; ` +
        `${settings.idle_s} s idle, then ${settings.window_s} s of writes or one write that is longer`,
    ],
  ];
  return element(
    'section',
    { id: 'conditions' },
    element('h2', {}, 'Conditions and caveats'),
    element('dl', {}, ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
    element('ul', {}, ...results.caveats.map((caveat) => element('li', {}, caveat))),
  );
};
