import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../tests/support/temp-dir.ts';
import { type Bench, NotMeasured } from './bench.ts';
import { gapsIn, MEGABYTE, peakMbIn, writeTimedAgent } from './timed-agent.ts';

const ITERATIONS = 20;
const SESSION = '26-01-08-boats';

/** The predecessor with the same cheap agent as the shell loop. */
export const pythonBench: Bench = {
  name: 'python',
  title: 'The Python samocode',
  about: 'the worker of the Python samocode with a cheap agent that signals to continue',
  means: {
    gapMs: 'ms from the end of an agent to the start of the next',
    'peakMb#': 'peak MB of the worker while an agent prints # MB',
  },
  async run({ python }) {
    if (python === undefined)
      throw new NotMeasured('it needs `--python=PATH`, the path of `main.py` in a checkout of it.');
    const { gapMs } = await measure(python, ITERATIONS);
    const [few, many] = [await measure(python, 2, 1), await measure(python, 2, 200)];
    return { values: { gapMs, peakMb1: few.peakMb, peakMb200: many.peakMb }, goals: [] };
  },
};

async function measure(main: string, runs: number, printsMb?: number) {
  await using dir = await tempDir();
  const at = (...names: string[]) => join(dir.path, ...names);
  // It keeps its log and its settings next to its program; the copy has neither.
  await cp(dirname(main), at('samocode'), {
    recursive: true,
    filter: (path) => !['.git', '.env', 'logs'].includes(basename(path)),
  });
  const session = at('sessions', SESSION);
  for (const folder of [at('repo'), at('worktrees'), session]) await mkdir(folder, { recursive: true });
  const places = { MAIN_REPO: 'repo', WORKTREES: 'worktrees', SESSIONS: 'sessions' };
  const lines = Object.entries(places).map(([key, name]) => `${key}=${at(name)}\n`);
  await writeFile(at('.samocode'), lines.join(''));
  const status = '## Status\nPhase: implementation\nIteration: 1\nTotal Iterations: 0\n';
  await writeFile(join(session, '_overview.md'), `# Session: boats\n\n${status}`);
  const signal = (json: string) => `echo '${json}' > '${join(session, '_signal.json')}'`;
  const claude = await writeTimedAgent({
    ...{ dir: dir.path, runs, prints: printsMb && printsMb * MEGABYTE },
    continues: signal('{"status":"continue"}'),
    ends: signal('{"status":"blocked","reason":"enough","needs":"human_decision"}'),
  });
  const env = { ...process.env, CLAUDE_PATH: claude, TELEGRAM_BOT_TOKEN: '', TELEGRAM_CHAT_ID: '' };
  const args = [at('samocode', basename(main)), '--config', at('.samocode'), '--session', SESSION];
  const { exitCode, stdout, stderr } = await runCommand('python3', args, { env, timeoutMs: 120_000 });
  if (exitCode !== 0)
    throw new NotMeasured(`it ended with exit status ${exitCode}: ${lastLine(stderr || stdout)}`);
  return { gapMs: await gapsIn(dir.path), peakMb: await peakMbIn(dir.path) };
}

function lastLine(text: string): string {
  return `\`${text.trim().split('\n').at(-1)}\`.`;
}
