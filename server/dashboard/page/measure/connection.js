// SPDX-License-Identifier: MIT

/** Without an event for this long, the stream counts as dead. */
export const silenceMs = 3000;
/** A failed /hello counts for this long. */
const failureCountsMs = 2500;

/**
 * The state of the service as the page reports it: gone, blocked or responsive, and the reason. A pure function.
 *
 * observed: now, lastEvent, helloOk, helloFailed (the times of the last ones, null for none), stalledMs, loop,
 * thresholdMs, helloWaitingMs (age of the oldest pending /hello), streamFailed (the browser reported an error),
 * admin and data (addresses).
 */
export function judge(observed) {
  const eventsArrive = doEventsArrive(observed);
  const helloFails =
    observed.helloFailed !== null &&
    observed.now - observed.helloFailed < failureCountsMs &&
    (observed.helloOk === null || observed.helloFailed > observed.helloOk);
  const helloSucceeds = observed.helloOk !== null && observed.now - observed.helloOk < failureCountsMs;

  if (!eventsArrive) {
    if (observed.lastEvent === null && !helloFails && !observed.streamFailed) return connecting(observed);
    if (helloSucceeds)
      return {
        state: 'admin_gone',
        title: 'The admin plane does not respond',
        detail:
          `/hello at ${observed.data} responds, but no events arrive from ${observed.admin}. ` +
          'The page tries again every second.',
      };
    if (!helloFails && !observed.streamFailed && observed.helloWaitingMs > silenceMs)
      return {
        state: 'frozen',
        title: 'The whole process is stopped',
        detail:
          'Connections are accepted, but neither plane has responded for ' +
          `${Math.round(observed.helloWaitingMs / 1000)} s: the process or its machine is suspended. A blocked loop ` +
          'would not stop the admin plane.',
      };
    return {
      state: 'gone',
      title: 'The service is gone',
      detail:
        `Neither the admin plane at ${observed.admin} nor /hello responds: the process has ended or the network ` +
        'is down. This is not a stall: a blocked service would still send events. The page tries again every second.',
    };
  }
  if (observed.stalledMs >= observed.thresholdMs)
    return {
      state: 'blocked',
      title: blockedTitle(observed),
      detail:
        `The process is alive and its admin plane responds, but loop ${observed.loop} is busy in one handler. ` +
        'Every request to this loop waits.',
    };
  if (helloFails)
    return {
      state: 'data_gone',
      title: 'The data plane cannot be reached',
      detail:
        `Events arrive and no loop is blocked, but this browser gets no /hello from ${observed.data}. Is the port ` +
        'published? If it is published as another port, add data_port=PORT to the address of this page. ' +
        'If this browser reaches one port alone, start loopscope with --relay.',
    };
  return {
    state: 'ok',
    title: 'Responsive',
    detail: `No loop is blocked. The page requests /hello at ${observed.data} every 50 ms.`,
  };
}

/**
 * The same for a program that is watched from outside, which has no data plane. observed: as above, and loops, their
 * number.
 */
export function judgeWatched(observed) {
  if (!doEventsArrive(observed)) {
    if (observed.lastEvent === null && !observed.streamFailed) return connecting(observed);
    return {
      state: 'gone',
      title: 'The watcher is gone',
      detail:
        `No events arrive from ${observed.admin}: the command has ended and its watcher with it, or the network is ` +
        'down. This is not a stall: during one, events still arrive. The page tries again every second.',
    };
  }
  if (observed.stalledMs >= observed.thresholdMs)
    return {
      state: 'blocked',
      title: blockedTitle(observed),
      detail: `Loop ${observed.loop} has not returned to its wait for events. Whatever it serves waits.`,
    };
  return {
    state: 'ok',
    title: 'Responsive',
    detail: observed.loops > 0 ? 'No loop is blocked.' : 'No loop has been found yet.',
  };
}

function doEventsArrive({ lastEvent, now }) {
  return lastEvent !== null && now - lastEvent < silenceMs;
}

function connecting({ admin }) {
  return { state: 'connecting', title: 'Connecting', detail: `Waiting for the first event from ${admin}.` };
}

function blockedTitle({ stalledMs }) {
  return `Blocked ${(stalledMs / 1000).toFixed(2)} s`;
}
