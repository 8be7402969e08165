import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { reportedSession } from '../tests/support/report-session.ts';
import { type Bench, type BenchResult, round, rounded } from './bench.ts';
import { timed } from './large-worktree.ts';

const ITERATIONS = 200;
const ROUNDS = 5;
/** About a hundred turns of an agent on average; some transcripts are ten times as long. */
const TRANSCRIPT_CHARS = 5000;

/** The time of `samocode report`, run as a command. */
export const reportBench: Bench = {
  name: 'report',
  title: 'Report',
  about: `the page of a session of ${ITERATIONS} iterations with their diffs and transcripts, and its size`,
  means: { page_ms: 'ms for samocode report', page_mb: 'MB of the page' },
  run: measure,
};

async function measure(): Promise<BenchResult> {
  Object.assign(globalThis, { __FAULTS__: false, __VERSION__: 'bench' });
  const { project, folder } = await reportedSession({
    iterations: ITERATIONS,
    transcriptChars: TRANSCRIPT_CHARS,
  });
  const { repo } = project;
  try {
    const words = [join('dist', 'samocode.js'), 'report', folder, '-C', repo.path];
    const call = () => runCommand(process.execPath, words, { env: repo.env });
    const times = [];
    for (let index = 0; index < ROUNDS; index += 1) times.push(await timed(call));
    const page = await readFile((await call()).stdout.trim());
    return {
      values: { page_ms: rounded(times), page_mb: round(page.length / 1_000_000, 2) },
      goals: [
        { value: 'page_ms', atMost: 1000 },
        { value: 'page_mb', atMost: 3 },
      ],
    };
  } finally {
    await repo[Symbol.asyncDispose]();
  }
}
