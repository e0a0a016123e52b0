// SPDX-License-Identifier: MIT

import { find, setText } from '../draw/dom.js';
import { toWall } from '../measure/clock.js';

/** Everything that this page has measured, as one JSON value. A figure that was not measured is null. */
export function toSession({ info, results, stalls, hello, samples, now }) {
  const everything = [-Infinity, Infinity];
  return {
    format: 'loopscope-dashboard-session',
    version: 1,
    made: new Date(toWall(now)).toISOString(),
    measured_by: navigator.userAgent,
    clocks: "Times are milliseconds since 1970 on the browser's clock; latency counts from the intended time.",
    service: info,
    results,
    stalls,
    hello: columns(
      ['intended_ms', 'answered_after_ms', 'waiting_for_ms', 'failed_after_ms'],
      hello.window(...everything, now),
    ),
    samples: columns(['time_ms', ...samples.names], samples.log.window(samples.names, ...everything)),
  };
}

function columns(names, values) {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** Passes a text to the browser as a file. */
function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The buttons that copy the link and download the session. */
export class ShareView {
  constructor({ link, session }) {
    find('copy_link').addEventListener('click', () => this.copy(link()));
    find('download_json').addEventListener('click', () => this.save(session()));
  }

  save(session) {
    const name = `loopscope-${session.made.replaceAll(':', '')}.json`;
    download(name, 'application/json', JSON.stringify(session, null, 1));
    setText(find('share_text'), `Downloaded. Make a report of it with: load/compare.py report ${name}`);
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      setText(find('share_text'), 'The link is copied.');
    } catch {
      // Browsers refuse to copy on a page without TLS on another host: the reader copies the link.
      const field = find('link');
      field.hidden = false;
      field.value = text;
      field.select();
      setText(find('share_text'), 'The browser does not let this page copy. The link is selected.');
    }
  }
}
