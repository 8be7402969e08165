import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claude } from '../../../../src/core/agents/claude/claude.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { CLI_ANSWERS } from '../../../support/cli-samples.ts';
import { NO_GATES, type SessionRig, setPhase, startRig } from '../../../support/session-rig.ts';

const ASKED = claude.tools.offered.work;

interface Offering extends AsyncDisposable {
  rig: SessionRig;
  hasActed(): Promise<boolean>;
}

/**
 * A session in implementation whose agents have the command line of Claude Code and print these tools first. They take
 * a while before they do anything, as a model does, and then work as rehearsed.
 */
async function offering(tools: readonly string[]): Promise<Offering> {
  const rig = await startRig({ at: 'resting', lines: { ...NO_GATES, PERMISSIONS: 'allow' } });
  const init = { type: 'system', subtype: 'init', session_id: 'x', claude_code_version: '2.1.400', tools };
  const agent = join(rig.repo.root, 'claude');
  const acted = join(rig.repo.root, 'acted');
  const play = `sleep 3; touch '${acted}'; exec '${process.execPath}' '${rig.program('rehearsal')}' "$@"`;
  const script = `#!/bin/sh\n${CLI_ANSWERS}echo '${JSON.stringify(init)}'\n${play}\n`;
  await writeFile(agent, script, { mode: 0o755 });
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), `CLAUDE_PATH=${agent}\n`);
  await setPhase(rig, 'implementation');
  await rig.resume({ provider: 'claude' });
  return {
    rig,
    hasActed: async () => (await ifExists(stat(acted))) !== undefined,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test.concurrent('an agent without a shell is ended before it does anything, and the session blocks with the version of its CLI', async () => {
  await using offered = await offering(ASKED.filter((name) => name !== 'Bash'));
  const { status } = await offered.rig.until(({ status: { kind } }) => kind === 'blocked');
  expect(status).toMatchObject({
    rule: 'config',
    reason: expect.stringContaining('Claude Code 2.1.400 offers its agent no Bash.'),
  });
  expect(await offered.hasActed()).toBe(false);
  const ended = (await offered.rig.events()).filter(({ type }) => type === 'iteration_ended');
  expect(ended.at(-1)).toMatchObject({ ending: 'config', cost: { version: '2.1.400' } });
});

test.concurrent('tools that were not asked for are one notice in the session, whose agents work on', async () => {
  await using offered = await offering([...ASKED.filter((name) => name !== 'WebSearch'), 'Teleport']);
  const { rig } = offered;
  const hasRun = (count: number) =>
    rig.until(({ status, progress }) => status.kind === 'blocked' && progress.totalIterations === count);
  // The rehearsal knows no work here.
  expect((await hasRun(1)).status).toMatchObject({ rule: 'child_blocked' });
  await rig.resume();
  await hasRun(2);
  expect(await offered.hasActed()).toBe(true);
  const given = (await rig.events()).filter(
    (event) => event.type === 'notice' && event.code === 'tools_claude',
  );
  const text =
    'Claude Code 2.1.400 does not offer WebSearch, and offers Teleport, which samocode did not ask';
  expect(given).toMatchObject([{ text: expect.stringContaining(text) }]);
});
