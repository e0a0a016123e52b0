// SPDX-License-Identifier: MIT

// One /events for all pages of a browser: it opens six connections to a host at most, and each stream keeps one.
import { ReconnectingSource } from './event-source.js';
import { Readers } from './readers.js';

const checkMs = 1000;

const readers = new Readers(() => performance.now());
let source = null;

function tellAll(message) {
  for (const port of readers.all()) port.postMessage(message);
}

function follow() {
  if (readers.all().length > 0) source?.open();
  else source?.close();
}

addEventListener('connect', ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.kind === 'leave') readers.leave(port);
    else {
      source ??= new ReconnectingSource(data.url, tellAll);
      const isNew = readers.want(port);
      // The others have heard that it opened.
      if (isNew && source.isOpen) port.postMessage({ kind: 'open' });
    }
    follow();
  };
});
setInterval(follow, checkMs);
