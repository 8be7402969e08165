// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { watchAgent } from '../../../../src/core/worker/iteration/run-iteration.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { workerWithChild } from '../../unit/worker/worker-with-child.ts';

/** Sleeps of this clock take no time. */
function quickClock(): Clock {
  let ms = 0;
  return {
    now: () => ms,
    monotonic: () => ms,
    sleep: async (asked) => {
      ms += asked;
    },
  };
}

const LIMIT_MS = 60_000;
const settings = { watch: { stallMs: 10_000, stallEndMs: 20_000 } };

/** Watches a silent agent of a CLI that has printed `lines`. @returns why the worker would end it */
async function endAfter(provider: string, lines: readonly object[]): Promise<string> {
  await using log = await tempLog();
  await using scene = await workerWithChild(log, { settings, clock: quickClock(), timeLimitMs: LIMIT_MS });
  await writeFile(scene.stdout, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  using childLog = new AgentOutput(scene.stdout, providerNamed(provider));
  const { end } = await watchAgent(scene.worker, scene.open, scene.child, childLog);
  const isReported = (await readEvents(log.paths, 0)).some(({ type }) => type === 'notice');
  return isReported ? `${end}, after a notice` : end;
}

const claudeUses = (...ids: string[]) => ({
  type: 'assistant',
  message: { content: ids.map((id) => ({ type: 'tool_use', id, name: 'Bash', input: { command: 'make' } })) },
});
const claudeResult = (id: string, content = '') => ({
  type: 'user',
  message: { role: 'user', content: [{ tool_use_id: id, type: 'tool_result', content }] },
});
const claudeSays = (text: string) => ({ type: 'assistant', message: { content: [{ type: 'text', text }] } });
const codexItem = (when: 'started' | 'completed', item: object) => ({ type: `item.${when}`, item });
const COMMAND = { type: 'command_execution', command: 'make', aggregated_output: '' };
const FILES = { type: 'file_change', changes: [{ path: 'a' }, { path: 'b' }] };
const geminiUse = (id: string) => ({ type: 'tool_use', tool_name: 'run_shell_command', tool_id: id });
const geminiResult = (id: string) => ({ type: 'tool_result', tool_id: id, status: 'success' });

test.each<[string, string, object[]]>([
  ['claude', 'one call', [claudeUses('1')]],
  ['claude', 'two calls of which one was answered', [claudeUses('1', '2'), claudeResult('1')]],
  ['codex', 'a command', [codexItem('started', COMMAND)]],
  [
    'codex',
    'a command beside a change',
    [codexItem('started', FILES), codexItem('started', COMMAND), codexItem('completed', FILES)],
  ],
  ['gemini', 'one call', [geminiUse('1')]],
])('an agent of %s that is silent during %s ends at its time limit', async (provider, _, lines) => {
  expect(await endAfter(provider, lines)).toBe('timeout');
});

test.each<[string, string, object[]]>([
  ['claude', 'a call was answered', [claudeUses('1'), claudeResult('1')]],
  [
    'claude',
    'a result was too long to be read',
    [claudeUses('1'), claudeResult('1', 'x'.repeat(5_000_000)), claudeSays('Done.')],
  ],
  ['claude', 'it spoke of a result', [claudeSays('The line "type":"tool_result" is missing.')]],
  ['codex', 'a command ended', [codexItem('started', COMMAND), codexItem('completed', COMMAND)]],
  ['codex', 'a change ended', [codexItem('started', FILES), codexItem('completed', FILES)]],
  ['gemini', 'a call was answered', [geminiUse('1'), geminiResult('1')]],
])('an agent of %s that is silent after %s ends at the limit of silence', async (provider, _, lines) => {
  expect(await endAfter(provider, lines)).toBe('stalled, after a notice');
});
