// SPDX-License-Identifier: MIT

// The peer: /hello and /write on one Node.js event loop, the system that the articles write about.
//
//   node server.js --data-dir DIR [--listen 127.0.0.1:0]
//
// Prints the same ready line as loopscope on stdout and returns the same report of a write. A figure that Node cannot
// measure is null. SIGTERM ends the process.

import http from 'node:http';
import { parseArgs } from 'node:util';

import { hasMethod, methodNames, writeFile } from './write.js';

const maxCount = 100_000_000;
const defaultMark = 64 * 1024; // loopscope's, so that both systems buffer alike; high_water_mark=node is Node's own

class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function writeOptions(query) {
  const method = query.get('method') ?? '';
  if (!hasMethod(method)) {
    throw new Problem(400, `Parameter 'method' is '${method}'; allowed: ${methodNames.join(', ')}.`);
  }
  const count = query.get('count') ?? '1000000';
  if (!/^[0-9]{1,9}$/.test(count) || Number(count) < 1 || Number(count) > maxCount) {
    throw new Problem(400, `Parameter 'count' is '${count}'; allowed: 1 to ${maxCount}.`);
  }
  const mark = query.get('high_water_mark') ?? String(defaultMark);
  if (mark !== 'node' && (!/^[0-9]{1,9}$/.test(mark) || Number(mark) < 1)) {
    throw new Problem(400, `Parameter 'high_water_mark' is '${mark}'; allowed: 1 to 999999999, or node.`);
  }
  return {
    method,
    count: Number(count),
    verify: query.get('verify') === 'true',
    durable: query.get('durability') === 'disk',
    highWaterMark: mark === 'node' ? null : Number(mark),
  };
}

let writing = false;

async function write(query, gone) {
  const options = writeOptions(query);
  if (writing) throw new Problem(429, 'A write is running.');
  writing = true;
  try {
    return await writeFile({ ...options, dataDir: flags['data-dir'], gone });
  } finally {
    writing = false;
  }
}

function respond(response, status, type, body) {
  if (response.destroyed) return;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function respondProblem(response, error) {
  const status = error.status ?? 500;
  const problem = { type: 'about:blank', title: http.STATUS_CODES[status], status, detail: error.message };
  respond(response, status, 'application/problem+json', JSON.stringify(problem));
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://peer');
  if (url.pathname === '/hello') return respond(response, 200, 'text/plain', 'hello\n');
  if (url.pathname !== '/write') throw new Problem(404, `No ${url.pathname} here.`);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const report = await write(url.searchParams, gone.signal);
  respond(response, 200, 'application/json', JSON.stringify(report));
}

const { values: flags } = parseArgs({
  options: { listen: { type: 'string', default: '127.0.0.1:0' }, 'data-dir': { type: 'string' } },
});
if (!flags['data-dir']) {
  console.error('usage: node server.js --data-dir DIR [--listen HOST:PORT]');
  process.exit(2);
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => respondProblem(response, error));
});
// The load tool decides when a connection ends. Node's default of five seconds would close it between requests.
server.keepAliveTimeout = 0;

const colon = flags.listen.lastIndexOf(':');
server.on('error', (error) => {
  console.error(`peer: cannot listen on ${flags.listen}: ${error.message}`);
  process.exit(1);
});
server.listen(
  { host: flags.listen.slice(0, colon), port: Number(flags.listen.slice(colon + 1)), backlog: 4096 },
  () => {
    const { address, port } = server.address();
    const ready = {
      event: 'ready',
      listen: `${address}:${port}`,
      admin: null,
      pid: process.pid,
      node: process.version,
    };
    console.log(JSON.stringify(ready));
  },
);
process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => process.exit(0));
