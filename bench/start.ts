import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUILT_SERVER, INITIALIZE } from '../tests/support/raw-server.ts';
import { type Bench, median, round, rounded } from './bench.ts';

const ROUNDS = 15;

/** How long a client waits for the server: a session in Claude Code or Codex begins with this. */
export const startBench: Bench = {
  name: 'start',
  title: 'Start of the server',
  about:
    'from starting the server to its answer to initialize, compared with a bare start of Node; then the list of its tools',
  means: {
    startMs: 'ms from starting the program to the answer to initialize',
    bareNodeMs: 'ms of a Node that does nothing',
    timesBareNode: 'times the bare start of Node',
    toolsMs: 'ms from the first tools/list, which loads the tools, to its answer',
    toolsAgainMs: 'ms of a second tools/list',
    rssMb: 'MB resident after the handshake (RSS)',
  },
  async run() {
    const home = await mkdtemp(join(tmpdir(), 'samocode-bench-'));
    try {
      // Where no session ever was, no compiled code is kept for the next start.
      await mkdir(join(home, '.local/state/samocode'), { recursive: true });
      // Alternate, so that both see the same machine.
      const rounds = [];
      for (let index = 0; index <= ROUNDS; index += 1) {
        rounds.push({ bare: await bareStart(home), server: await serverStart(home) });
      }
      // The first round warms the disk's cache.
      const counted = rounds.slice(1);
      const each = (name: keyof ServerStart) => rounded(counted.map(({ server }) => server[name]));
      const startMs = each('startMs');
      const bareNodeMs = rounded(counted.map(({ bare }) => bare));
      return {
        values: {
          startMs,
          bareNodeMs,
          timesBareNode: round(median(startMs) / median(bareNodeMs), 2),
          toolsMs: each('toolsMs'),
          toolsAgainMs: each('toolsAgainMs'),
          rssMb: each('rssMb'),
          rounds: ROUNDS,
        },
        goals: [
          { value: 'startMs', atMost: 120 },
          { value: 'toolsMs', atMost: 150 },
          { value: 'rssMb', atMost: 70 },
        ],
      };
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function bareStart(home: string): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { env: cleanEnv(home), stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - begun;
}

type ServerStart = Record<'startMs' | 'rssMb' | 'toolsMs' | 'toolsAgainMs', number>;

async function serverStart(home: string): Promise<ServerStart> {
  const begun = performance.now();
  const server = spawn(process.execPath, [BUILT_SERVER], {
    cwd: home,
    env: cleanEnv(home),
    stdio: 'pipe',
  });
  const exited = once(server, 'exit');
  server.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  await nextLine(lines);
  const startMs = performance.now() - begun;
  const rssMb = await residentMb(server.pid);
  server.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  const toolsMs = await timeOfTools(server, lines, 2);
  const toolsAgainMs = await timeOfTools(server, lines, 3);
  server.stdin.end();
  await exited;
  return { startMs, rssMb, toolsMs, toolsAgainMs };
}

async function timeOfTools(
  server: ChildProcessWithoutNullStreams,
  lines: AsyncIterator<string>,
  id: number,
): Promise<number> {
  const begun = performance.now();
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/list', params: {} })}\n`);
  await nextLine(lines);
  return performance.now() - begun;
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('The server ended without an answer.');
  return value;
}

/** NaN if there is no /proc. */
async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Without the caller's variables, such as certificates that each start of Node would read. */
const cleanEnv = (home: string) => ({ PATH: process.env.PATH, HOME: home });
