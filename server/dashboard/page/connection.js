/** Longer without an event, and the stream is taken for dead. */
export const silence_ms = 3000;
/** A failed /hello counts for so long. */
const failure_counts_ms = 2500;

/**
 * What to say of the service: gone, blocked, or well, and how that is known. A pure function of what was seen.
 *
 * seen: now, last_event, stalled_ms, loop, threshold_ms, hello_ok, hello_failed
 * (times of the last), hello_waiting_ms (age of the oldest unanswered), stream_failed
 * (the browser said so), admin, data (addresses).
 */
export function judge(seen) {
  const events_come = seen.last_event !== null && seen.now - seen.last_event < silence_ms;
  const hello_fails = seen.hello_failed !== null && seen.now - seen.hello_failed < failure_counts_ms &&
    (seen.hello_ok === null || seen.hello_failed > seen.hello_ok);
  const hello_answers = seen.hello_ok !== null && seen.now - seen.hello_ok < failure_counts_ms;

  if (!events_come) {
    if (seen.last_event === null && !hello_fails && !seen.stream_failed)
      return { state: 'connecting', title: 'Connecting', detail: `Waiting for the first event of ${seen.admin}.` };
    if (hello_answers)
      return { state: 'admin_gone', title: 'The admin plane is silent',
        detail: `/hello at ${seen.data} answers, but no events come from ${seen.admin}. Trying again every second.` };
    if (!hello_fails && !seen.stream_failed && seen.hello_waiting_ms > silence_ms)
      return { state: 'frozen', title: 'The whole process stands still',
        detail: 'Connections are taken, but neither plane has answered for ' +
          `${Math.round(seen.hello_waiting_ms / 1000)} s: the process was stopped, or its machine was. A blocked loop ` +
          'would leave the admin plane running.' };
    return { state: 'gone', title: 'The service is gone',
      detail: `Neither its admin plane at ${seen.admin} nor its /hello answers: the process has ended, or the way to ` +
        'it is cut. That is not a stall: a blocked service would still send events. Trying again every second.' };
  }
  if (seen.stalled_ms >= seen.threshold_ms)
    return { state: 'blocked', title: `Blocked ${(seen.stalled_ms / 1000).toFixed(2)} s`,
      detail: `The process is alive, its admin plane answers; but loop ${seen.loop} is stuck in one handler, so every ` +
        'request to it waits.' };
  if (hello_fails)
    return { state: 'data_gone', title: 'The data plane cannot be reached',
      detail: `Events come and no loop is blocked, but this browser gets no /hello from ${seen.data}. Is the port ` +
        'published? Add data_port=PORT to this page\'s address if it is another one.' };
  return { state: 'ok', title: 'Responsive', detail: `Every loop takes its turns; /hello is asked at ${seen.data}.` };
}
