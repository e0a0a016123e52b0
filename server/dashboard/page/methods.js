/** The methods in the order in which their story is told, each with what a run of it is about to show. */
export const methods = [
  {
    name: 'sync',
    shows: 'One write(2) per record on the loop itself: the /hello line will climb until the last record is written, ' +
      'and the stall card will name the line of code.',
  },
  {
    name: 'callback',
    shows: 'Every write started at once: the loop stumbles over the flood, pending bytes and memory rise with the ' +
      'count, and the records may come out of order.',
  },
  {
    name: 'promise',
    shows: 'One awaited write after the other: /hello stays flat, and a round trip per record makes it the slowest.',
  },
  {
    name: 'stream',
    shows: 'A buffer up to the high-water mark, then a pause until it has drained: /hello stays flat, and it is over ' +
      'in a blink.',
  },
  {
    name: 'partition',
    shows: 'The blocking loop cut into slices that yield in between: the same work as sync, and /hello slips through.',
  },
  {
    name: 'offload',
    shows: 'The blocking loop on another thread: the same work as sync, and the event loop never notices.',
  },
];

export const names = methods.map(({ name }) => name);
