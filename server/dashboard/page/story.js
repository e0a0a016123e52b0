import { methods } from './methods.js';

/** A chapter a method; promise is cut short, because a record may cost it 60 us and the whole story two minutes. */
const counts = { promise: '250000' };
const pause_to_read_ms = 2500;
const pause_to_look_ms = 1500;

/** What "Run all" does: { method, count, before }, in order. */
export function plan() {
  return methods.map(({ name, shows }) => ({ method: name, count: counts[name] ?? '1000000', before: shows }));
}

/** What a result came to, in one sentence. */
export function conclusion(result, { ms }) {
  const worst = result.hello.max === null ? 'no /hello was due meanwhile' : `/hello waited up to ${ms(result.hello.max)}`;
  const order = result.in_order === false ? '; records came out of order' : '';
  const blocked = result.stalls > 0 ? `; the loop was blocked for up to ${ms(result.longest_stall_ms)}` : '';
  return `${result.method}: ${ms(result.time_ms)}, ${worst}${blocked}${order}.`;
}

/**
 * Tells the story unattended. `run(chapter)` resolves to a result, `say(text, number, of)` shows a sentence,
 * `wait(ms)` rejects when the story is stopped.
 */
export async function tell({ run, say, wait, format }) {
  const chapters = plan();
  for (const [i, chapter] of chapters.entries()) {
    say(`${chapter.method}. ${chapter.before}`, i + 1, chapters.length);
    await wait(pause_to_read_ms);
    const result = await run(chapter);
    say(conclusion(result, format), i + 1, chapters.length);
    await wait(pause_to_look_ms);
  }
}
