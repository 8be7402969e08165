import { WORKS } from '../../core/faults/in-one-session.ts';

/** Answers with a number that each start chooses. */
const SERVER = `const id = String(Math.random());
require('node:http').createServer((_, response) => response.end(id)).listen(Number(process.env.PORT), '127.0.0.1');
`;
export const PLAN = {
  lines: { PORTS: 'web', SERVICE_WEB: 'exec node server.cjs' },
  repo: { files: { 'server.cjs': SERVER } },
} as const;

/** The server fails beside another one, and notes its port; the other service ends after it. */
export const STEPPED = {
  ...PLAN,
  lines: {
    PORTS: 'web',
    SERVICE_WEB:
      'exec 9>{data}/lock; flock -n 9 || exit 9; echo {port.web} >>{data}/begun; exec node server.cjs',
    READY_WEB: 'curl -sf http://127.0.0.1:{port.web}',
    SERVICE_LAST: "trap 'sleep 1; exit' TERM; while :; do sleep 0.1; done",
    SERVICE_INIT: 'touch {data}/made',
  },
  scenario: {
    rules: [
      { when: { iteration: 1 }, do: WORKS },
      { when: { iteration: 2 }, do: [{ act: 'hang' }] },
    ],
  },
} as const;
