// SPDX-License-Identifier: MIT

'use strict';
// Numbers as people read them, in the form of load/loopscope_load/units.py: null is "n/a", never 0. The page of the
// service uses this file too.

globalThis.units = (() => {
  const notMeasured = 'n/a';
  const grouped = (number) => number.toLocaleString('en-US');

  function duration(ms) {
    if (ms === null || ms === undefined) return notMeasured;
    if (ms < 0.00995) return `${(ms * 1000).toFixed(1)} us`;
    if (ms < 0.995) return `${ms.toFixed(2)} ms`;
    if (ms < 9.95) return `${ms.toFixed(1)} ms`;
    if (ms < 999.5) return `${ms.toFixed(0)} ms`;
    const seconds = ms / 1000;
    if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
    return seconds < 99.95 ? `${seconds.toFixed(1)} s` : `${grouped(Math.round(seconds))} s`;
  }

  function megabytes(bytes) {
    if (bytes === null || bytes === undefined) return notMeasured;
    const mb = bytes / 1e6;
    if (mb < 9.95) return `${mb.toFixed(1)} MB`;
    return mb < 999.5 ? `${mb.toFixed(0)} MB` : `${(mb / 1000).toFixed(2)} GB`;
  }

  function rate(perSecond) {
    if (perSecond === null || perSecond === undefined) return notMeasured;
    if (perSecond < 999.5) return perSecond.toFixed(0);
    const [scaled, unit] = perSecond < 999_500 ? [perSecond / 1e3, 'k'] : [perSecond / 1e6, 'M'];
    if (scaled >= 99.5) return `${grouped(Math.round(scaled))} ${unit}`;
    return `${scaled.toFixed(scaled >= 9.95 ? 1 : 2)} ${unit}`;
  }

  function percent(share) {
    if (share === null || share === undefined) return notMeasured;
    return share >= 0.1 ? `${(share * 100).toFixed(0)} %` : `${(share * 100).toFixed(1)} %`;
  }

  return {
    notMeasured,
    duration,
    megabytes,
    rate,
    percent,
    durationOfUs: (us) => duration(us === null || us === undefined ? null : us / 1000),
    count: (number) => (number === null || number === undefined ? notMeasured : grouped(number)),
    // The short form for an axis: 10 ms, 1 s.
    tick: (us) => (us >= 1e6 ? `${us / 1e6} s` : us >= 1000 ? `${us / 1000} ms` : `${us} us`),
  };
})();
