import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, round } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');

/** Where the time of a demo goes: what a newcomer waits for, besides the rehearsed agents. */
export const demoBench: Bench = {
  name: 'demo',
  title: 'The demo',
  about:
    'a whole session as `samocode demo --pace 0` plays it, with the guard if there is one, and where its time goes',
  runsOnce: true,
  means: {
    firstLineMs: 'ms to the first line',
    wholeMs: 'ms in all',
    agentsMs: 'ms in which agents worked',
    checksMs: 'ms in which checks ran, besides those of the base, which run meanwhile',
    ownMs: 'ms: the rest, which is the sum of the following',
    beforeMs: 'ms: from the command to the first event, which makes the project and starts the server',
    startMs: 'ms: from there to the first agent',
    gapsMs: 'ms: between two agents, less the checks',
    gatesMs: 'ms: between two agents, with an answer or an approval',
    endMs: 'ms: from the last agent to the end of the worker',
    afterMs: 'ms: from there to the end of the command, which verifies the proof',
  },
  async run() {
    const dir = await mkdtemp(join(tmpdir(), 'samocode-bench-'));
    try {
      const begunMs = Date.now();
      const demo = startDemo(dir);
      const exited = once(demo, 'exit');
      await once(demo.stdout as NonNullable<typeof demo.stdout>, 'data'); // a pipe, see below
      const firstLineMs = Date.now() - begunMs;
      demo.stdout?.resume();
      const [status] = await exited;
      if (status !== 0) throw new Error(`The demo ended with status ${status}.`);
      const endedMs = Date.now();
      const values = { firstLineMs, ...partsOf(await readSession(dir), begunMs, endedMs) };
      return {
        values,
        goals: [
          { value: 'firstLineMs', atMost: 1000 },
          { value: 'ownMs', atMost: 3000 },
        ],
      };
    } finally {
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};

function startDemo(dir: string): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: dir, TMPDIR: dir };
  const args = [PROGRAM, 'demo', '--pace', '0', '--keep'];
  return spawn(process.execPath, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'ignore'] });
}

interface Played {
  events: { type: string; at: string; set?: string; runs?: { durationMs: number }[] }[];
  agents: { fromMs: number; toMs: number }[];
}

async function readSession(dir: string): Promise<Played> {
  const [root = ''] = (await readdir(dir)).filter((name) => name.startsWith('samocode-demo-'));
  const state = join(dir, root, 'home/.local/state/samocode');
  const [run = ''] = (await readdir(state, { recursive: true })).filter((path) =>
    /^\w+\/[^/]+-way-back$/.test(path),
  );
  const log = await readFile(join(state, run, 'events.jsonl'), 'utf8');
  const iterations = join(state, run, 'iterations');
  const names = (await readdir(iterations)).sort();
  return {
    events: log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    agents: await Promise.all(names.map((name) => readAgent(join(iterations, name)))),
  };
}

async function readAgent(iteration: string) {
  const { startedAt } = JSON.parse(await readFile(join(iteration, 'child.json'), 'utf8'));
  const exit = (await readdir(iteration)).find((name) => /^exit\.\d+$/.test(name)) ?? '';
  return { fromMs: Date.parse(startedAt), toMs: (await stat(join(iteration, exit))).mtimeMs };
}

function partsOf({ events, agents }: Played, begunMs: number, endedMs: number) {
  const timesOf = (type: string) =>
    events.filter((event) => event.type === type).map(({ at }) => Date.parse(at));
  const [firstEventMs = begunMs] = events.map(({ at }) => Date.parse(at));
  const leftMs = timesOf('worker_left').at(-1) ?? endedMs;
  const parkedMs = timesOf('parked');
  const between = agents
    .slice(1)
    .map(({ fromMs }, index) => ({ fromMs: agents[index]?.toMs ?? fromMs, toMs: fromMs }));
  const isGate = (gap: { fromMs: number; toMs: number }) =>
    parkedMs.some((at) => at >= gap.fromMs && at <= gap.toMs);
  const checks = events.filter(({ type, set }) => type === 'checks_ran' && set !== 'base');
  const checksMs = sum(checks.flatMap(({ runs = [] }) => runs.map(({ durationMs }) => durationMs)));
  const agentsMs = sum(agents.map(lengthOf));
  const parts = {
    beforeMs: firstEventMs - begunMs,
    startMs: (agents[0]?.fromMs ?? firstEventMs) - firstEventMs,
    gapsMs: sum(between.filter((gap) => !isGate(gap)).map(lengthOf)) - checksMs,
    gatesMs: sum(between.filter(isGate).map(lengthOf)),
    endMs: leftMs - (agents.at(-1)?.toMs ?? leftMs),
    afterMs: endedMs - leftMs,
  };
  const all = { wholeMs: endedMs - begunMs, agentsMs, checksMs, ownMs: sum(Object.values(parts)), ...parts };
  return Object.fromEntries(Object.entries(all).map(([name, ms]) => [name, round(ms, 0)]));
}

function lengthOf({ fromMs, toMs }: { fromMs: number; toMs: number }): number {
  return toMs - fromMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
