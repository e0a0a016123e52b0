import { find, set_text } from './dom.js';
import { gather } from './evidence.js';
import * as format from './format.js';
import { run_form } from './run_form.js';
import { run_writes, to_result, write_failed } from './runner.js';
import { conclusion, tell } from './story.js';

/** The last requests due during a write get this long to be answered before its row is made. */
const settle_ms = 300;

const sleep = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); reject(new write_failed('stopped')); });
});

/** Runs writes, one at a time, alone or as the whole story, and turns them into results. */
export class run_desk {
  constructor({ state, change, now, hello, samples, stalls, results, data_url, speaker, on_run }) {
    Object.assign(this, { state, now, hello, samples, stalls, results, data_url, speaker, on_run });
    this.form = new run_form(state, { on_run: (method) => this.press(method), on_change: change });
    this.change = change;
    this.abort = null;
    this.current = null;
    find('run_all').addEventListener('click', () => this.run_all());
    find('stop').addEventListener('click', () => this.abort?.abort());
  }

  /** What this page ran and runs, for the charts. */
  runs(now) {
    const current = this.current ? [{ ...this.current, to: now }] : [];
    return [...this.results.results, ...current];
  }

  say(text) {
    set_text(find('run_message'), text);
    this.speaker.announce(text);
  }

  async press(method) {
    this.change('method', method);
    await this.alone(async (signal) => {
      const result = await this.run(method, this.state, signal);
      this.say(conclusion(result, format));
    });
  }

  async run_all() {
    await this.alone(async (signal) => {
      await tell({
        run: ({ method, count }) => this.run(method, { ...this.state, count, repeat: '3s' }, signal),
        say: (text, number, of) => this.say(`${number} of ${of}. ${text}`),
        wait: (ms) => sleep(ms, signal),
        format,
      });
      this.say('That was the whole story: compare the rows below.');
    });
  }

  async alone(work) {
    if (this.abort) return;
    if (!this.form.valid()) return;
    this.abort = new AbortController();
    find('run_all').setAttribute('aria-disabled', 'true');
    try {
      await work(this.abort.signal);
    } catch (error) {
      if (!(error instanceof write_failed)) throw error;
      this.say(`No result: ${error.message}`);
    } finally {
      this.abort = null;
      this.current = null;
      this.form.set_busy(false);
      find('run_all').setAttribute('aria-disabled', 'false');
    }
  }

  async run(method, state, signal) {
    const base = this.data_url();
    if (!base) throw new write_failed('the service has not said yet where its data plane is');
    this.form.set_busy(true, method);
    this.on_run(method);
    this.current = { method, from: this.now() };
    const done = await run_writes(base, method, state, signal, this.now);
    this.current = null;
    await sleep(settle_ms, signal);
    const at = this.now();
    const evidence = gather(done, { hello: this.hello, samples: this.samples, stalls: this.stalls, now: at });
    const result = to_result(done, this.hello.figures([done], at), evidence);
    this.results.add(result);
    return result;
  }
}
