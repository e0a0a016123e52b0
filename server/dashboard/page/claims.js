/** What the articles behind this project say of a million records on Node.js; /hello is one answer during the write. */
export const claims = {
  sync: { time: '2–3 s', hello: '2,500 ms', memory: '50–70 MB', loop: 'blocked' },
  promise: { time: '45–60 s', hello: '50 ms', memory: '50–80 MB', loop: 'free' },
  callback: { time: '0.5–1 s', hello: '80 ms', memory: '500 MB–2 GB', loop: '“free”' },
  stream: { time: '0.3–0.5 s', hello: '45 ms', memory: '60–90 MB', loop: 'free' },
};
