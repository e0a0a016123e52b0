// SPDX-License-Identifier: MIT

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.LOOPSCOPE_BINARY;

/** Starts a service on free loopback ports. `await stop()` ends it. */
export async function startLoopscope(flags = [], { listen = '127.0.0.1:0', admin = '127.0.0.1:0' } = {}) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'loopscope-browser.'));
  const child = spawn(binary, ['--listen', listen, '--admin', admin, '--data-dir', dataDir, ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`loopscope ended with ${code} before it was ready`)));
  });
  return {
    ready,
    pid: child.pid,
    page: `http://${ready.admin}/`,
    data: `http://${ready.listen}`,
    signal: (name) => child.kill(name),
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
