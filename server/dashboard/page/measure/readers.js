// SPDX-License-Identifier: MIT

/** A page that has not said for this long that it reads has gone: a page that crashes says nothing. */
const leaseMs = 10_000;

/** The pages that read the shared stream now. */
export class Readers {
  constructor(clock) {
    this.clock = clock;
    this.until = new Map();
  }

  /** Returns whether the page did not read before. */
  want(page) {
    const isNew = !this.until.has(page);
    this.until.set(page, this.clock() + leaseMs);
    return isNew;
  }

  leave(page) {
    this.until.delete(page);
  }

  all() {
    for (const [page, until] of this.until) if (until < this.clock()) this.until.delete(page);
    return [...this.until.keys()];
  }
}
