import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendMessage } from '../../../src/core/acts/sessions/send-message.act.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { olderPrograms } from '../../support/older-build.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** A command of the older build, in the project of the session. */
async function older({ repo, paths }: SessionRig, ...args: readonly string[]) {
  const { cli } = await olderPrograms();
  const at = { cwd: repo.path, env: repo.env, timeoutMs: 60_000 };
  return await runCommand(
    process.execPath,
    [cli, ...args.map((each) => each.replace('SESSION', paths.folder))],
    at,
  );
}

const WHY =
  'A newer samocode has worked on it (0.0.0-test: event 13 is of a kind that this one does not know).';

describe('an older build, after this one has recorded an event of a kind that it does not know', () => {
  let rig: SessionRig;
  beforeAll(async () => {
    rig = await startRig({ at: 'asking' });
    await sendMessage({ session: rig.paths.folder, text: 'Use blue boats.' }, rig.context());
    await endOfWorker(rig);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.each([
    { args: ['message', 'SESSION', 'hello'], ...ci },
    { args: ['answer', 'SESSION', '--accept-suggestions'] },
    { args: ['approve', 'SESSION', '--yes', '--hash', '0123456789ab'] },
    { args: ['resume', 'SESSION'] },
    { args: ['stop', 'SESSION'] },
    { args: ['finish', 'SESSION', '--merge', '--yes'] },
    { args: ['finish', 'SESSION', '--discard', '--yes'] },
    { args: ['archive', 'SESSION', '--yes'] },
    { args: ['rewind', 'SESSION', '--to', '1', '--yes'] },
  ])('refuses $args, with the version that recorded it, and leaves no command', async ({ args }) => {
    const { exitCode, stderr } = await older(rig, ...args);
    expect(stderr).toContain('is read-only here.');
    expect(stderr).toContain(WHY);
    expect(stderr).toContain('Update samocode here');
    expect(exitCode).toBe(1);
    expect(await readdir(rig.paths.commands)).toEqual([]);
  });

  test('shows no question of a state that may be over', async () => {
    const { stdout } = await older(rig, 'status', 'SESSION');
    expect(stdout).toContain('read-only here');
    expect(stdout).toContain('0.0.0-test');
    expect(stdout).not.toMatch(/waits for|samocode answer/);
    const list = await older(rig, 'list');
    expect(list.stdout).toContain('read-only here');
    const wait = await older(rig, 'wait', 'SESSION');
    expect(wait.stdout).toContain('read-only here');
  });

  test('removes nothing of it', async () => {
    expect((await older(rig, 'worktrees', '--prune')).stdout).toContain(
      'another samocode, newer than this one, has worked on its session',
    );
    expect((await older(rig, 'prune', '--days', '0')).stdout).toContain('Nothing to remove');
  });
});

test('an older build continues a session in which this one recorded nothing new to it', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await endOfWorker(rig);
  const { stderr, exitCode } = await older(rig, 'answer', 'SESSION', '--accept-suggestions');
  expect(`${exitCode} ${stderr}`).toBe('0 ');
  // How its agents end is no matter here: it compares names that the worker may write while one runs.
  await eventually(async () =>
    (await rig.events()).some((event) => event.type === 'iteration_started' && event.iteration === 3),
  );
});

test('an older build refuses a quick session, which it would begin as a full one', async () => {
  await using rig = await startRig({ at: 'resting', start: { quick: true } });
  await endOfWorker(rig);
  const { stderr, exitCode } = await older(rig, 'resume', 'SESSION');
  expect(stderr).toContain('is read-only here.');
  expect(stderr).toMatch(/A newer samocode has worked on it \(0\.0\.0-test: event \d+ is of a kind/);
  expect(exitCode).toBe(1);
  const status = await older(rig, 'status', 'SESSION');
  expect(status.stdout).toContain('read-only here');
});
