// SPDX-License-Identifier: MIT

import { find, setText } from '../draw/dom.js';
import { gather } from '../measure/evidence.js';
import { RunForm } from './form.js';
import { runWrites, toResult, WriteFailed } from './runner.js';
import { conclusion, runStory } from './story.js';

/** The last requests that were due during a write have this long to complete before the result is made. */
const settleMs = 300;

const sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new WriteFailed('stopped', { stopped: true }));
    });
  });

/** Runs writes, one at a time: a single method, or all of them in sequence. Makes results of them. */
export class RunDesk {
  constructor({ state, change, now, hello, samples, stalls, results, dataUrl, speaker, onRun }) {
    Object.assign(this, { state, change, now, hello, samples, stalls, results, dataUrl, speaker, onRun });
    this.form = new RunForm(state, { onRun: (name) => this.press(name), onChange: change });
    this.methods = [];
    this.abort = null;
    this.current = null;
    find('run_all').addEventListener('click', () => this.runAll());
    find('stop').addEventListener('click', () => this.abort?.abort());
  }

  showMethods(methods) {
    this.methods = methods;
    this.form.showMethods(methods);
    this.form.setBusy(this.abort !== null, this.current?.method);
    find('run_all').hidden = false;
  }

  /** The runs of this page, past and present, for the charts. */
  runs(now) {
    const current = this.current ? [{ ...this.current, to: now }] : [];
    return [...this.results.results, ...current];
  }

  say(text) {
    setText(find('run_message'), text);
    this.speaker.announce('run', text);
  }

  async press(name) {
    this.change('method', name);
    await this.alone(async (signal) => this.say(conclusion(await this.run(name, this.state, signal))));
  }

  async runAll() {
    await this.alone(async (signal) => {
      await runStory(this.methods, {
        run: ({ method, count }) => this.run(method, { ...this.state, count, repeat: '3s' }, signal),
        say: (text, number, total) => this.say(`${number} of ${total}. ${text}`),
        wait: (ms) => sleep(ms, signal),
      });
      this.say('All methods have run: compare the rows below.');
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
      if (!(error instanceof WriteFailed)) throw error;
      this.say(`No result: ${error.message}`);
    } finally {
      this.abort = null;
      this.current = null;
      this.form.setBusy(false);
      find('run_all').setAttribute('aria-disabled', 'false');
    }
  }

  async run(name, state, signal) {
    const method = this.methods.find((each) => each.name === name);
    this.form.setBusy(true, name);
    this.onRun(name);
    this.current = { method: name, from: this.now() };
    const done = await runWrites(this.dataUrl(), method, state, signal, this.now);
    this.current = null;
    await sleep(settleMs, signal);
    const at = this.now();
    const evidence = gather(done, { hello: this.hello, samples: this.samples, stalls: this.stalls, now: at });
    const result = toResult(done, this.hello.figures([done], at), evidence);
    this.results.add(result);
    return result;
  }
}
