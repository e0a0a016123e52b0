// SPDX-License-Identifier: MIT

import * as format from './format.js';

/**
 * The charts of the page. Lines of one chart differ in shape as well as in colour. A new chart is one more entry. `mode`:
 * only for a service (serve) or for a watched program (watch).
 */
export const chartSpecs = [
  {
    id: 'hello',
    mode: 'serve',
    title: 'Latency of /hello',
    source: 'hello',
    large: true,
    size: 'tall',
    log: true,
    text: format.ms,
    axisText: format.decadeMs,
    lines: [
      { label: 'completed', colour: 'line_1', points: true },
      { label: 'pending', colour: 'alarm', fill: true, points: true, showsMax: true, style: 'fill' },
      { label: 'failed', colour: 'line_3', points: true, width: 0, style: 'dot' },
    ],
  },
  {
    id: 'stalled',
    mode: 'watch',
    title: 'Blocked',
    columns: ['stalled_ms'],
    large: true,
    size: 'medium',
    log: true,
    text: format.ms,
    axisText: format.decadeMs,
    lines: [{ label: 'stall in progress', colour: 'alarm', fill: true, style: 'fill', hidesZero: true }],
  },
  {
    id: 'busy',
    mode: 'watch',
    title: 'Time in turns',
    columns: ['busy'],
    large: true,
    minTop: 1,
    text: format.share,
    axisText: format.share,
    lines: [{ label: 'busiest loop', colour: 'line_1' }],
  },
  {
    id: 'lag',
    mode: 'serve',
    title: 'Loop lag',
    columns: ['lag_ms', 'stalled_ms'],
    large: true,
    size: 'medium',
    log: true,
    text: format.ms,
    axisText: format.decadeMs,
    lines: [
      { label: 'lag', colour: 'line_1' },
      { label: 'stall in progress', colour: 'alarm', fill: true, style: 'fill', hidesZero: true },
    ],
  },
  {
    id: 'cpu',
    title: 'CPU',
    columns: ['loop_cpu', 'process_cpu'],
    minTop: 1,
    text: format.share,
    axisText: format.share,
    lines: [
      { label: 'loop thread', colour: 'line_1' },
      { label: 'whole process', colour: 'line_2', dash: [6, 4], style: 'dash' },
    ],
  },
  {
    id: 'memory',
    title: 'Memory of the process',
    columns: ['resident_bytes'],
    minTop: 64e6,
    text: format.bytes,
    axisText: format.bytes,
    lines: [{ label: 'resident', colour: 'line_1' }],
  },
  {
    id: 'pending',
    mode: 'serve',
    title: 'Pending bytes of the running writes',
    columns: ['pending_bytes'],
    minTop: 1e5,
    text: format.bytes,
    axisText: format.bytes,
    lines: [{ label: 'accepted but not yet written', colour: 'line_1' }],
  },
  {
    id: 'dirty',
    mode: 'serve',
    title: 'Dirty pages in the page cache',
    columns: ['outputs_dirty_bytes', 'machine_dirty_bytes'],
    minTop: 1e7,
    text: format.bytes,
    axisText: format.bytes,
    lines: [
      { label: "this service's files", colour: 'line_1' },
      { label: 'whole machine', colour: 'line_2', dash: [6, 4], style: 'dash' },
    ],
  },
];
