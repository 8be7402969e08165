import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentRequest } from '../../../../src/core/agents/contract/provider.ts';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { childEnvironment } from '../../../../src/core/sandbox/programs/environment.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import type { RunnerPlan } from '../../../../src/extensions/acp/runner-plan.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { installCli } from '../../../support/install-clis.ts';
import type { Answer, ModelReply } from '../../../support/model-stub/conversation.ts';
import { startService } from '../../../support/model-stub/services.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const OPENCODE = providerNamed('opencode');
/** The scripted model answers prompts of samocode. */
const PROMPT = '**Session path:** /nowhere\n\nWork.\n';

/**
 * The real opencode, started as the worker does but with less patience, behind a service that fails.
 * @param failing answers of the service; undefined: nobody listens
 */
async function playFailing(failing: Answer | undefined) {
  await using dir = await tempDir();
  const at = (...names: string[]) => join(dir.path, ...names);
  await mkdir(at('work'));
  const service = await startService('opencode', failing ?? (() => 'silence'));
  await service.furnish(dir.path);
  if (!failing) await service.close();
  await writeFile(at('_signal.json'), '{}\n');
  const cli = await installCli('opencode');
  const env = childEnvironment(
    { PATH: process.env.PATH ?? '', ...service.environmentFor(dir.path) },
    { sessionUlid: '01JH0000000000000000000000', iteration: 1, cliPath: cli.path },
  );
  const request: AgentRequest = {
    ...{ cliPath: cli.path, promptPath: at('prompt.md'), phase: 'investigation', sessionDir: dir.path },
    ...{ workingDir: at('work'), mainRepo: at('work'), model: 'stub/scripted', own: {}, permissions: 'skip' },
    ...{ childUuid: crypto.randomUUID(), nodePath: process.execPath, env },
    programFolder: dirname((await builtPrograms()).worker),
    atEnd: [],
  };
  const { file, args, env: own } = OPENCODE.buildCommand((await OPENCODE.prepare?.(request)) ?? request);
  const plan: RunnerPlan = JSON.parse(await readFile(at('acp-plan.json'), 'utf8'));
  expect(plan.retryMs).toBe(120_000);
  await writeFile(at('acp-plan.json'), JSON.stringify({ ...plan, retryMs: 3000 }));
  const options = { cwd: at('work'), env: { ...own }, input: PROMPT, timeoutMs: 600_000 };
  const { stdout, stderr: stderrTail, exitCode } = await runCommand(file, args, options);
  if (failing) await service.close();
  await writeFile(at('out'), stdout);
  using log = new AgentOutput(at('out'), OPENCODE);
  log.readToEnd();
  const { final } = log.seen;
  return { kind: OPENCODE.classifyEnd(final, { exitCode, stderrTail })?.kind, text: final?.text };
}

const later = { 'retry-after': '3600' };

test.for([
  [
    'at its rate limit',
    [429, 'Rate limit reached', later],
    'overloaded',
    /retry: AI_APICallError: Rate limit/,
  ],
  ['out of quota', [429, 'You exceeded your current quota', later], 'usage_limit', /current quota/],
  ['broken', [500, 'The server had an error'], 'overloaded', /The server had an error/],
  ['not there', undefined, 'network', /Cannot connect to API/],
] as const)(
  'the real opencode, which retries in silence while its service is %s, is ended as such',
  { timeout: 600_000 },
  async ([, reply, kind, text]) => {
    const [status = 0, message = '', headers = {}] = reply ?? [];
    const failing = reply && (() => ({ status, type: 'server_error', message, headers }));
    expect(await playFailing(failing)).toEqual({ kind, text: expect.stringMatching(text) });
  },
);

test('the real opencode that finds no title works on', { timeout: 600_000 }, async () => {
  const busy: ModelReply = { status: 429, type: 'rate_limit_error', message: 'Rate limit reached' };
  // Its third try for a title fails long before this ends.
  const sleeping: ModelReply = {
    say: 'Wait.',
    use: [{ name: 'Bash', input: { command: 'sleep 15', description: 'Wait' } }],
  };
  const played = await playFailing(({ prompt, results }) => {
    if (prompt === '') return busy;
    return results.length === 0 ? sleeping : { say: 'Done.' };
  });
  expect(played.kind).toBeUndefined();
});
