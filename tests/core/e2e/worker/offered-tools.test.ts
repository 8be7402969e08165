import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claude } from '../../../../src/core/agents/claude/claude.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { CLI_ANSWERS } from '../../../support/cli-samples.ts';
import { noticesOf } from '../../../support/events-of.ts';
import { NO_GATES, type SessionRig, setPhase, startRig } from '../../../support/session-rig.ts';

const ASKED = claude.tools.offered.work;

interface Offering extends AsyncDisposable {
  rig: SessionRig;
  hasActed(): Promise<boolean>;
}

/** With PERMISSIONS=auto: the mode that it prints, and further lines. */
interface Reviewed {
  model?: string;
  mode: string;
  more?: readonly object[];
}

/**
 * A session in implementation whose agents have the command line of Claude Code and print these tools first. They take
 * a while before they do anything, as a model does, and then work as rehearsed.
 */
async function offering(tools: readonly string[], reviewed?: Reviewed): Promise<Offering> {
  const PERMISSIONS = reviewed ? 'auto' : 'allow';
  const rig = await startRig({ at: 'resting', lines: { ...NO_GATES, PERMISSIONS } });
  const { model, mode: permissionMode, more = [] } = reviewed ?? {};
  const about = { session_id: 'x', claude_code_version: '2.1.400', tools, model, permissionMode };
  const printed = [{ type: 'system', subtype: 'init', ...about }, ...more];
  const lines = printed.map((line) => `echo '${JSON.stringify(line)}'`).join('\n');
  const agent = join(rig.repo.root, 'claude');
  const acted = join(rig.repo.root, 'acted');
  const play = `sleep 3; touch '${acted}'; exec '${process.execPath}' '${rig.program('rehearsal')}' "$@"${reviewed ? ' >/dev/null' : ''}`;
  const script = `#!/bin/sh\n${CLI_ANSWERS}${lines}\n${play}\n`;
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
  // The rehearsal knows no work here: each time it ends blocked.
  const isBlockedAfter = (count: number) =>
    rig.until(({ status, progress }) => status.kind === 'blocked' && progress.totalIterations > count);
  const { progress } = await isBlockedAfter(0);
  await rig.resume();
  await isBlockedAfter(progress.totalIterations);
  expect(await offered.hasActed()).toBe(true);
  const given = await noticesOf(rig, 'tools_claude');
  const text =
    'Claude Code 2.1.400 does not offer WebSearch, and offers Teleport, which samocode did not ask';
  expect(given).toMatchObject([{ text: expect.stringContaining(text) }]);
});

/** The line of a denial, and the result of its call. */
function denied(reason: string): object[] {
  const about = { decision_reason_type: 'classifier', decision_reason: reason };
  const result = { type: 'tool_result', tool_use_id: 'x', content: 'denied', is_error: true };
  return [
    { type: 'system', subtype: 'permission_denied', tool_name: 'Bash', ...about },
    { type: 'user', message: { role: 'user', content: [result] } },
  ];
}

const FINE = { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: 'ok' }] } };

test.concurrent.each([
  [
    'an agent that falls back to another mode than auto',
    { model: 'claude-sonnet-4-5', mode: 'default' },
    'config',
    'Claude Code 2.1.400 works in the mode default instead of auto, so nothing would be reviewed: claude-sonnet-4-5',
  ],
  [
    'an agent whose reviewer denies three actions, with nothing done between them,',
    { mode: 'auto', more: ['[Data Exfiltration]', 'a', 'b'].flatMap(denied) },
    'refused',
    'Its reviewer denied 3 actions, and nothing was done between them: Bash: [Data Exfiltration] / Bash: a / Bash: b',
  ],
] as const)(
  '%s is ended before it does anything, and the session blocks in those words',
  async (_who, reviewed, rule, words) => {
    await using offered = await offering(ASKED, reviewed);
    const { status } = await offered.rig.until(({ status: { kind } }) => kind === 'blocked');
    expect(status).toMatchObject({ rule, reason: expect.stringContaining(words) });
    expect(await offered.hasActed()).toBe(false);
  },
);

test.concurrent('denials with work between them, and those of other rules, do not end an agent', async () => {
  const byRule = { type: 'system', subtype: 'permission_denied', decision_reason_type: 'rule' };
  const more = [...denied('a'), ...denied('b'), FINE, ...denied('c'), byRule, byRule, ...denied('d')];
  await using offered = await offering(ASKED, { mode: 'auto', more });
  await offered.rig.until(({ status: { kind } }) => kind === 'blocked');
  expect(await offered.hasActed()).toBe(true);
  const ended = (await offered.rig.events()).filter((event) => event.type === 'iteration_ended');
  expect(ended.map(({ ending }) => ending)).not.toContain('refused');
});
