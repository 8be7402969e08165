import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import type { RunnerPlan } from '../../../../src/extensions/acp/runner-plan.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ciIf } from '../../../support/ci.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { DIFFICULT_AGENTS } from '../difficult-agents/endings.ts';

const AGENT = join(import.meta.dirname, '../difficult-agents/agent.mjs');
const BLANK = '{}\n';
/**
 * Prints how much memory a program has had at most, in kB. Linux counts it from the exec; `maxRSS` includes the process
 * that started it, if that was by vfork.
 */
const PEAK = `process.on('exit', () => {
  let peak = process.resourceUsage().maxRSS;
  try {
    [, peak] = /^VmHWM:\\s*(\\d+) kB$/m.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'));
  } catch {}
  process.stderr.write('peak ' + peak + '\\n');
})`;

async function runnerProgram(): Promise<string> {
  return join(dirname((await builtPrograms()).worker), 'acp-runner.cjs');
}

/** The runner as the worker starts it, without a worker: its output and errors are files, its prompt is stdin. */
async function play(dir: string, scenario: string, changes: Partial<RunnerPlan> = {}) {
  const at = (name: string) => join(dir, name);
  const inSession = (text: string) => text.replaceAll('{session}', dir);
  const plan: RunnerPlan = {
    command: [process.execPath, AGENT, scenario, dir],
    ...{ cwd: dir, signalPath: at('_signal.json'), model: '', servers: [], rules: 'all' },
    ...{ answerMs: 20_000, retryMs: 20_000 },
    ...changes,
  };
  await writeFile(at('plan.json'), inSession(JSON.stringify(plan)));
  await writeFile(at('_signal.json'), BLANK);
  await writeFile(at('prompt.md'), 'Work.');
  await writeFile(at('peak.cjs'), PEAK);
  const program = await runnerProgram();
  const runner = spawn(process.execPath, ['--require', at('peak.cjs'), program, at('plan.json')], {
    stdio: [openSync(at('prompt.md'), 'r'), openSync(at('out'), 'a'), openSync(at('err'), 'a')],
  });
  const exitCode = await new Promise<number | null>((resolve) => runner.once('exit', resolve));
  const provider = providerNamed('acp');
  using log = new AgentOutput(at('out'), provider);
  log.readToEnd();
  const { final } = log.seen;
  const problem = provider.classifyEnd(final, { exitCode, stderrTail: '' });
  const isSignalled = (await readFile(at('_signal.json'), 'utf8')) !== BLANK;
  const linesOf = async (name: string, mark: string) =>
    (await ifExists(readFile(at(name), 'utf8')))?.split(mark).slice(0, -1) ?? [];
  return {
    ends: problem?.kind ?? (isSignalled ? 'signalled' : 'no_signal'),
    says: `${final?.text ?? ''} ${problem && 'advice' in problem ? problem.advice : ''}`,
    seen: log.seen,
    answers: await linesOf('answers', '\n'),
    prompts: await linesOf('prompts', '---\n'),
  };
}

for (const { scenario, plan, ...stated } of DIFFICULT_AGENTS)
  test(
    `an agent that ${scenario} ${JSON.stringify(plan ?? {})} ends as stated`,
    ciIf(stated.ci),
    async () => {
      await using dir = await tempDir();
      const played = await play(dir.path, scenario, plan);
      expect({ ends: played.ends, says: played.says }).toEqual({
        ends: stated.ends,
        says: expect.stringMatching(stated.says ?? /(?:)/),
      });
      expect(played.answers).toEqual(stated.answers ?? played.answers.map(() => expect.any(String)));
      expect(played.prompts.length).toBe(stated.prompts ?? played.prompts.length);
    },
  );

test('an agent that ended after a refusal hears in the same session what was refused', async () => {
  await using dir = await tempDir();
  const { prompts, seen } = await play(dir.path, 'ends after a refusal', {
    rules: { folders: [dir.path] },
  });
  expect(prompts[1]).toContain('This was refused: edit: /etc/passwd.');
  expect(seen.final?.deniedTools).toEqual(['edit: /etc/passwd']);
});

test('an agent that sends 200 MB of updates is logged whole, and the runner stays small', async () => {
  await using dir = await tempDir();
  const { ends } = await play(dir.path, 'floods');
  expect(ends).toBe('signalled');
  expect((await stat(join(dir.path, 'out'))).size).toBeGreaterThan(200e6);
  // Of the process when it ended: the most that it ever had.
  const [, peak] = /^peak (\d+)$/m.exec(await readFile(join(dir.path, 'err'), 'utf8')) ?? [];
  expect(Number(peak)).toBeLessThan(70 * 1024);
});

test('the runner is one file of at most 40 kB, without the SDK of the protocol', async () => {
  expect((await stat(await runnerProgram())).size).toBeLessThan(40_000);
});
