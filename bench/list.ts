import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { preparedSessions } from '../tests/support/prepared-sessions.ts';
import { type Bench, rounded } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');
const SESSIONS = 1000;
const ROUNDS = 11;

/** The time of `samocode list` with very many sessions. */
export const listBench: Bench = {
  name: 'list',
  title: 'List at scale',
  about: `\`samocode list --json\` with one session and with ${SESSIONS}, including the start of the program`,
  runsOnce: true,
  means: { 'listMs#': 'ms for samocode list --json; sessions: #' },
  async run() {
    const values = { listMs1: await measure(1), listMs1000: await measure(SESSIONS) };
    return { values, goals: [{ value: 'listMs1000', atMost: 300 }] };
  },
};

async function measure(count: number): Promise<number[]> {
  const { repo } = await preparedSessions(count);
  await using _repo = repo;
  const times = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now();
    const options = { cwd: repo.path, env: repo.env, maxBuffer: 64 * 1024 * 1024 };
    execFileSync(process.execPath, [PROGRAM, 'list', '--json'], options);
    return performance.now() - begun;
  });
  return rounded(times);
}
