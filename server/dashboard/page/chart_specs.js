import * as format from './format.js';

/** The charts of the page: what each shows, of which columns, in which hand. Shapes differ where colours do. */
export const chart_specs = [
  { id: 'hello', title: 'Latency of /hello', source: 'hello', large: true, height: 280, log: true, text: format.ms, axis_text: format.decade_ms, lines: [
    { label: 'answered', colour: 'line_1', points: true },
    { label: 'still waiting', colour: 'alarm', fill: true, points: true, greatest: true, style: 'fill' },
    { label: 'failed', colour: 'line_3', points: true, width: 0, style: 'dot' }] },
  { id: 'lag', title: 'Loop lag', columns: ['lag_ms', 'stalled_ms'], large: true, height: 170, log: true, text: format.ms, axis_text: format.decade_ms, lines: [
    { label: 'lag', colour: 'line_1' }, { label: 'stall in progress', colour: 'alarm', fill: true, style: 'fill', hides_zero: true }] },
  { id: 'cpu', title: 'CPU', columns: ['loop_cpu', 'process_cpu'], least: 1, text: format.share, axis_text: format.share, lines: [
    { label: 'loop thread', colour: 'line_1' }, { label: 'whole process', colour: 'line_2', dash: [6, 4], style: 'dash' }] },
  { id: 'memory', title: 'Memory of the process', columns: ['resident_bytes'], least: 64e6, text: format.bytes, axis_text: format.bytes, lines: [
    { label: 'resident', colour: 'line_1' }] },
  { id: 'pending', title: 'Pending bytes of running writes', columns: ['pending_bytes'], least: 1e5, text: format.bytes, axis_text: format.bytes, lines: [
    { label: 'accepted, not yet written', colour: 'line_1' }] },
  { id: 'dirty', title: 'Page cache, dirty', columns: ['outputs_dirty_bytes', 'machine_dirty_bytes'], least: 1e7, text: format.bytes, axis_text: format.bytes, lines: [
    { label: 'this service\'s files', colour: 'line_1' }, { label: 'whole machine', colour: 'line_2', dash: [6, 4], style: 'dash' }] },
];
