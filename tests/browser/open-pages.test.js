// What twenty open pages cost the data plane. They are played by this process, which asks what a page asks: /events, and
// /hello every 50 ms. Twenty browsers would measure this machine's cores instead.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startLoopscope } from './loopscope.js';

const pages = 20;
const rounds = 9;
const roundS = 2;
const run = promisify(execFile);

let service;
before(async () => {
  service = await startLoopscope();
});
after(() => service?.stop());

/** Nanoseconds that the loop's thread has been on a CPU. */
async function loopCpuNs() {
  const tasks = `/proc/${service.pid}/task`;
  for (const id of await readdir(tasks)) {
    if ((await readFile(`${tasks}/${id}/comm`, 'utf8')).trim() === 'io-0')
      return Number((await readFile(`${tasks}/${id}/schedstat`, 'utf8')).split(' ')[0]);
  }
  throw new Error('no thread io-0');
}

/** One page, as the service sees it; returns how to close it, and counts what came. */
function openPage(counts) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const events = http.get(`${service.page}events`, (answer) =>
    answer.on('data', () => {
      ++counts.events;
    }),
  );
  events.on('error', () => {});
  const timer = setInterval(() => {
    http
      .get(`${service.data}/hello`, { agent }, (answer) =>
        answer.resume().on('end', () => {
          ++counts.hello;
        }),
      )
      .on('error', () => {});
  }, 50);
  return () => {
    clearInterval(timer);
    events.destroy();
    agent.destroy();
  };
}

/** Requests that wrk got answered, and what they cost the loop. */
async function measure() {
  const beforeNs = await loopCpuNs();
  const { stdout } = await run('wrk', ['-t1', '-c32', `-d${roundS}s`, `${service.data}/hello`]);
  const cpuS = ((await loopCpuNs()) - beforeNs) / 1e9;
  const requests = Number(/(\d+) requests in/.exec(stdout)[1]);
  return { perS: requests / roundS, perCpuS: requests / cpuS };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

test('twenty open pages leave the data plane its pace', { timeout: 300_000 }, async (context) => {
  try {
    await run('wrk', ['-v']).catch((error) => {
      if (error.code === 'ENOENT') throw error;
    });
  } catch {
    return context.skip('wrk is missing');
  }
  await measure(); // warm
  const ratios = { perS: [], perCpuS: [] };
  const counts = { events: 0, hello: 0 };
  let pagesMs = 0;
  for (let i = 0; i < rounds; ++i) {
    // The order changes, so that a machine that slows down or speeds up favours neither.
    const results = {};
    for (const kind of i % 2 ? ['open', 'none'] : ['none', 'open']) {
      const close = kind === 'open' ? Array.from({ length: pages }, () => openPage(counts)) : [];
      const started = Date.now();
      results[kind] = await measure();
      if (kind === 'open') pagesMs += Date.now() - started;
      for (const each of close) each();
    }
    for (const key of Object.keys(ratios)) ratios[key].push(results.open[key] / results.none[key]);
  }
  const shown = (values) =>
    `${median([...values]).toFixed(4)} (${Math.min(...values).toFixed(3)} .. ${Math.max(...values).toFixed(3)})`;
  console.log(
    `# with ${pages} pages over without: requests a second ${shown(ratios.perS)}, requests a second of the loop's ` +
      `CPU ${shown(ratios.perCpuS)}; the pages got ${((counts.hello / pagesMs) * 1e3).toFixed(0)} /hello and ` +
      `${((counts.events / pagesMs) * 1e3).toFixed(0)} pieces of events a second`,
  );
  assert.ok(counts.hello > 0.5 * pages * 20 * (pagesMs / 1e3), 'the pages asked too little to count');
  assert.ok(counts.events > 0.5 * pages * 10 * (pagesMs / 1e3), 'the pages got too few events to count');
  // Two per cent is the aim, and printed above; a shared machine's noise is more. Work on the loop for each page would show.
  // Of the loop's own CPU time: wrk, this process and the service share the cores, and who gets them is not ours to judge.
  assert.ok(median(ratios.perCpuS) > 0.8, shown(ratios.perCpuS));
});
