// SPDX-License-Identifier: MIT

// Reads a written file back and checks that it has every record exactly once and in order.

import fs from 'node:fs';

export const unchecked = {
  checked: false,
  complete: null,
  in_order: null,
  out_of_order_records: null,
  first_out_of_order: null,
};

export async function checkContent(path, count) {
  const seen = new Uint8Array(count);
  let malformed = false;
  let position = 0;
  let largest = -1;
  let outOfOrder = 0;
  let first = null;

  const accept = (text) => {
    const number = Number(text);
    if (!/^(0|[1-9][0-9]*)$/.test(text) || number >= count || seen[number]) {
      malformed = true;
      return;
    }
    seen[number] = 1;
    if (number !== position) first ??= position;
    if (number < largest) ++outOfOrder;
    largest = Math.max(largest, number);
    ++position;
  };

  let rest = '';
  for await (const chunk of fs.createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 18 })) {
    // Every record is " digits ", so that two of them meet in two spaces.
    const pieces = (rest + chunk).split('  ');
    rest = pieces.pop();
    for (const piece of pieces) accept(piece.trimStart());
  }
  accept(rest.trim());
  const complete = !malformed && position === count;
  return {
    checked: true,
    complete,
    in_order: complete && first === null,
    out_of_order_records: outOfOrder,
    first_out_of_order: first,
  };
}
