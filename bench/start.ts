import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUILT_SERVER, INITIALIZE } from '../tests/support/raw-server.ts';
import { type Bench, median, round } from './bench.ts';

const ROUNDS = 15;

/** How long a client waits for the server: a session in Claude Code or Codex begins with this. */
export const startBench: Bench = {
  name: 'start',
  about: 'from starting the server to its answer to initialize, beside a bare start of Node',
  async run() {
    const home = await mkdtemp(join(tmpdir(), 'samocode-bench-'));
    try {
      // Taken in turns, so that both see the same machine.
      const rounds = [];
      for (let index = 0; index <= ROUNDS; index += 1) {
        rounds.push({ bare: await bareStart(), server: await serverStart(home) });
      }
      // The first round warms the disk's cache.
      const counted = rounds.slice(1);
      const startMs = median(counted.map(({ server }) => server.startMs));
      const bareNodeMs = median(counted.map(({ bare }) => bare));
      return {
        values: {
          startMs: round(startMs),
          bareNodeMs: round(bareNodeMs),
          timesBareNode: round(startMs / bareNodeMs, 2),
          rssMb: round(median(counted.map(({ server }) => server.rssMb))),
          rounds: ROUNDS,
        },
        goals: [
          { value: 'startMs', atMost: 120 },
          { value: 'timesBareNode', atMost: 2.2 },
          { value: 'rssMb', atMost: 70 },
        ],
      };
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function bareStart(): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - begun;
}

async function serverStart(home: string): Promise<{ startMs: number; rssMb: number }> {
  const begun = performance.now();
  const server = spawn(process.execPath, [BUILT_SERVER], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home },
    stdio: 'pipe',
  });
  const exited = once(server, 'exit');
  server.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  await firstLine(server);
  const startMs = performance.now() - begun;
  const rssMb = await residentMb(server.pid);
  server.stdin.end();
  await exited;
  return { startMs, rssMb };
}

async function firstLine(server: ChildProcessWithoutNullStreams): Promise<string> {
  for await (const line of createInterface({ input: server.stdout })) return line;
  throw new Error('The server ended without an answer to initialize.');
}

/** Not a number where there is no /proc. */
async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
