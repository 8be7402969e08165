import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/kernel/clock.ts';
import { preparedSessions } from '../tests/support/prepared-sessions.ts';
import { openTerminal } from '../tests/support/terminal.ts';
import { type Bench, round } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const SESSIONS = 50;
const SECONDS = 60;
/** Until it has read every session, and the details of the first. */
const FIRST_READ_MS = 10_000;

/** The cost of the live screen while no key is pressed. */
export const watchBench: Bench = {
  name: 'watch',
  title: 'Live screen',
  about: `the live screen on a terminal with ${SESSIONS} sessions, a quarter of them waiting, while no key is pressed`,
  runsOnce: true,
  means: {
    cpuPercent: '% of a core',
    bytesPerSecond: 'bytes a second written to the terminal',
  },
  async run({ isBrief }) {
    const seconds = isBrief ? 20 : SECONDS;
    const { repo } = await preparedSessions(SESSIONS);
    await using _repo = repo;
    const program = `'${process.execPath}' '${PROGRAM}' watch`;
    await using terminal = await openTerminal(program, { dir: repo.root, cwd: repo.path, env: repo.env });
    await systemClock.sleep(FIRST_READ_MS);
    const before = { ms: await cpuMs(terminal.pid()), bytes: terminal.shown().length };
    await systemClock.sleep(seconds * 1000);
    const spent = (await cpuMs(terminal.pid())) - before.ms;
    const written = terminal.shown().length - before.bytes;
    terminal.type('q');
    await terminal.end();
    return {
      values: {
        cpuPercent: round((spent / (seconds * 1000)) * 100, 2),
        bytesPerSecond: round(written / seconds),
      },
      goals: [{ value: 'cpuPercent', atMost: 1 }],
    };
  },
};

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
