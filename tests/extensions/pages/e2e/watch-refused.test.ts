import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { sendCommand } from '../../../../src/core/caller/commands/send-command.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { trustLines } from '../../../support/project.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** A session without a guard that has a commit and is stopped. */
async function unguarded(): Promise<SessionRig> {
  const rig = await startRig({ at: 'asking', here: true });
  await commitWork(rig, 'work.txt');
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  return rig;
}

const publishing = (rig: SessionRig) =>
  ({ session: rig.paths.folder, how: 'pull_request', keep: [] }) as const;
const place = { repository: 'github.com/fleet/boats', number: 17 };
const opened = { url: 'https://github.com/fleet/boats/pull/17', state: 'open' } as const;

test(
  'a session without a guard starts no agent while PR_WATCH is on, says what to do, and continues once it is off',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    await trustLines(rig.repo, 'PR_WATCH=on\n');
    await rig.answer();
    const { status, lastIteration } = await rig.until(({ status }) => status.kind === 'blocked');
    expect(status).toMatchObject({
      rule: 'forge_login_open',
      reason: expect.stringMatching(
        /log in to GitHub as you, but here they could: SANDBOX is off\. .*--no-watch/,
      ),
    });
    expect(lastIteration?.phase).toBe('requirements');
    const file = join(rig.repo.path, '.samocode');
    await writeFile(file, (await readFile(file, 'utf8')).replace('PR_WATCH=on\n', ''));
    await trustLines(rig.repo);
    await rig.resume();
    await rig.untilWaiting('plan_approval');
  },
);

test('a pull request of a session without a guard is not opened to be watched, by choice or by PR_WATCH', async () => {
  await using rig = await unguarded();
  const refused = {
    code: 'watch_unguarded',
    why: expect.stringContaining('SANDBOX is off'),
    next: [{ act: 'finish', args: { how: 'pull_request', watch: false } }],
  };
  await expect(finishSession({ ...publishing(rig), watch: true }, rig.context())).rejects.toMatchObject(
    refused,
  );
  expect((await previewFinish(publishing(rig), rig.context())).refusal).toBeUndefined();
  await appendFile(join(rig.repo.path, '.samocode'), 'PR_WATCH=on\n');
  const untrusted = await previewFinish(publishing(rig), rig.context());
  expect(untrusted.refusal).toBeUndefined();
  expect(untrusted.would).toContainEqual(
    'It is not watched: PR_WATCH=on takes effect only after you trust .samocode, in a terminal: samocode trust.',
  );
  await trustLines(rig.repo);
  await expect(finishSession(publishing(rig), rig.context())).rejects.toMatchObject(refused);
  expect((await previewFinish({ ...publishing(rig), watch: false }, rig.context())).refusal).toBeUndefined();
  const words = ['finish', rig.paths.folder, '--pull-request', '--yes'];
  const { exitCode, stderr } = await runCommand(process.execPath, [rig.program('cli'), ...words], {
    ...{ cwd: rig.repo.path, env: rig.repo.env },
  });
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/finish \S+ --pull-request --no-watch/)]);
});

test('with GATE_CHANNELS=person a model’s call does not have a pull request watched, at finish or as a record', async () => {
  await using rig = await unguarded();
  await changeSettings(rig, { gateChannels: ['elicitation', 'cli', 'phone'] });
  const given = { session: rig.paths.folder, how: 'pull_request', watch: true, confirm: 'unseen' };
  const byModel = rig.context('tool');
  expect((await askTool('finish_session', given, byModel)).json).toMatchObject({ code: 'channel_closed' });
  const record = (watched: boolean, context = byModel) =>
    sendCommand(rig.paths, { kind: 'pull_request', ...place, change: { ...opened, watched } }, context);
  await expect(record(true)).rejects.toMatchObject({ code: 'channel_closed' });
  await record(false);
  await expect(record(true)).rejects.toMatchObject({ code: 'channel_closed' });
  expect((await rig.state()).pullRequest).toMatchObject({ watched: false });
  await record(true, rig.context());
  await record(true);
  expect((await rig.state()).pullRequest).toMatchObject({ watched: true });
});
