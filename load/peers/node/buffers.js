// SPDX-License-Identifier: MIT

// What Buffers are made of in this version of Node.js, as one line of JSON. Started with a small heap
// (--max-old-space-size), it shows whether their bytes count against that limit.

import fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import v8 from 'node:v8';

const isSlice = (size) => Buffer.from('x'.repeat(size)).buffer.byteLength !== size;

function largestSliceBytes() {
  let size = 1;
  while (size < Buffer.poolSize && isSlice(size + 1)) ++size;
  return size;
}

/** Whether a stream writes the bytes that a Buffer had at write(), where they are changed before their turn comes. */
async function streamKeepsBytes() {
  const written = [];
  let endFirstWrite;
  const calls = {
    open: fs.open,
    close: fs.close,
    write: (_fd, bytes, _from, _length, _position, done) => {
      written.push(bytes.toString());
      endFirstWrite ??= () => done(null, bytes.length, bytes);
    },
    writev: (_fd, chunks, _position, done) => {
      written.push(Buffer.concat(chunks).toString());
      done(null, chunks.length, chunks);
    },
  };
  const output = fs.createWriteStream('', { fd: 1, autoClose: false, fs: calls });
  output.write('first');
  await nextTurn(); // it is under way, so the next one waits in the buffer of the stream
  const second = Buffer.from('before');
  output.write(second);
  second.write('behind');
  endFirstWrite();
  await nextTurn();
  return written[1] === undefined ? null : written[1] === 'before';
}

const heapLimit = v8.getHeapStatistics().heap_size_limit;
const before = process.memoryUsage();
const held = [];
// Twice what the heap may have, in Buffers that are filled, so that the kernel has to give every page.
for (let bytes = 0; bytes < 2 * heapLimit; bytes += 1 << 20) held.push(Buffer.alloc(1 << 20, 1));
const after = process.memoryUsage();

console.log(
  JSON.stringify({
    node: process.version,
    pool_bytes: Buffer.poolSize,
    largest_slice_bytes: largestSliceBytes(),
    heap_limit_bytes: heapLimit,
    held_bytes: held.length << 20,
    heap_growth_bytes: after.heapUsed - before.heapUsed,
    array_buffers_growth_bytes: after.arrayBuffers - before.arrayBuffers,
    rss_growth_bytes: after.rss - before.rss,
    stream_keeps_bytes: await streamKeepsBytes(),
  }),
);
