// SPDX-License-Identifier: MIT

import * as format from '../draw/format.js';
import { WriteFailed } from './runner.js';

/** promise writes fewer records: one record may cost it 60 us, and "Run all" should end within two minutes. */
const counts = { promise: '250000' };
const pauseToReadMs = 2500;
const pauseToLookMs = 1500;

/** One sentence about a result. */
export function conclusion(result) {
  const worst =
    result.hello.max === null
      ? 'no /hello was due during the write'
      : `/hello waited up to ${format.ms(result.hello.max)}`;
  const order = result.in_order === false ? '; records are out of order' : '';
  const blocked = result.stalls > 0 ? `; the loop was blocked for up to ${format.ms(result.longest_stall_ms)}` : '';
  return `${result.method}: ${format.ms(result.time_ms)}, ${worst}${blocked}${order}.`;
}

/**
 * Runs all methods one after the other and explains each. `run({ method, count })` resolves to a result,
 * `say(text, number, total)` shows a sentence, `wait(ms)` rejects when the reader stops the sequence. A method that the
 * service refuses is skipped with the service's reason.
 */
export async function runStory(methods, { run, say, wait }) {
  for (const [i, { name, shows }] of methods.entries()) {
    say(`${name}. ${shows}`, i + 1, methods.length);
    await wait(pauseToReadMs);
    let text;
    try {
      text = conclusion(await run({ method: name, count: counts[name] ?? '1000000' }));
    } catch (error) {
      if (!(error instanceof WriteFailed) || error.stopped) throw error;
      text = `${name}: no result. ${error.message}`;
    }
    say(text, i + 1, methods.length);
    await wait(pauseToLookMs);
  }
}
