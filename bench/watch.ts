import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/kernel/clock.ts';
import { preparedSessions } from '../tests/support/prepared-sessions.ts';
import { openTerminal } from '../tests/support/terminal.ts';
import { type Bench, round } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const SESSIONS = [50, 1000] as const;
const SECONDS = 60;
/** Until it has read every session, and the details of the first. */
const FIRST_READ_MS = 10_000;

/** The cost of the live screen while no key is pressed. */
export const watchBench: Bench = {
  name: 'watch',
  title: 'Live screen',
  about: `the live screen on a terminal with ${SESSIONS.join(' and ')} sessions, a quarter of them waiting, while no key is pressed`,
  runsOnce: true,
  means: {
    'cpuPercent#': '% of a core, # sessions',
    'firstMs#': 'ms from the start to the first screen, # sessions',
    'mb#': 'MB of the process (RSS), # sessions',
    'bytesPerSecond#': 'bytes a second written to the terminal, # sessions',
  },
  async run({ isBrief }) {
    const values = {};
    for (const count of SESSIONS) Object.assign(values, await measure(count, isBrief ? 20 : SECONDS));
    return { values, goals: SESSIONS.map((count) => ({ value: `cpuPercent${count}`, atMost: 1 })) };
  },
};

async function measure(count: number, seconds: number): Promise<Record<string, number>> {
  const { repo } = await preparedSessions(count);
  await using _repo = repo;
  const program = `'${process.execPath}' '${PROGRAM}' watch`;
  const begun = performance.now();
  await using terminal = await openTerminal(program, { dir: repo.root, cwd: repo.path, env: repo.env });
  await terminal.until('boat-number');
  const firstMs = performance.now() - begun;
  await systemClock.sleep(FIRST_READ_MS);
  const before = { ms: await cpuMs(terminal.pid()), bytes: terminal.shown().length };
  await systemClock.sleep(seconds * 1000);
  const spent = (await cpuMs(terminal.pid())) - before.ms;
  const written = terminal.shown().length - before.bytes;
  const status = await readFile(`/proc/${terminal.pid()}/status`, 'utf8');
  terminal.type('q');
  await terminal.end();
  return {
    [`firstMs${count}`]: round(firstMs),
    [`cpuPercent${count}`]: round((spent / (seconds * 1000)) * 100, 2),
    [`mb${count}`]: round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024),
    [`bytesPerSecond${count}`]: round(written / seconds),
  };
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
