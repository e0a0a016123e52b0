// SPDX-License-Identifier: MIT

/** Rows of numbers ordered by time. The newest overwrites the oldest, so memory does not grow. */
export class Ring {
  constructor(capacity, columnCount) {
    this.capacity = capacity;
    this.columns = Array.from({ length: columnCount }, () => new Float64Array(capacity));
    this.count = 0; // rows ever pushed; row N is stored at N modulo capacity
  }

  /** The first column is the time. Returns the row's number. */
  push(...values) {
    const at = this.count % this.capacity;
    this.columns.forEach((column, i) => {
      column[at] = values[i] ?? NaN;
    });
    return this.count++;
  }

  holds(row) {
    return row >= this.oldest() && row < this.count;
  }

  oldest() {
    return Math.max(0, this.count - this.capacity);
  }

  get(row, column) {
    return this.columns[column][row % this.capacity];
  }

  set(row, column, value) {
    if (this.holds(row)) this.columns[column][row % this.capacity] = value;
  }

  /** The first row whose time is at least `time`. */
  firstFrom(time) {
    let low = this.oldest();
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.get(middle, 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Numbers of the rows with from <= time <= to, as [first, end). */
  range(from, to) {
    const first = this.firstFrom(from);
    let end = this.firstFrom(to);
    while (end < this.count && this.get(end, 0) <= to) ++end;
    return [first, end];
  }

  /** One column of rows [first, end). An unknown value is null. */
  values(column, [first, end]) {
    const out = new Array(end - first);
    for (let row = first; row < end; ++row) {
      const value = this.get(row, column);
      out[row - first] = Number.isNaN(value) ? null : value;
    }
    return out;
  }
}
