import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { PARENT_PROMPT } from '../../../support/model-stub/parent-model.ts';
import type { HeadlessCli } from '../../../support/model-stub/services.ts';
import { runClient } from './client-cli.ts';

const LINE = `Add a "login form": ${PARENT_PROMPT}`;

async function typedInto(cli: HeadlessCli, typed: string): Promise<string> {
  await using bench = await makeBench({ bare: true });
  const { server } = await builtPrograms();
  const { homeDir, path: cwd } = bench.repo;
  const run = await runClient({ cli, server, homeDir, cwd, typed, script: () => (function* () {})() });
  return run.turns[0]?.request ?? '';
}

test(
  'a prompt typed in Claude Code reaches the model, including the words that Claude Code cuts off',
  ci,
  async () => {
    const request = await typedInto('claude', `/mcp__samocode__start ${LINE}`);
    const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
    expect(request).toContain('Let samocode work on this task: Add\\n');
    expect(request).toContain('If `command-args` next to this text contains more, use that');
    expect(request).toContain(inJson(`<command-args>${LINE}</command-args>`));
  },
);

test('a prompt typed in Gemini CLI reaches the model with the whole line', async () => {
  const request = await typedInto('gemini', `/start ${LINE}`);
  // Gemini takes the quotes as its own.
  expect(request).toContain('Let samocode work on this task: Add a login form : **Parent chat:**');
  expect(request).not.toContain('first word');
});
