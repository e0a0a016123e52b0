// SPDX-License-Identifier: MIT

const retryMs = 1000;

/**
 * One write method as the page uses it, from its entry in GET /methods.
 *
 * backEnds: the back ends that it accepts, none when the loop's own thread calls write(2). defaults: its parameters
 * with their default values. A method that this page has never heard of works like any other.
 */
export function toMethod({ name, shows, loop, back_ends: backEnds, defaults }) {
  return { name, shows, loop, backEnds, defaults };
}

/**
 * Reads GET /methods of the data plane until it responds: a blocked loop responds late, and an absent service never.
 *
 * onList: receives the methods, in the order of the service. onWait: receives a sentence for the reader while the list
 * is not known. Cancellation: another load() replaces the one in progress.
 */
export class MethodReader {
  constructor({ onList, onWait, fetchList = fetch, schedule = setTimeout }) {
    Object.assign(this, { onList, onWait });
    // fetch and setTimeout throw if they are called as methods of another object.
    this.fetchList = (...args) => fetchList(...args);
    this.schedule = (...args) => schedule(...args);
    this.abort = null;
  }

  async load(base) {
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const url = `${base}/methods`;
    this.onWait(`Waiting for ${url}. A blocked loop responds when the blocking handler ends.`);
    try {
      const response = await this.fetchList(url, { cache: 'no-store', credentials: 'omit', signal });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const { methods } = await response.json();
      if (!signal.aborted) this.onList(methods.map(toMethod));
    } catch (error) {
      if (signal.aborted) return;
      this.onWait(`No list of methods from ${url}: ${error.message}. The page tries again every second.`);
      this.schedule(() => {
        if (!signal.aborted) this.load(base);
      }, retryMs);
    }
  }
}
