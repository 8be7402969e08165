import { closeSync, openSync } from 'node:fs';
import {
  type RawServer,
  type RawServerOptions,
  spawnServer,
  startServer,
} from '../tests/support/raw-server.ts';
import { makeRepo } from '../tests/support/temp-repo.ts';
import { type Bench, median, round, rounded } from './bench.ts';

const ROUNDS = 15;

type Place = Pick<RawServerOptions, 'cwd' | 'env'>;

/** The ways in which a client can end, each with its effect on the server. */
const WAYS: Readonly<Record<string, (server: RawServer) => void>> = {
  stdinEnd: ({ child }) => child.stdin?.end(),
  sigint: ({ child }) => child.kill('SIGINT'),
  sigterm: ({ child }) => child.kill('SIGTERM'),
  sighup: ({ child }) => child.kill('SIGHUP'),
  closedReader: ({ child, send }) => {
    child.stdout?.destroy();
    send('{"jsonrpc":"2.0","id":2,"method":"ping"}');
  },
};

/** How long the server survives its client: Codex kills what is left after 50 ms. */
export const exitBench: Bench = {
  name: 'exit',
  title: 'End of the server',
  about:
    'from the end of the client, in each possible way, to the end of the server, while the client holds a subscription',
  means: {
    stdinEndMs: 'ms after the end of its input',
    sigintMs: 'ms after SIGINT',
    sigtermMs: 'ms after SIGTERM',
    sighupMs: 'ms after SIGHUP',
    closedReaderMs: 'ms after the reader of its output is gone',
    fullDiskMs: 'ms after its output fails on a full disk',
    worstMedianMs: 'ms: the highest of these medians',
  },
  async run() {
    await using repo = await makeRepo();
    const place = { cwd: repo.path, env: repo.env };
    const values: Record<string, number[]> = {};
    const all: number[] = [];
    for (const [name, leave] of Object.entries(WAYS)) {
      const times = await rounds(() => timed(place, leave));
      values[`${name}Ms`] = rounded(times);
      all.push(...times);
    }
    const full = await rounds(() => fullDisk(place));
    values.fullDiskMs = rounded(full);
    all.push(...full);
    const worstMedianMs = Math.max(...Object.values(values).map(median));
    return {
      values: { ...values, worstMedianMs, maxMs: round(Math.max(...all)), rounds: ROUNDS },
      goals: [{ value: 'worstMedianMs', atMost: 50 }],
    };
  },
};

async function rounds(run: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < ROUNDS; index += 1) times.push(await run());
  return times;
}

async function timed(place: Place, leave: (server: RawServer) => void): Promise<number> {
  const server = await startServer(place);
  await server.request('resources/subscribe', { uri: 'samocode://sessions' });
  const begun = performance.now();
  leave(server);
  await server.ended;
  return performance.now() - begun;
}

/** Its output is a file on a full disk, so even the first answer fails; stderr shows when it has started. */
async function fullDisk(place: Place): Promise<number> {
  const stdout = openSync('/dev/full', 'w');
  // Writes a word to stderr once the server is listening.
  const ready = "process.stdin.once('resume', () => setTimeout(() => process.stderr.write('ready'), 50))";
  const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(ready)}`];
  const server = spawnServer({ ...place, stdout, nodeArgs });
  closeSync(stdout);
  await new Promise((resolve) => server.child.stderr?.once('data', resolve));
  const begun = performance.now();
  server.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  await server.ended;
  return performance.now() - begun;
}
